import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import { csvLine, readCsv, readTimestamp } from '../../dashboard/csv.ts'
import { energyOf } from '../../dashboard/energy.ts'
import { joinLines, type Line, lineNames, readLines, valueAt } from '../../dashboard/lines.ts'
import { chooseSummaries } from '../../dashboard/resolution.ts'
import { formatDuration, isoTime, parseDuration, parseTime, tickLabels } from '../../dashboard/time.ts'
import { axisLabels, formatValue, isCounter, rateUnit, unitOf } from '../../dashboard/units.ts'
import { emptyView, formatView, lineCode, parseView, type View } from '../../dashboard/view.ts'

const value = (amount: number, metric: string) => formatValue(amount, unitOf(metric)).replace('\u00a0', ' ')

test("the unit of a metric is in its name, as kwollect's and Prometheus's names have it", t => {
  for (const [metric, amount, text] of [
    ['wattmetre_power_watt', 182, '182 W'],
    ['pdu_power_watts', 12_345, '12.35 kW'],
    ['bmc_ambient_temp_celsius', 23.456, '23.46 °C'],
    ['prom_node_memory_MemAvailable_bytes', 8 * 2 ** 30, '8 GiB'],
    ['psu_input_volt', 0.0123, '12.3 mV'],
    ['psu_current_amperes', 2, '2 A'],
    ['bmc_fan1_speed_rpm', 12_000, '12 000 rpm'],
    ['uptime_seconds', 3 * 86_400, '3 d'],
    ['poll_duration_seconds', 0.25, '250 ms'],
    ['cpu_percent', 7, '7 %'],
    ['prom_node_load1', 0.2, '0.2'],
    ['wattage', 5, '5'],
    ['power_watt', Number.NaN, '–'],
    ['balance_watt', -1500, '−1.5 kW'],
  ] as const)
    t.is(value(amount, metric).replace('\u202f', ' '), text, metric)
})

test('a rate has the unit a second: joules become watts', t => {
  t.is(rateUnit(unitOf('energy_joules_total')).symbol, 'W')
  t.is(rateUnit(unitOf('network_bytes_total')).symbol, 'B/s')
  t.is(rateUnit(unitOf('requests_total')).symbol, '1/s')
})

test('counters are known by the end of their names', t => {
  for (const metric of ['a_total', 'prom_http_requests_count', 'if_in_octets'])
    t.true(isCounter(metric), metric)
  for (const metric of ['total_power_watt', 'account', 'load']) t.false(isCounter(metric), metric)
})

test('the ticks of an axis have one scale and as many digits as they differ in', t => {
  t.deepEqual(axisLabels([0, 500, 1000], unitOf('a_watt')), ['0.0', '0.5', '1.0'])
  t.deepEqual(axisLabels([0, 2.5, 5], unitOf('a_watt')), ['0.0', '2.5', '5.0'])
  t.deepEqual(axisLabels([21, 22, 23], unitOf('a_celsius')), ['21', '22', '23'])
})

test('the ticks of a time axis have the date where a day begins', t => {
  const begin = new Date(2026, 0, 10, 23, 0).getTime() / 1000
  t.deepEqual(tickLabels([begin, begin + 1800, begin + 3600, begin + 5400], 1800), [
    '23:00\n2026-01-10',
    '23:30',
    '00:00\n2026-01-11',
    '00:30',
  ])
})

/** A field as record_out of PostgreSQL writes it, which is PostgREST's CSV. */
function recordField(text: string): string {
  return text === '' || /[",\\()\s]/.test(text)
    ? `"${text.replaceAll('\\', '\\\\').replaceAll('"', '""')}"`
    : text
}

testProp(
  'CSV of PostgREST is read as it was written, whatever is in it',
  [fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 4 }), { maxLength: 6 })],
  async (t, rows) => {
    const read: string[][] = []
    const text = ['a,b', ...rows.map(row => row.map(recordField).join(','))].join('\n')
    await readCsv(text, fields => read.push([...fields]))
    t.deepEqual(read, rows)
  },
)

test('a CSV field that a user downloads is quoted where it has to be', t => {
  t.is(csvLine(['a', 'b,c', 'd"e', 'f\ng']), 'a,"b,c","d""e","f\ng"')
})

test('times of PostgreSQL are read with fraction and offset', t => {
  const noon = Date.parse('2026-01-10T12:00:00Z') / 1000
  for (const [text, seconds] of [
    ['2026-01-10 12:00:00+00', noon],
    ['2026-01-10 12:00:00.123456+00', noon + 0.123456],
    ['2026-01-10 17:30:00+05:30', noon],
    ['2026-01-10 08:30:00.5-03:30', noon + 0.5],
  ] as const)
    t.true(Math.abs(readTimestamp(text) - seconds) < 1e-6, text)
})

test('times go into requests and out of links to the microsecond', t => {
  t.is(isoTime(1_768_046_400.25), '2026-01-10T12:00:00.25Z')
  t.is(isoTime(1_768_046_401 - 2 ** -22), '2026-01-10T12:00:01Z')
  for (const text of [
    '2026-01-10T12:00:00',
    '2026-01-10 12:00:00',
    '2026-01-10T13:00:00+01:00',
    '1768046400',
  ])
    t.is(parseTime(text), 1_768_046_400, text)
  for (const text of ['', 'now', '2026-13-45', '99999999999999']) t.is(parseTime(text), undefined, text)
  for (const text of ['5m', '15m', '1h', '1d', '30d', '90s'])
    t.is(formatDuration(parseDuration(text) ?? 0), text)
})

const names = fc.uniqueArray(
  fc
    .string({ unit: 'binary', minLength: 1 })
    .filter(name => !name.includes(',') && !/[\ud800-\udfff]/.test(name)),
)

testProp(
  'a view goes through a link unchanged, with any names',
  [names, names, fc.option(fc.integer({ min: 1, max: 2_147_483_647 }), { nil: undefined })],
  (t, devices, metrics, jobId) => {
    const view: View = {
      ...emptyView,
      jobId,
      devices,
      metrics,
      range: { kind: 'between', start: 1_768_046_400.5, end: 1_768_046_401 },
      zoom: { start: 1_768_046_400.75, end: 1_768_046_400.875 },
      rates: new Map(metrics.map((metric, index) => [metric, index % 2 === 0])),
      hidden: new Set(metrics.map(metric => lineCode(metric, 'line'))),
    }
    const read = parseView(`#${formatView(view)}`)
    t.deepEqual({ ...read, rates: undefined }, { ...view, rates: undefined })
    t.deepEqual([...read.rates].sort(), [...view.rates].sort())
  },
)

test('a link with what cannot be read still opens', t => {
  for (const hash of [
    '#',
    '#x',
    '#job_id=abc',
    '#range=5x&zoom=a,b',
    '#start_time=2026-01-10&end_time=2025-01-10',
    '#%',
  ])
    t.deepEqual(parseView(hash), emptyView, hash)
  t.deepEqual(parseView('#job_id=7').range, { kind: 'job' })
})

const header = 'timestamp,device_id,value,labels'
const at = (second: number) => `"2026-01-10 12:00:${String(second).padStart(2, '0')}+00"`

test('values become lines by device and labels, in natural order, without the labels of single values', async t => {
  const lines = await readLines(
    [
      header,
      `${at(0)},node-10,1,{}`,
      `${at(0)},node-2,2,"{""port"": ""b""}"`,
      `${at(1)},node-2,3,"{""port"": ""a""}"`,
      `${at(2)},node-2,NaN,"{""port"": ""a"", ""value_str"": ""off""}"`,
      `${at(3)},node-2,Infinity,"{""port"": ""a""}"`,
    ].join('\n'),
  )
  t.deepEqual(lineNames(lines), ['node-2 port=a', 'node-2 port=b', 'node-10'])
  t.deepEqual([...(lines[0]?.values ?? [])], [3, Number.NaN, Number.NaN])
  t.is(lines[0]?.text, 'off')
})

const line = (times: number[], values: number[]): Line => ({
  key: 'a',
  device: 'a',
  labels: {},
  times: Float64Array.from(times),
  values: Float64Array.from(values),
  text: undefined,
})

test('new values replace those they overlap, and old ones leave', t => {
  const [joined] = joinLines([line([1, 2, 3, 4], [1, 1, 1, 1])], [line([4, 5], [2, 2])], 2)
  t.deepEqual([...(joined?.times ?? [])], [2, 3, 4, 5])
  t.deepEqual([...(joined?.values ?? [])], [1, 1, 2, 2])
  t.deepEqual(joinLines([line([1], [1])], [], 2), [])
})

test('the value at a moment is the nearest, none within a gap', t => {
  const shown = line([0, 10, 200], [1, 2, 3])
  t.is(valueAt(shown, 4, 60), 1)
  t.is(valueAt(shown, 6, 60), 2)
  t.is(valueAt(shown, 100, 60), Number.NaN)
  t.is(valueAt(shown, 500, 60), Number.NaN)
})

test('energy is the sum of trapezoids; a gap and a NaN count neither as energy nor as covered', t => {
  t.deepEqual(energyOf(line([0, 10, 20], [100, 200, 100]), { start: 0, end: 20 }, 0), {
    joules: 3000,
    covered: 20,
  })
  t.deepEqual(energyOf(line([0, 10, 20, 30, 200, 210], [1, 1, 1, 1, 1, 1]), { start: 0, end: 300 }, 0), {
    joules: 40,
    covered: 40,
  })
  t.deepEqual(energyOf(line([0, 10, 20], [1, Number.NaN, 1]), { start: 0, end: 20 }, 0), {
    joules: 0,
    covered: 0,
  })
})

test('an average of five minutes is energy for its five minutes, as far as they are shown', t => {
  t.deepEqual(energyOf(line([0, 300, 600], [100, 200, 300]), { start: 150, end: 700 }, 300), {
    joules: 150 * 100 + 300 * 200 + 100 * 300,
    covered: 550,
  })
})

test('a metric alone too dense is summarized, then the densest until the rest is few enough', t => {
  const densities = new Map([
    ['a', 1],
    ['b', 30],
    ['c', 31],
    ['d', 32],
    ['e', 100],
  ])
  const metrics = ['a', 'b', 'c', 'd', 'e', 'unknown']
  t.deepEqual([...chooseSummaries(metrics, densities, { start: 0, end: 3600 })].sort(), ['d', 'e'])
  t.deepEqual([...chooseSummaries(metrics, densities, { start: 0, end: 600 })], [])
})
