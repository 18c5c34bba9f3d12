/** Which form the reading program's lines have. */
export type LineVersion = 2 | 3

/** What one line says of all ports. */
export interface Measurements {
  /** Integer microseconds since the Unix epoch. */
  readonly timestamp: number
  /** Watts by port, from port 0 on; NaN where a port has no measurement in this line. */
  readonly powers: readonly number[]
}

/** Why a line is skipped, as it follows "12 lines …" in the log. */
export type SkipReason =
  | 'not marked as valid by the wattmetre'
  | 'with a wrong number of fields'
  | 'without a Unix time'
  | 'with a power that is no number'
  | 'longer than 128 KiB'
  | 'cut off by the end of the input'

/** A line that holds nothing to skip: blank, or the heading that version 3 begins with (`#timestamp,…`). */
export type NoMeasurements = 'no measurements'

/**
 * Reads one line of OmegaWatt's reading program, without its line end.
 *
 * Version 2: `_,_,time,OK,power of port 0,power of port 1,…`.
 * Version 3: `time,true,_,_,_,current 0,power 0,current 1,power 1,…` and six more fields.
 * Time in Unix seconds with a fraction, powers in watts; empty and `nan` mean that there is none. A line with
 * one bad field is skipped as a whole: who knows what else was damaged on its way.
 */
export function readLine(version: LineVersion, line: string): Measurements | SkipReason | NoMeasurements {
  if (line.startsWith('#') || line.trim() === '') return 'no measurements'
  const form = forms[version]
  const fields = line.split(',')
  const flag = fields[form.flag]?.trim()
  if (flag === undefined) return 'with a wrong number of fields'
  if (flag !== form.valid) return 'not marked as valid by the wattmetre'
  const ports = form.ports(fields.length)
  if (ports < 1 || ports > mostPorts || !Number.isInteger(ports)) return 'with a wrong number of fields'
  const timestamp = readTime(fields[form.time] ?? '')
  if (timestamp === undefined) return 'without a Unix time'
  const powers: number[] = []
  for (let port = 0; port < ports; port += 1) {
    const power = readPower(fields[form.firstPower + port * form.stride] ?? '')
    if (power === undefined) return 'with a power that is no number'
    powers.push(power)
  }
  return { timestamp, powers }
}

/** Where the fields stand, counted from 0. */
interface LineForm {
  readonly time: number
  readonly flag: number
  readonly valid: string
  readonly firstPower: number
  /** From the power of one port to that of the next. */
  readonly stride: number
  /** Of a line with so many fields; no whole number where the fields do not fit. */
  readonly ports: (fields: number) => number
}

const forms: Readonly<Record<LineVersion, LineForm>> = {
  2: { time: 2, flag: 3, valid: 'OK', firstPower: 4, stride: 1, ports: fields => fields - 4 },
  3: { time: 0, flag: 1, valid: 'true', firstPower: 6, stride: 2, ports: fields => (fields - 11) / 2 },
}

/** The largest wattmetres have some hundred: a line of more is lines that lost what was between them. */
const mostPorts = 10_000

const unixTime = /^[ \t]*(\d{1,10})(\.\d*)?[ \t]*$/
// Not all that Number takes: hexadecimal digits or "Infinity" are no powers.
const decimal = /^[ \t]*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?[ \t]*$/i
const absent = /^[ \t]*(?:[-+]?nan)?[ \t]*$/i

/** Microseconds. Seconds and fraction on their own: together, nine digits behind the point do not fit a double. */
function readTime(field: string): number | undefined {
  const [, seconds, fraction = ''] = unixTime.exec(field) ?? []
  if (seconds === undefined) return undefined
  const microseconds = Number(seconds) * 1e6 + Math.round(Number(`0${fraction}`) * 1e6)
  return Number.isSafeInteger(microseconds) ? microseconds : undefined
}

function readPower(field: string): number | undefined {
  if (decimal.test(field)) {
    const power = Number(field)
    return Number.isFinite(power) ? power : undefined
  }
  return absent.test(field) ? Number.NaN : undefined
}
