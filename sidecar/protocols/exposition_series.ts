/** Metric name and labels of one line of an exposition, the part that is the same from scrape to scrape. */
import type { Labels } from '../sample.ts'

/** Name and labels of one line. The labels have no prototype, so that a label `__proto__` is like any other. */
export interface SeriesName {
  readonly name: string
  readonly labels: Labels
}

export const TAB = 9
export const SPACE = 32
export const QUOTE = 34
export const BACKSLASH = 92
export const OPEN = 123
export const CLOSE = 125

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** The metric name of a series text, without a look at its labels. Empty where it stands quoted among them. */
export function metricNameOf(series: string): string {
  const brace = series.indexOf('{')
  const end = brace < 0 ? series.length : brace
  return series.slice(0, endOfToken(series, 0, end))
}

/**
 * Name and labels of one line, from the text up to its value that `readExposition` hands out.
 *
 * @returns a string says what is wrong with it: no exception, a hostile page has a million bad lines
 */
export function parseSeries(series: string): SeriesName | string {
  const labels: Record<string, string> = Object.create(null)
  let name = metricNameOf(series)
  if (name !== '' && !METRIC_NAME.test(name)) return 'bad metric name'
  const brace = series.indexOf('{')
  let at = brace < 0 ? series.length - 1 : skipBlanks(series, brace + 1, series.length)
  while (brace >= 0 && series.charCodeAt(at) !== CLOSE) {
    const isQuoted = series.charCodeAt(at) === QUOTE
    const keyEnd = isQuoted ? endOfQuoted(series, at) : endOfLabelName(series, at)
    if (keyEnd < 0) return 'a quote is not closed'
    const key = isQuoted ? unquote(series, at, keyEnd) : series.slice(at, keyEnd)
    at = skipBlanks(series, keyEnd, series.length)
    if (series[at] === '=') {
      if (isQuoted ? key === '' : !LABEL_NAME.test(key)) return 'bad label name'
      if (key in labels) return 'a label stands twice'
      at = skipBlanks(series, at + 1, series.length)
      const valueEnd = series.charCodeAt(at) === QUOTE ? endOfQuoted(series, at) : -1
      if (valueEnd < 0) return 'a label value is not quoted'
      labels[key] = unquote(series, at, valueEnd)
      at = skipBlanks(series, valueEnd, series.length)
    } else if (isQuoted && name === '' && key !== '') name = key
    else return 'no = after a label name'
    if (series[at] === ',') at = skipBlanks(series, at + 1, series.length)
    else if (series.charCodeAt(at) !== CLOSE) return 'no comma between labels'
  }
  if (at !== series.length - 1) return 'text after the labels'
  return name === '' ? 'no metric name' : { name, labels }
}

function endOfLabelName(text: string, start: number): number {
  let at = start
  while (at < text.length && !' \t=,}"'.includes(text.charAt(at))) at++
  return at
}

/** @returns the position after the closing quote, -1 without one */
function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) return at + 1
  }
  return -1
}

/** Undoes `\\`, `\"` and `\n`; another backslash stands for itself, as OpenMetrics and Prometheus have it. */
function unquote(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1)
  return inner.includes('\\')
    ? inner.replace(/\\[\\"n]/g, pair => (pair === '\\n' ? '\n' : pair.charAt(1)))
    : inner
}

export function skipBlanks(text: string, start: number, end: number): number {
  let at = start
  while (at < end && (text.charCodeAt(at) === SPACE || text.charCodeAt(at) === TAB)) at++
  return at
}

export function endOfToken(text: string, start: number, end: number): number {
  let at = start
  while (at < end && text.charCodeAt(at) !== SPACE && text.charCodeAt(at) !== TAB) at++
  return at
}
