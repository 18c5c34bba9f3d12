/** Bytes that are not the BER that SNMP uses (X.690 with the limits of RFC 3417, 8: definite lengths only). */
export class BadBer extends Error {
  override name = 'BadBer'
}

/** Universal and SNMP's own tags (RFC 2578; the last three are exceptions of RFC 3416). */
export const Tag = {
  Integer: 0x02,
  OctetString: 0x04,
  Null: 0x05,
  Oid: 0x06,
  Sequence: 0x30,
  IpAddress: 0x40,
  Counter32: 0x41,
  Gauge32: 0x42,
  TimeTicks: 0x43,
  Opaque: 0x44,
  Counter64: 0x46,
  NoSuchObject: 0x80,
  NoSuchInstance: 0x81,
  EndOfMibView: 0x82,
} as const

/** Where an element stands in its buffer; the content goes from `start` to before `end`. */
export interface Element {
  readonly tag: number
  readonly start: number
  readonly end: number
}

/** @returns tag, shortest length and the contents in a row */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let size = 0
  for (const content of contents) size += content.length
  const lengthBytes = size < 0x80 ? 0 : size < 0x100 ? 1 : 2
  const bytes = Buffer.allocUnsafe(2 + lengthBytes + size)
  bytes[0] = tag
  bytes[1] = lengthBytes === 0 ? size : 0x80 | lengthBytes
  if (lengthBytes > 0) bytes.writeUIntBE(size, 2, lengthBytes)
  let at = 2 + lengthBytes
  for (const content of contents) {
    bytes.set(content, at)
    at += content.length
  }
  return bytes
}

/** @param value of 32 bits, signed */
export function integer(value: number): Buffer {
  let size = 1
  while (value < -(2 ** (8 * size - 1)) || value >= 2 ** (8 * size - 1)) size++
  const content = Buffer.allocUnsafe(size)
  content.writeIntBE(value, 0, size)
  return element(Tag.Integer, content)
}

/** @param oid digits and dots, at least two arcs */
export function objectIdentifier(oid: string): Buffer {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number)
  const content: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    // Seven bits a byte, the highest first; division, because the arcs have 32 bits and << has a sign.
    for (let size = 4; size > 0; size--) {
      if (arc >= 128 ** size) content.push(0x80 | (Math.floor(arc / 128 ** size) & 0x7f))
    }
    content.push(arc & 0x7f)
  }
  return element(Tag.Oid, Buffer.from(content))
}

/**
 * @param end where the surrounding element ends; nothing inside may pass it
 * @throws {BadBer} also for an indefinite length
 */
export function readElement(bytes: Buffer, at: number, end: number): Element {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined) throw new BadBer('ends within a tag or length')
  let start = at + 2
  let size = first
  if (first >= 0x80) {
    // A datagram is shorter than 2^16, but agents pad lengths: 0x84 00 00 00 2a is legal.
    const lengthBytes = first & 0x7f
    start += lengthBytes
    if (lengthBytes < 1 || lengthBytes > 4 || start > bytes.length) throw new BadBer('has no usable length')
    size = bytes.readUIntBE(at + 2, lengthBytes)
  }
  if (start + size > end) throw new BadBer('ends after what contains it')
  return { tag, start, end: start + size }
}

/** @throws {BadBer} where another tag stands there */
export function readTagged(bytes: Buffer, at: number, end: number, tag: number): Element {
  const found = readElement(bytes, at, end)
  if (found.tag !== tag) throw new BadBer(`has the tag ${found.tag} in the place of ${tag}`)
  return found
}

/** A signed integer of up to 6 bytes. @throws {BadBer} */
export function readInteger(bytes: Buffer, { start, end }: Pick<Element, 'start' | 'end'>): number {
  if (end <= start || end - start > 6 || end > bytes.length) throw new BadBer('has no usable integer')
  return bytes.readIntBE(start, end - start)
}

/** @returns digits and dots; undefined where the content is no OID of arcs below 2^32 */
export function readOid(bytes: Buffer, { start, end }: Pick<Element, 'start' | 'end'>): string | undefined {
  const arcs: number[] = []
  let arc = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    arc = arc * 128 + (byte & 0x7f)
    if (arc >= 2 ** 32 + 80) return undefined
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0
    } else if (at + 1 === end) {
      return undefined
    }
  }
  const [first, ...rest] = arcs
  if (first === undefined) return undefined
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}
