import test from 'ava'
import fc from 'fast-check'
import { decodeBatch, encodeBatch, seriesOf } from '../../sidecar/batch.ts'
import type { Sample } from '../../sidecar/sample.ts'

const seed = Date.now() % 2 ** 31
const anyText = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.constantFrom('\0', '\ud800', '"', '\\')),
})
const labels = fc.dictionary(fc.oneof(anyText, fc.constantFrom('__proto__', '10', '9', '')), anyText)
const series = fc.record({ deviceId: anyText, metricId: anyText, labels })
const anyDouble = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, -0, 0, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE, 2 ** 53 + 2),
)
const sample: fc.Arbitrary<Sample> = fc.oneof(
  fc.record({ timestamp: fc.maxSafeInteger(), series, value: anyDouble }),
  fc.record({
    timestamp: fc.maxSafeInteger(),
    series,
    value: anyDouble,
    labels: fc.record({ value_str: anyText }),
  }),
)

function decoded(content: string): Sample[] {
  const batch = decodeBatch(content)
  return batch.rows.map(([timestamp, position, value, sampleLabels]) => ({
    timestamp: Number(timestamp),
    series: seriesOf(batch.series[position] ?? ''),
    value: Number(value),
    ...(sampleLabels === undefined ? {} : { labels: sampleLabels }),
  }))
}

/** -0 and 0 are one to deepEqual as they are to ===. */
function withoutPrototypes(samples: readonly Sample[]): unknown {
  return samples.map(({ timestamp, series: { deviceId, metricId, labels: own }, value, labels: rest }) => [
    timestamp,
    deviceId,
    metricId,
    Object.entries(own)
      .map(entry => JSON.stringify(entry))
      .sort(),
    Object.is(value, -0) ? 'negative zero' : value,
    rest?.value_str,
  ])
}

test('every double and any text come out of a batch as they went in', t => {
  t.log(`seed ${seed}`)
  const property = fc.property(fc.array(sample, { maxLength: 20 }), samples => {
    t.deepEqual(withoutPrototypes(decoded(encodeBatch(samples))), withoutPrototypes(samples))
  })
  fc.assert(property, { seed, numRuns: 300 })
})

test('equal series are written once, whatever the order of their labels; unequal ones never share a key', t => {
  t.log(`seed ${seed}`)
  const property = fc.property(series, series, (one, other) => {
    const reordered = { ...one, labels: Object.fromEntries(Object.entries(one.labels).reverse()) }
    const samples = [one, reordered, other].map(of => ({ timestamp: 1, series: of, value: 1 }))
    const [first, second, third] = decodeBatch(encodeBatch(samples)).rows.map(([, position]) => position)
    t.is(first, second)
    const sorted = (of: typeof one) => [of.deviceId, of.metricId, Object.entries(of.labels).sort()]
    t.is(first === third, JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)))
  })
  fc.assert(property, { seed, numRuns: 300 })
})

test('a batch is JSON without a NUL or a lone surrogate, which SQLite and PostgreSQL refuse', t => {
  const hostile = { deviceId: '\0', metricId: '\ud800', labels: { '\udfff': '\u0001' } }
  const content = encodeBatch([{ timestamp: 1, series: hostile, value: Number.NaN }])
  t.true(content.isWellFormed())
  t.notRegex(content, /\p{Cc}/u)
})
