import { Tag } from './snmp_ber.ts'
import type { Varbind } from './snmp_pdu.ts'

/** A varbind's value as kwollect stores it: a number, or NaN and the answer in words. */
export interface Reading {
  readonly value: number
  /** Only where the answer is no number. Free of NUL, which PostgreSQL's text and jsonb refuse. */
  readonly text?: string
}

/** Longest text kept, in UTF-16 units: labels are stored with every sample. */
const LONGEST_TEXT = 1024

/**
 * Decimal notation only, as SNMP agents print it ("23.5", " -4e3 "). `Number()` alone would read "" and
 * " " as 0, "0x10" as 16 and "Infinity" as a value; all of these stay text.
 */
const DECIMAL = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/

/** C0 and C1 controls but tab, newline and carriage return, which multi-line sysDescr values contain. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is its purpose
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Converts a varbind (RFC 2578 types); never throws, whatever the agent sent.
 *
 * Integer32, Counter32, Gauge32 and TimeTicks (centiseconds) are taken as they are. Counter64 becomes a
 * double: exact up to 2^53, correctly rounded above, as PostgreSQL's float8. Opaque is read in Net-SNMP's
 * form. An OctetString is a number where it is written as one. Everything else is NaN with a text.
 */
export function toReading(varbind: Pick<Varbind, 'type' | 'value'>): Reading {
  const { type, value } = varbind
  if (typeof value === 'number') return { value }
  if (!Buffer.isBuffer(value)) return words(String(value ?? ''))
  if (type === Tag.Counter64) return readingOr(unsigned(value), value)
  if (type === Tag.Opaque) return readingOr(opaqueNumber(value), value)
  return octets(value)
}

function readingOr(number: number | undefined, bytes: Buffer): Reading {
  return number === undefined ? words(hex(bytes)) : { value: number }
}

/**
 * A varbind as text, to compare it with what a person wrote: strings without the blanks around them and the
 * terminator of C, other bytes in hexadecimal, numbers in decimals.
 */
export function toText(varbind: Pick<Varbind, 'type' | 'value'>): string {
  const { type, value } = varbind
  if (type === Tag.OctetString && Buffer.isBuffer(value)) {
    return (printable(value) ?? hex(value)).replace(/\0$/, '').trim()
  }
  const reading = toReading(varbind)
  return reading.text ?? String(reading.value)
}

function octets(bytes: Buffer): Reading {
  const text = printable(bytes)
  if (text === undefined) return words(hex(bytes))
  // Agents written in C often send the string's terminator; it must not cost the number.
  const number = decimalNumber(text.replace(/\0$/, ''))
  return number === undefined ? words(text.endsWith('\0') ? hex(bytes) : text) : { value: number }
}

/** @returns undefined where the bytes are no text, but for a terminator at its end */
function printable(bytes: Buffer): string | undefined {
  const text = decodeUtf8(bytes)
  return text === undefined || CONTROL.test(text.replace(/\0$/, '')) ? undefined : text
}

function decimalNumber(text: string): number | undefined {
  if (text.length > LONGEST_TEXT || !DECIMAL.test(text)) return undefined
  const number = Number(text)
  return Number.isFinite(number) ? number : undefined
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return UTF8.decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * Net-SNMP's numbers inside Opaque: 9f, a tag, a length, big-endian content
 * (draft-perkins-opaque-01; net-snmp's asn1.h: 0x76 counter64, 0x78 float, 0x79 double, 0x7a int64, 0x7b uint64).
 */
function opaqueNumber(bytes: Buffer): number | undefined {
  const content = bytes.subarray(3)
  if (bytes[0] !== 0x9f || bytes[2] !== content.length) return undefined
  switch (bytes[1]) {
    case 0x78:
      return content.length === 4 ? content.readFloatBE() : undefined
    case 0x79:
      return content.length === 8 ? content.readDoubleBE() : undefined
    case 0x7a:
      return signed(content)
    case 0x76:
    case 0x7b:
      return unsigned(content)
    default:
      return undefined
  }
}

/** Big-endian, 1 to 8 bytes, or 9 where the first is the 00 that BER puts before a set sign bit. */
function unsigned(bytes: Buffer): number | undefined {
  const digits = bytes.length === 9 && bytes[0] === 0 ? bytes.subarray(1) : bytes
  if (digits.length < 1 || digits.length > 8) return undefined
  if (digits.length <= 6) return digits.readUIntBE(0, digits.length)
  // Both halves are exact, so that the sum is the only rounding.
  return digits.readUIntBE(0, digits.length - 4) * 2 ** 32 + digits.readUInt32BE(digits.length - 4)
}

/** Big-endian two's complement, 1 to 8 bytes. */
function signed(bytes: Buffer): number | undefined {
  if (bytes.length < 1 || bytes.length > 8) return undefined
  if (bytes.length <= 6) return bytes.readIntBE(0, bytes.length)
  return bytes.readIntBE(0, bytes.length - 4) * 2 ** 32 + bytes.readUInt32BE(bytes.length - 4)
}

/** `de:ad:be:ef`, the notation of MAC addresses and engine ids. Bytes past the longest text are not formatted. */
function hex(bytes: Buffer): string {
  const shown = bytes.subarray(0, LONGEST_TEXT)
  return Array.from(shown, byte => byte.toString(16).padStart(2, '0')).join(':')
}

function words(text: string): Reading {
  if (text.length <= LONGEST_TEXT) return { value: Number.NaN, text }
  // toWellFormed: the cut may have halved a surrogate pair.
  return { value: Number.NaN, text: `${text.slice(0, LONGEST_TEXT - 1).toWellFormed()}…` }
}
