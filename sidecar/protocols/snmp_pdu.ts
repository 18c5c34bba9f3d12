import {
  BadBer,
  type Element,
  element,
  integer,
  objectIdentifier,
  readElement,
  readInteger,
  readOid,
  readTagged,
  Tag,
} from './snmp_ber.ts'

/** What an agent is asked. */
export type Request =
  /** The values of these OIDs. */
  | { readonly kind: 'get'; readonly oids: readonly string[] }
  /** The rows that follow an OID: one by GETNEXT where `rows` is 1, else up to `rows` by GETBULK (not in v1). */
  | { readonly kind: 'next'; readonly oid: string; readonly rows: number }

/** One variable of an answer. */
export interface Varbind {
  /** Undefined where the bytes are no OID. */
  readonly oid: string | undefined
  /** A {@link Tag}, or any other byte. */
  readonly type: number
  /** Null for Null and the exceptions; undefined where the bytes are no value of that type. */
  readonly value: number | string | Buffer | null | undefined
}

/** What became of one request; `sentAt` is the Unix time in milliseconds at which it left. */
export type Answer =
  /** To a GET that asked n OIDs: n varbinds in the same order, if the agent is sane. */
  | { readonly kind: 'varbinds'; readonly sentAt: number; readonly varbinds: readonly Varbind[] }
  /** The agent refused the request as a whole; `index` is the varbind that it blames, from 1, or 0. */
  | { readonly kind: 'refused'; readonly status: number; readonly index: number }
  /** An answer came that is no SNMP. */
  | { readonly kind: 'unreadable' }
  /** Nothing usable came. */
  | { readonly kind: 'silence'; readonly cause: Silence }

/** Why nothing came: the time was over, the poll was ended, what a v3 agent objects to, or a socket error's code. */
export type Silence = 'time-out' | 'stopped' | Denial | (string & {})

const DENIALS = [
  'unknown user',
  'wrong digest',
  'unsupported level',
  'decryption error',
  'other report',
] as const
/** What an SNMP v3 agent reports instead of an answer (RFC 3414, usmStats). */
export type Denial = (typeof DENIALS)[number]

export function isDenial(cause: Silence): cause is Denial {
  return (DENIALS as readonly string[]).includes(cause)
}

/** Names of RFC 3416's error-status, by number. */
export const ERROR_NAMES: readonly string[] =
  `noError tooBig noSuchName badValue readOnly genErr noAccess wrongType wrongLength wrongEncoding wrongValue
   noCreation inconsistentValue resourceUnavailable commitFailed undoFailed authorizationError notWritable
   inconsistentName`.split(/\s+/)

export const ErrorStatus = { tooBig: 1, noSuchName: 2, authorizationError: 16 } as const

export const PduTag = { Get: 0xa0, GetNext: 0xa1, Response: 0xa2, GetBulk: 0xa5, Report: 0xa8 } as const

const NULL = Buffer.of(Tag.Null, 0)
const ZERO = integer(0)

/** Varbinds of requests by OID: encoding them takes most of the time of a poll, and a poll asks what the last did. */
export type VarbindCache = Map<string, Buffer>

/** More than a large switch has; a table of templates that never settle must not fill the memory. */
const LARGEST_CACHE = 20_000

/** @param requestId of 31 bits */
export function encodePdu(request: Request, requestId: number, cache: VarbindCache): Buffer {
  if (request.kind === 'next') {
    const list = element(Tag.Sequence, element(Tag.Sequence, objectIdentifier(request.oid), NULL))
    const tag = request.rows > 1 ? PduTag.GetBulk : PduTag.GetNext
    return element(tag, integer(requestId), ZERO, integer(request.rows > 1 ? request.rows : 0), list)
  }
  const varbinds = request.oids.map(oid => nullVarbind(oid, cache))
  return element(PduTag.Get, integer(requestId), ZERO, ZERO, element(Tag.Sequence, ...varbinds))
}

function nullVarbind(oid: string, cache: VarbindCache): Buffer {
  let varbind = cache.get(oid)
  if (varbind === undefined) {
    varbind = element(Tag.Sequence, objectIdentifier(oid), NULL)
    if (cache.size >= LARGEST_CACHE) cache.clear()
    cache.set(oid, varbind)
  }
  return varbind
}

/** The fields of a Response or Report. */
export interface Pdu {
  readonly tag: number
  readonly requestId: number
  readonly status: number
  readonly index: number
  readonly list: Element
}

/** @throws {BadBer} */
export function readPdu(bytes: Buffer, at: number, end: number): Pdu {
  const pdu = readElement(bytes, at, end)
  const requestId = readTagged(bytes, pdu.start, pdu.end, Tag.Integer)
  const status = readTagged(bytes, requestId.end, pdu.end, Tag.Integer)
  const index = readTagged(bytes, status.end, pdu.end, Tag.Integer)
  return {
    tag: pdu.tag,
    requestId: readInteger(bytes, requestId),
    status: readInteger(bytes, status),
    index: readInteger(bytes, index),
    list: readTagged(bytes, index.end, pdu.end, Tag.Sequence),
  }
}

/**
 * Turns a Response into the answer to its request.
 *
 * @throws {BadBer} where the structure is broken; a value of its own that cannot be read is `undefined`
 */
export function answerOf(
  bytes: Buffer,
  pdu: Pdu,
  request: Request,
  sentAt: number,
  cache: VarbindCache,
): Answer {
  const { status, index, list } = pdu
  if (status !== 0) return { kind: 'refused', status, index }
  const oids = request.kind === 'get' ? request.oids : []
  const varbinds: Varbind[] = []
  for (let at = list.start; at < list.end; ) {
    const varbind = readTagged(bytes, at, list.end, Tag.Sequence)
    const name = readTagged(bytes, varbind.start, varbind.end, Tag.Oid)
    const value = readElement(bytes, name.end, varbind.end)
    const asked = oids[varbinds.length]
    const same = asked !== undefined && isSameOid(bytes, varbind.start, name.end, cache.get(asked))
    varbinds.push({
      oid: same ? asked : readOid(bytes, name),
      type: value.tag,
      value: readValue(bytes, value),
    })
    at = varbind.end
  }
  return { kind: 'varbinds', sentAt, varbinds }
}

/**
 * Whether the OID element is byte for byte the one asked. Agents repeat the request's bytes, so that
 * comparing them saves making text of nearly every OID.
 */
function isSameOid(bytes: Buffer, start: number, end: number, asked: Buffer | undefined): boolean {
  if (asked === undefined) return false
  const shift = asked.length - NULL.length - end
  const head = (asked[1] ?? 0) < 0x80 ? 2 : 2 + ((asked[1] ?? 0) & 0x7f)
  if (start + shift !== head) return false
  for (let at = end - 1; at >= start; at--) if (bytes[at] !== asked[at + shift]) return false
  return true
}

function readValue(bytes: Buffer, value: Element): Varbind['value'] {
  const { tag, start, end } = value
  const size = end - start
  switch (tag) {
    case Tag.Integer:
      return size < 1 || size > 6 ? undefined : bytes.readIntBE(start, size)
    case Tag.Counter32:
    case Tag.Gauge32:
    case Tag.TimeTicks:
      return readUnsigned32(bytes, start, size)
    case Tag.Null:
    case Tag.NoSuchObject:
    case Tag.NoSuchInstance:
    case Tag.EndOfMibView:
      return null
    case Tag.Oid:
      return readOid(bytes, value)
    case Tag.IpAddress:
      return size === 4 ? bytes.subarray(start, end).join('.') : undefined
    case Tag.OctetString:
    case Tag.Opaque:
    case Tag.Counter64:
      return bytes.subarray(start, end)
    default:
      return undefined
  }
}

/** Agents that leave out the 00 before a set sign bit mean the unsigned number, as net-snmp reads it. */
function readUnsigned32(bytes: Buffer, start: number, size: number): number | undefined {
  if (size === 5 && bytes[start] === 0) return bytes.readUInt32BE(start + 1)
  return size < 1 || size > 4 ? undefined : bytes.readIntBE(start, size) >>> 0
}

/** @returns what `read` does; `fallback` where the bytes are no BER, whatever they are */
export function orElse<Value>(fallback: Value, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (error instanceof BadBer) return fallback
    throw error
  }
}
