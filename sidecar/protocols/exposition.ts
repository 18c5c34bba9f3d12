/**
 * Reads pages of Prometheus exporters: text format 0.0.4 and OpenMetrics 1.0, with the quoted UTF-8 names
 * of Prometheus 3 in both.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 * https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
 *
 * Line by line in one pass, because a page is often the greater part of a poll's work. HELP, TYPE and UNIT
 * are not looked at: kwollect stores samples, whatever family they belong to. A line that is not understood
 * costs that line and nothing else.
 */
import {
  BACKSLASH,
  CLOSE,
  endOfToken,
  OPEN,
  parseSeries,
  QUOTE,
  type SeriesName,
  SPACE,
  skipBlanks,
  TAB,
} from './exposition_series.ts'

/** Which of the two a page is follows from its content type; timestamps are ms in one, s in the other. */
export type ExpositionFormat = 'text' | 'openmetrics'

export interface ExpositionSample extends SeriesName {
  readonly value: number
  /** The exporter's own timestamp in Unix milliseconds (a fraction is possible), where the line has one. */
  readonly timestamp: number | undefined
}

export interface LineError {
  /** Counted from 1. */
  readonly line: number
  readonly message: string
}

/**
 * Takes one sample line whose value (and timestamp) is good.
 *
 * @param series name and labels as they stand in the page, for {@link parseSeries}; the same text from
 *   scrape to scrape, so that it can be the key of a cache. It is a slice that keeps its page in memory:
 *   copy it before keeping it.
 * @returns what is wrong with the line, if anything
 */
export type SampleSink = (series: string, value: number, timestamp: number | undefined) => string | undefined

/** A page in the course of being read. */
export interface ExpositionReader {
  /** Reads the lines that are complete; the rest waits for the next piece. */
  push(text: string): void
  /** Reads the last line, which may lack its line feed. Not to be called for a page that broke off. */
  end(): void
  /** The first 100; a hostile page has millions. */
  readonly errors: readonly LineError[]
  readonly errorCount: number
}

const ERRORS_KEPT = 100
/** No legal series is near it: the database takes 64 KB of labels. */
const LONGEST_LINE = 262_144

const CARRIAGE_RETURN = 13
const HASH = 35
const ZERO = 48

const MARKUP = /^<(?:!doctype|html|\?xml)/i

/** Reads a whole page; {@link readExposition} is the same for a page that arrives in pieces. */
export function parseExposition(
  text: string,
  format: ExpositionFormat,
): { samples: ExpositionSample[]; errors: readonly LineError[]; errorCount: number } {
  const samples: ExpositionSample[] = []
  const reader = readExposition(format, (text, value, timestamp) => {
    const series = parseSeries(text)
    if (typeof series === 'string') return series
    samples.push({ name: series.name, labels: series.labels, value, timestamp })
    return undefined
  })
  reader.push(text)
  reader.end()
  return { samples, errors: reader.errors, errorCount: reader.errorCount }
}

/** Starts reading a page; `sink` is called once for each sample line, in the order of the page. */
export function readExposition(format: ExpositionFormat, sink: SampleSink): ExpositionReader {
  const errors: LineError[] = []
  let errorCount = 0
  let lineNumber = 0
  let rest = ''
  let state: 'start' | 'samples' | 'after EOF' | 'markup' = 'start'

  function refuse(problem: string, line: string): void {
    errorCount++
    if (errors.length < ERRORS_KEPT)
      errors.push({ line: lineNumber, message: `${problem}: ${excerpt(line)}` })
  }

  function readLine(text: string, start: number, end: number): void {
    lineNumber++
    const first = skipBlanks(text, start, end)
    const last = text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end
    if (first >= last || state === 'markup') return
    if (state === 'start') {
      state = MARKUP.test(text.slice(first, first + 10)) ? 'markup' : 'samples'
    }
    const problem = problemOf(text, first, last)
    if (problem !== undefined) refuse(problem, text.slice(first, last))
  }

  function problemOf(text: string, first: number, last: number): string | undefined {
    if (state === 'markup') return 'a web page, not an exposition'
    if (state === 'after EOF') return 'a line after # EOF'
    if (text.charCodeAt(first) !== HASH) return readSample(text, first, last, format, sink)
    if (format === 'openmetrics' && text.slice(first, last) === '# EOF') state = 'after EOF'
    return undefined
  }

  return {
    errors,
    get errorCount() {
      return errorCount
    },
    push(piece) {
      let end = piece.indexOf('\n')
      if (end < 0) {
        // A rope, not a copy: a line that comes in a thousand pieces stays linear.
        rest += piece
        return
      }
      // Only the first line is put together. Lines cut out of `rest + piece` took up to 20 times as long:
      // V8 now and then flattens such a text anew for each indexOf.
      const first = rest + piece.slice(0, end)
      readLine(first, 0, first.length)
      let start = end + 1
      for (end = piece.indexOf('\n', start); end >= 0; end = piece.indexOf('\n', start)) {
        readLine(piece, start, end)
        start = end + 1
      }
      rest = piece.slice(start)
    },
    end() {
      if (rest !== '') readLine(rest, 0, rest.length)
      rest = ''
      if (format === 'openmetrics' && state !== 'after EOF' && state !== 'markup')
        refuse('the page may be incomplete, it ends without # EOF', '')
    },
  }
}

/** @returns what is wrong with the line, if anything */
function readSample(
  text: string,
  start: number,
  end: number,
  format: ExpositionFormat,
  sink: SampleSink,
): string | undefined {
  if (end - start > LONGEST_LINE) return `longer than ${LONGEST_LINE} characters`
  const seriesEnd = endOfSeries(text, start, end)
  if (seriesEnd < 0) return 'the labels are not closed'
  const valueStart = skipBlanks(text, seriesEnd, end)
  const valueEnd = endOfToken(text, valueStart, end)
  if (valueStart === valueEnd) return 'no value'
  const value = parseNumber(text, valueStart, valueEnd)
  if (value === undefined) return 'the value is not a number'

  let at = skipBlanks(text, valueEnd, end)
  let timestamp: number | undefined
  if (at < end && text.charCodeAt(at) !== HASH) {
    const timestampEnd = endOfToken(text, at, end)
    timestamp = parseTimestamp(text, at, timestampEnd, format)
    if (timestamp === undefined) return 'the timestamp is not a number'
    at = skipBlanks(text, timestampEnd, end)
  }
  // What follows a # is an exemplar. kwollect stores none, so a damaged one does not cost the value.
  if (at < end && (format === 'text' || text.charCodeAt(at) !== HASH)) return 'text after the value'
  return sink(text.slice(start, seriesEnd), value, timestamp)
}

function endOfSeries(text: string, start: number, end: number): number {
  let at = start
  for (; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === OPEN || code === SPACE || code === TAB) break
  }
  const brace = skipBlanks(text, at, end)
  if (brace === end || text.charCodeAt(brace) !== OPEN) return at
  let quoted = false
  for (at = brace + 1; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) quoted = !quoted
    else if (code === BACKSLASH && quoted) at++
    else if (code === CLOSE && !quoted) return at + 1
  }
  return -1
}

function parseTimestamp(
  text: string,
  start: number,
  end: number,
  format: ExpositionFormat,
): number | undefined {
  const number = parseNumber(text, start, end)
  if (number === undefined || !Number.isFinite(number)) return undefined
  if (format === 'openmetrics') return number * 1000
  return Number.isSafeInteger(number) ? number : undefined
}

/**
 * A number as Go's ParseFloat reads it in decimal: `NaN` and `Inf` in any case, no hexadecimal, no blanks.
 *
 * @returns undefined where the text is no number or one beyond the range of a double
 */
export function parseNumber(text: string, start: number, end: number): number | undefined {
  let number = 0
  // Most values are short integers: no slice and no general conversion for them.
  if (end - start > 15 || end === start) return parseReal(text.slice(start, end))
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - ZERO
    if (digit < 0 || digit > 9) return parseReal(text.slice(start, end))
    number = number * 10 + digit
  }
  return number
}

function parseReal(token: string): number | undefined {
  if (/^[-+.0-9eE]+$/.test(token)) {
    const number = Number(token)
    return Number.isFinite(number) ? number : undefined
  }
  switch (token.toLowerCase()) {
    case 'nan':
      return Number.NaN
    case 'inf':
    case '+inf':
    case 'infinity':
    case '+infinity':
      return Number.POSITIVE_INFINITY
    case '-inf':
    case '-infinity':
      return Number.NEGATIVE_INFINITY
    default:
      return undefined
  }
}

/** The beginning of a bad line, printable: it goes into a log. */
function excerpt(line: string): string {
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line)
}
