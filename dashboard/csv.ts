/** Longer than this the page must not stand still: it reads on after the next frame. */
const sliceMs = 8
const rowsPerLook = 250

/**
 * Reads the CSV of PostgREST, which is not RFC 4180's: it is PostgreSQL's text of a row (record_out), so a
 * backslash in quotes is doubled, and a quote too. In slices: 100,000 lines at once would hold up the pointer for half
 * a second.
 *
 * @param take called with the fields of each line after the heading; the array is used again for the next line
 */
export async function readCsv(text: string, take: (fields: readonly string[]) => void): Promise<void> {
  const heading = text.indexOf('\n')
  let position = heading < 0 ? text.length : heading + 1
  let deadline = performance.now() + sliceMs
  while (position < text.length) {
    position = readRows(text, position, take)
    if (performance.now() < deadline) continue
    await pause()
    deadline = performance.now() + sliceMs
  }
}

/**
 * Lets the browser do what waits, a frame for one: with scheduler.yield() four answers at once are read on in turns
 * before the next frame. Where there is no scheduler, a timer does, if more slowly.
 */
function pause(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: Scheduler }
  const goOn = () => undefined
  return (
    scheduler?.postTask?.(goOn, { priority: 'background' }) ?? new Promise(resolve => setTimeout(resolve))
  )
}

/** Not in the types of TypeScript's DOM yet. */
interface Scheduler {
  postTask?(work: () => undefined, options: { readonly priority: 'background' }): Promise<void>
}

/** @returns where the first line begins that has not been read */
function readRows(text: string, begin: number, take: (fields: readonly string[]) => void): number {
  const fields: string[] = []
  let position = begin
  for (let row = 0; row < rowsPerLook && position < text.length; row++) {
    fields.length = 0
    for (;;) {
      if (text.charCodeAt(position) === quote) {
        const end = quotedEnd(text, position + 1)
        fields.push(unescaped(text.slice(position + 1, end)))
        position = end + 1
      } else {
        const end = plainEnd(text, position)
        fields.push(text.slice(position, end))
        position = end
      }
      if (text.charCodeAt(position) !== comma) break
      position++
    }
    // the line's end
    position++
    take(fields)
  }
  return position
}

const [quote, comma, lineFeed, backslash] = ['"', ',', '\n', '\\'].map(character =>
  character.charCodeAt(0),
) as [number, number, number, number]

function plainEnd(text: string, from: number): number {
  for (let position = from; position < text.length; position++) {
    const code = text.charCodeAt(position)
    if (code === comma || code === lineFeed) return position
  }
  return text.length
}

/** @returns the position of the quote that ends a field */
function quotedEnd(text: string, from: number): number {
  for (let position = from; position < text.length; position++) {
    const code = text.charCodeAt(position)
    if (code === backslash) position++
    else if (code === quote) {
      if (text.charCodeAt(position + 1) !== quote) return position
      position++
    }
  }
  return text.length
}

function unescaped(text: string): string {
  return text.includes('"') || text.includes('\\')
    ? text.replace(/""|\\(.)/gs, (pair, after) => after ?? pair[0])
    : text
}

/** One line of RFC 4180, for files that users download. */
export function csvLine(fields: readonly string[]): string {
  return fields.map(field => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')
}

/** Days since 1970 by the first ten characters of a time: a range has few days and many times. */
const days = new Map<string, number>()

/** "2026-01-06 13:35:00.25+00", as PostgreSQL writes timestamptz, in Unix seconds; NaN for what is none. */
export function readTimestamp(text: string): number {
  const date = text.slice(0, 10)
  let day = days.get(date)
  if (day === undefined) {
    day = Date.parse(`${date}T00:00:00Z`) / 1000
    if (days.size > 1000) days.clear()
    days.set(date, day)
  }
  const hour = digits(text, 11)
  const minute = digits(text, 14)
  let position = 17
  while (position < text.length && !/[+-]/.test(text[position] ?? '')) position++
  const seconds = Number(text.slice(17, position))
  return day + hour * 3600 + minute * 60 + seconds - offset(text, position)
}

function digits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48
}

/** "+00", "-03:30" or "+05:53:28" in seconds */
function offset(text: string, at: number): number {
  if (text.endsWith('+00')) return 0
  const [hours = 0, minutes = 0, seconds = 0] = text
    .slice(at + 1)
    .split(':')
    .map(Number)
  return (text[at] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds)
}
