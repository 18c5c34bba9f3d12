/** Legal pages of exporters, generated; the values are what a parser must find in the text. */
import fc from 'fast-check'
import type { ExpositionFormat } from '../../sidecar/protocols/exposition.ts'

export interface Line {
  readonly text: string
  readonly name: string
  readonly labels: readonly (readonly [string, string])[]
  readonly value: number
  /** Unix milliseconds. */
  readonly timestamp: number | undefined
}

const first = [...'abcXYZ_']
const later = [...first, ...'019']
const word = fc
  .tuple(fc.constantFrom(...first), fc.string({ unit: fc.constantFrom(...later), maxLength: 8 }))
  .map(parts => parts.join(''))
// No CR and no other line ends: Python's reader takes them for a line feed.
const labelValue = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', ' ', '\\', '"', '\n', '{', '}', ',', '=', '#', 'é', '😀', 'n') }),
  fc.constantFrom('', 'n', '\\n', '/dev/sda1', '__proto__'),
)
const labels = fc.uniqueArray(fc.tuple(fc.oneof(word, fc.constant('__proto__')), labelValue), {
  selector: ([key]) => key,
  maxLength: 4,
})
const value = fc.oneof(
  fc.double().map(number => [printed(number), number] as const),
  fc.nat().map(number => [String(number), number] as const),
  fc.constantFrom(
    ['NaN', Number.NaN] as const,
    ['+Inf', Infinity] as const,
    ['-Inf', -Infinity] as const,
    ['1.5e+06', 1.5e6] as const,
  ),
)
/** Eighths of a second are exact in binary, so that no parser's arithmetic differs. */
const timestamp = fc.option(
  fc.integer({ min: 1, max: 2 ** 34 }).map(eighths => eighths * 125),
  { nil: undefined },
)

function printed(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number).replace('Infinity', 'Inf')
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

/** @param index makes the name unlike that of other lines */
export function legalLine(format: ExpositionFormat, index: number): fc.Arbitrary<Line> {
  return fc.record({ word, labels, value, timestamp }).map(parts => {
    const name = `${parts.word}_${index}`
    const inner = parts.labels.map(([key, text]) => `${key}="${escaped(text)}"`).join(',')
    const time =
      parts.timestamp === undefined ? '' : ` ${format === 'text' ? parts.timestamp : parts.timestamp / 1000}`
    const text = `${name}${inner === '' ? '' : `{${inner}}`} ${parts.value[0]}${time}`
    return { text, name, labels: parts.labels, value: parts.value[1], timestamp: parts.timestamp }
  })
}

/** A page whose lines have different names: OpenMetrics wants the lines of a family side by side. */
export function legalPage(format: ExpositionFormat): fc.Arbitrary<{ text: string; lines: readonly Line[] }> {
  return fc
    .nat(12)
    .chain(count => fc.tuple(...Array.from({ length: count }, (_, index) => legalLine(format, index))))
    .map(lines => {
      const body = lines.map(line => `${line.text}\n`).join('')
      return { lines, text: format === 'text' ? body : `${body}# EOF\n` }
    })
}
