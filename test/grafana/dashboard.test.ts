import { fc } from '@fast-check/ava'
import test from 'ava'
import postgres from 'postgres'
import { assign, at, type EnergySite, energySite, jobEnergy, measure, sampled } from '../api/energy.ts'
import { checksum, hostileText } from '../api/hostile.ts'
import { fileScope } from '../harness/scope.ts'
import { ExplainingSession } from '../sql/plans.ts'
import { session } from '../sql/session.ts'
import { queries } from './dashboard.ts'
import { type Choice, expand, MacroMistake, type TimeRange } from './expansion.ts'

const file = fileScope(test)
let site: EnergySite
let reader: postgres.Sql

const seed = Date.now() % 2 ** 31

test.before(async t => {
  t.log(`seed ${seed}`)
  site = await energySite(file)
  reader = session(file, site.database.reader)
  for (const [node, power] of [
    ['node-10', 100],
    ['node-2', 200],
  ] as const) {
    await measure(
      site.sql,
      node,
      'x_power_watt',
      sampled(0, 3600, 10, () => power),
    )
    await measure(
      site.sql,
      node,
      'bytes_total',
      sampled(0, 3600, 10, second => second * power),
    )
  }
  await measure(
    site.sql,
    'node-3',
    'x_temp_celsius',
    sampled(-86_400, 3600, 60, () => 40),
    { cpu: '1' },
  )
  await assign(site.sql, 1, 'node-10', [600, 1800])
  await assign(site.sql, 1, 'node-2', [600, 1800])
})

const all = { all: "''" }
const nothing: Readonly<Record<string, Choice>> = {
  job: '',
  device: all,
  metric: [],
  resolution: 'automatic',
}
const hour: TimeRange = { from: new Date(at(0)), to: new Date(at(3600)), intervalSeconds: 10 }

type Row = Readonly<Record<string, unknown>>

/** The rows of a query of the dashboard, sent as Grafana sends it: one text by the simple protocol, as kwuser_ro. */
async function ask(name: string, choices: Readonly<Record<string, Choice>>, range = hour): Promise<Row[]> {
  return [...(await reader.unsafe<Row[]>(expand(queries[name] ?? '', { ...nothing, ...choices }, range)))]
}

const plot = `\${metric}`

test('devices are those with values at the end of the range, in natural order', async t => {
  t.deepEqual(await ask('device', {}), [{ name: 'node-2' }, { name: 'node-3' }, { name: 'node-10' }])
  const before = { ...hour, to: new Date(at(-600)) }
  t.deepEqual(await ask('device', {}, before), [{ name: 'node-3' }])
})

test("with a job the devices are its nodes, and the metrics its nodes'", async t => {
  t.deepEqual(await ask('device', { job: '1' }), [{ name: 'node-2' }, { name: 'node-10' }])
  t.deepEqual(await ask('device', { job: ' 1 ' }), [{ name: 'node-2' }, { name: 'node-10' }])
  t.deepEqual(await ask('device', { job: '99' }), [])
  t.deepEqual(await ask('metric', { job: '1' }), [
    { metric_id: 'bytes_total' },
    { metric_id: 'x_power_watt' },
  ])
  t.deepEqual(await ask('metric', { job: '99' }), [])
})

test('without a job the metrics are those of the devices that are chosen', async t => {
  t.deepEqual(await ask('metric', { device: ['node-3'] }), [{ metric_id: 'x_temp_celsius' }])
  t.is((await ask('metric', { device: ['node-3', 'node-2'] })).length, 3)
  t.deepEqual(await ask('metric', {}), [])
})

test("a plot has a line per device, in order of time, in the form of Grafana's time series", async t => {
  const rows = await ask(plot, { device: ['node-2', 'node-10'], metric: ['x_power_watt'] })
  t.is(rows.length, 2 * 361)
  t.deepEqual(Object.keys(rows[0] ?? {}), ['time', 'metric', 'value'])
  t.deepEqual(rows.slice(0, 2), [
    { time: new Date(at(0)), metric: 'node-10 x_power_watt', value: 100 },
    { time: new Date(at(0)), metric: 'node-2 x_power_watt', value: 200 },
  ])
  const times = rows.map(({ time }) => Number(time))
  t.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
})

test('labels tell the lines of one device apart, and the name ends in the metric, by which the unit is found', async t => {
  const rows = await ask(plot, { device: ['node-3'], metric: ['x_temp_celsius'] })
  t.deepEqual([...new Set(rows.map(({ metric }) => metric))], ['node-3 {"cpu": "1"} x_temp_celsius'])
})

test('points are averages of as long as they are wide', async t => {
  const choices = { device: ['node-2', 'node-10'], metric: ['x_power_watt'] }
  const rows = await ask(plot, choices, { ...hour, intervalSeconds: 600 })
  t.is(rows.length, 2 * 7)
  t.deepEqual([...new Set(rows.map(({ value }) => value))].toSorted(), [100, 200])
})

test("a job's plot has all its nodes during the job where no device is chosen", async t => {
  const rows = await ask(plot, { job: '1', metric: ['x_power_watt'] })
  t.is(rows.length, 2 * 121)
  t.deepEqual(rows[0]?.time, new Date(at(600)))
  t.is((await ask(plot, { job: '1', device: ['node-2'], metric: ['x_power_watt'] })).length, 121)
})

test('a counter is shown as its increase per second', async t => {
  const rows = await ask(plot, { device: ['node-2'], metric: ['bytes_total'] })
  t.is(rows.length, 360)
  t.true(rows.every(({ value }) => value === 200))
})

test('beyond 12 hours, or where it is wanted, the 5-minute summary is read', async t => {
  const choices = { device: ['node-3'], metric: ['x_temp_celsius'] }
  const day: TimeRange = { ...hour, from: new Date(at(-82_800)), intervalSeconds: 10 }
  t.is((await ask(plot, choices, day)).length, 86_400 / 300 + 1)
  t.is((await ask(plot, { ...choices, resolution: 'every value' }, day)).length, 86_400 / 60 + 1)
  t.is((await ask(plot, { ...choices, resolution: 'summary' })).length, 13)
})

test('without a job and a device the plot says what is missing', async t => {
  await t.throwsAsync(ask(plot, {}), { message: 'one of nodes, devices and job_id is required' })
})

test('the energy of the job is that of get_job_energy, empty without a job', async t => {
  t.deepEqual(await ask('Energy of the job', {}), [])
  t.deepEqual(await ask('Energy of the job', { job: '99' }), [])
  const rows = await ask('Energy of the job', { job: '1' })
  const expected = await jobEnergy(site.api, 1)
  t.is(rows.length, 3)
  t.deepEqual(
    rows.map(row => [row.node, row.joules, row['time with data']]),
    expected.map(row => [row.device_id ?? 'all nodes', row.energy_joules, row.covered_share]),
  )
})

test('the table of the job has its times, as text for the link to them', async t => {
  t.deepEqual(await ask('Job', {}), [])
  t.deepEqual(await ask('Job', { job: '1' }), [
    {
      job: 1,
      start: new Date(at(600)),
      stop: new Date(at(1800)),
      nodes: '2',
      from: String(Date.parse(at(600))),
      to: String(Date.parse(at(1800))),
    },
  ])
})

test('a job number that is none is said, not ignored', async t => {
  for (const name of Object.keys(queries))
    await t.throwsAsync(ask(name, { job: 'x' }), { message: 'invalid input syntax for type integer: "x"' })
})

/** Macros in a value are expanded too: what comes of them is a mistake at most, Grafana's or one of syntax. */
function isMistake(error: unknown): boolean {
  return (
    error instanceof MacroMistake ||
    (error instanceof postgres.PostgresError && /^(22|42601|PT4)/.test(error.code))
  )
}

test('whatever the variables hold is data: nothing of it runs, even for a superuser', async t => {
  const { database, sql } = await energySite(t)
  await sql.unsafe(`
    create sequence public.executed_calls;
    create function public.kwollect_executed() returns text language sql as $$ select nextval('public.executed_calls')::text $$`)
  const before = await checksum(sql)
  const superuser = session(t, database.admin)
  const text = fc.oneof(
    hostileText.filter(value => !value.includes('\0') && value.isWellFormed()),
    fc.constantFrom(
      "'; drop table site.jobs; --",
      "\\'; drop table site.jobs; --",
      "$__timeFrom()||kwollect_executed()||'",
      "$__timeFilter('||kwollect_executed()||')",
      '$__all',
      '$__interval',
      `\${device}`,
    ),
  )
  const choice = fc.oneof(text, fc.array(text, { maxLength: 3 }))
  const choices = fc.record({ job: text, device: choice, metric: choice, resolution: text })
  const property = fc.asyncProperty(choices, fc.boolean(), async (hostile, ofJob) => {
    const given = ofJob ? { ...hostile, job: '1' } : hostile
    for (const query of Object.values(queries)) {
      try {
        await superuser.unsafe(expand(query, given, hour))
      } catch (error) {
        if (!isMistake(error)) throw error
      }
    }
  })
  await t.notThrowsAsync(fc.assert(property, { seed, numRuns: 150, includeErrorInReport: true }))
  t.is(await checksum(sql), before)
  const [calls] = await sql`select is_called from public.executed_calls`
  t.is(calls?.is_called, false)
})

test('names with quotes, backslashes and dollars are found as they are', async t => {
  const names = ["o'brien", 'back\\slash', '$$', "';--", '%s', 'é', '{a}']
  for (const [i, name] of names.entries()) await measure(site.sql, name, 'odd_watt', [[i, 1]])
  const rows = await ask(plot, { device: names, metric: ['odd_watt'] })
  t.deepEqual(rows.map(({ metric }) => metric).toSorted(), names.map(name => `${name} odd_watt`).toSorted())
})

test('a plot reads the chunks of its range alone', async t => {
  const chunks = await site.sql<{ name: string; is_inside: boolean }[]>`
    select chunk_name as name, range_end > ${hour.from} and range_start <= ${hour.to} as is_inside
      from timescaledb_information.chunks`
  t.true(chunks.filter(chunk => !chunk.is_inside).length >= 3)
  const explaining = new ExplainingSession(t, site.database.admin)
  await explaining.start()
  for (const choices of [{ device: ['node-3'] }, { job: '1' }]) {
    const given = { ...nothing, metric: ['x_temp_celsius', 'x_power_watt'], ...choices }
    const plans = await explaining.run(expand(queries[plot] ?? '', given, hour))
    const read = new Set(plans.flatMap(({ scans }) => scans).map(({ relation }) => relation))
    for (const { name, is_inside: isInside } of chunks) t.is(read.has(name), isInside, name)
  }
})
