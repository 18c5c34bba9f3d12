/** A stretch of time in Unix seconds. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What a user asks for: up to now, between two moments, or as long as the job ran. */
export type Range =
  | { readonly kind: 'last'; readonly seconds: number }
  | ({ readonly kind: 'between' } & Span)
  | { readonly kind: 'job' }

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** "15m" to 900; undefined for any other text */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const seconds = Number(amount) * (unitSeconds[unit] ?? Number.NaN)
  return seconds > 0 ? seconds : undefined
}

/** 900 to "15m", in the largest unit that needs no fraction. */
export function formatDuration(seconds: number): string {
  const [unit, size] = Object.entries(unitSeconds).findLast(([, size]) => seconds % size === 0) ?? ['s', 1]
  return `${seconds / size}${unit}`
}

/** Where Date ends (ECMA-262, Time Values). */
const latestTime = 8.64e12

/** ISO 8601 or Unix seconds, as get_metrics takes them; a time without an offset is UTC, as there. */
export function parseTime(text: string): number | undefined {
  const trimmed = text.trim()
  if (/^\d+(\.\d*)?$/.test(trimmed)) return Number(trimmed) < latestTime ? Number(trimmed) : undefined
  // Date.parse takes a date alone for UTC, a date with a clock for local time.
  const isWithoutOffset = /^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(trimmed)
  const milliseconds = Date.parse(isWithoutOffset ? `${trimmed.replace(' ', 'T')}Z` : trimmed)
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000
}

/** ISO 8601 in UTC, to the microsecond, without zeros at the end: "2026-01-06T13:35:00.25Z". */
export function isoTime(seconds: number): string {
  const whole = Math.floor(seconds)
  const micros = Math.round((seconds - whole) * 1e6)
  if (micros === 1e6) return isoTime(whole + 1)
  const fraction = micros === 0 ? '' : `.${String(micros).padStart(6, '0').replace(/0+$/, '')}`
  return `${new Date(whole * 1000).toISOString().slice(0, -5)}${fraction}Z`
}

/** The value of a datetime-local input, in the browser's time zone. */
export function localInput(seconds: number): string {
  const date = new Date(Math.round(seconds) * 1000)
  return `${localDate(date)}T${localClock(date)}`
}

export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone

const pad = (part: number, digits = 2) => String(part).padStart(digits, '0')
const localDate = (date: Date) =>
  `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
const localClock = (date: Date) =>
  `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`

/** For a reader, in the browser's time zone: "2026-11-23 04:09:21". */
export function localTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  return `${localDate(date)} ${localClock(date)}`
}

/** As {@link localTime}, to the millisecond where the plot is zoomed far enough for it to matter. */
export function preciseTime(seconds: number, span: Span): string {
  if (span.end - span.start > 120) return localTime(seconds)
  const milliseconds = Math.floor((seconds - Math.floor(seconds)) * 1000)
  return `${localTime(seconds)}.${pad(milliseconds, 3)}`
}

/**
 * What stands below the ticks of a time axis: the clock, and the date in a second line at the first tick and where
 * a day begins.
 *
 * @param splits ascending, in Unix seconds
 */
export function tickLabels(splits: readonly number[], increment: number): string[] {
  let day = ''
  return splits.map(split => {
    const date = new Date(split * 1000)
    const label = tickClock(date, increment)
    const today = localDate(date)
    if (today === day) return label
    day = today
    return label === '' ? today.slice(5) : `${label}\n${today}`
  })
}

function tickClock(date: Date, increment: number): string {
  const clock = localClock(date)
  if (increment >= 86_400) return ''
  if (increment >= 60) return clock.slice(0, 5)
  return increment >= 1 ? clock : `${clock.slice(3)}.${pad(date.getMilliseconds(), 3)}`
}

/** "2 d 3 h", "1 h 5 min", "12 s": two units at most. */
export function spokenDuration(seconds: number): string {
  const parts: string[] = []
  let rest = Math.round(seconds)
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const amount = Math.floor(rest / size)
    rest -= amount * size
    if (amount > 0 && parts.length < 2) parts.push(`${amount} ${unit}`)
  }
  return parts.join(' ') || '0 s'
}
