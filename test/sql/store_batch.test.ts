import { randomUUID } from 'node:crypto'
import test from 'ava'
import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { fileScope } from '../harness/scope.ts'
import { session } from './session.ts'

const file = fileScope(test)
let database: TestDatabase
let sql: postgres.Sql

test.before(async () => {
  database = await testDatabase(file)
  sql = session(file, database.writer)
})

interface Row {
  readonly microseconds: string
  readonly series: string
  readonly value: number
  readonly labels?: string
}

async function store(spool: string, batch: number, rows: readonly Row[], connection = sql): Promise<unknown> {
  const [answer] = await connection`
    select kwollect.store_batch(${spool}, ${batch}, 'host'
         , ${rows.map(row => row.microseconds)}::bigint[], ${rows.map(row => row.series)}::bigint[]
         , ${rows.map(row => row.value)}::float8[], ${rows.map(row => row.labels ?? null)}::text[]
         , '{}', '{}') as stored`
  return answer?.stored
}

async function seriesOf(device: string, connection = sql): Promise<string> {
  const [row] = await connection<{ series_id: string }[]>`
    select series_id from kwollect.resolve_series(array[${device}], array['m'], array['{}'::jsonb])`
  return row?.series_id ?? ''
}

const valuesOf = async (device: string) =>
  (await sql`select value from metrics where device_id = ${device} order by value`).map(row => row.value)

const lettersOf = async (spool: string) =>
  session(file, database.admin)`
    select reason, sample::json as sample from kwollect.dead_letters where spool_id = ${spool} order by dead_letter_id`

const instant = '1600000000123456'

test('a batch is stored with its times to the microsecond; seen again, or late, it changes nothing', async t => {
  const spool = randomUUID()
  const series = await seriesOf('batch')
  t.is(await store(spool, 5, [{ microseconds: instant, series, value: 1 }]), true)
  t.is(await store(spool, 5, [{ microseconds: instant, series, value: 1 }]), false)
  t.is(await store(spool, 4, [{ microseconds: instant, series, value: 2 }]), false)
  t.is(await store(spool, 6, [{ microseconds: instant, series, value: 3 }]), true)
  t.is(await store(randomUUID(), 5, [{ microseconds: instant, series, value: 4 }]), true)
  const rows = await sql`
    select value, (extract(epoch from timestamp) * 1000000)::bigint as at from metrics
     where device_id = 'batch' order by value`
  t.deepEqual(
    rows.map(row => row.value),
    [1, 3, 4],
  )
  t.true(rows.every(row => row.at === instant))
})

test('the same batch from two connections at once is stored once', async t => {
  const spool = randomUUID()
  const series = await seriesOf('raced')
  const connections = [session(t, database.writer), session(t, database.writer), session(t, database.writer)]
  const rows = Array.from({ length: 500 }, (_, value) => ({ microseconds: instant, series, value }))
  const answers = await Promise.all(connections.map(connection => store(spool, 1, rows, connection)))
  t.is(answers.filter(answer => answer === true).length, 1)
  t.is((await valuesOf('raced')).length, 500)
})

test('rows that no table can hold go alone to the dead letters, with reason and sample', async t => {
  const spool = randomUUID()
  const series = await seriesOf('poisoned')
  const answer = await store(spool, 1, [
    { microseconds: instant, series, value: 1 },
    { microseconds: '9223372036854775807', series, value: 2 },
    { microseconds: instant, series, value: 3, labels: '{"value_str": "\\u0000"}' },
    { microseconds: instant, series, value: 4, labels: 'no JSON' },
    { microseconds: instant, series, value: 5, labels: `{"value_str": "${'x'.repeat(70_000)}"}` },
    { microseconds: instant, series, value: 6 },
  ])
  t.is(answer, true)
  t.deepEqual(await valuesOf('poisoned'), [1, 6])
  const letters = await lettersOf(spool)
  t.deepEqual(
    letters.map(letter => letter.sample.value),
    [2, 3, 4, 5],
  )
  for (const { reason, sample } of letters) {
    t.true(reason.length > 10)
    t.is(sample.device_id, 'poisoned')
  }
})

test('samples that the sidecar refused are kept as dead letters, with their batch', async t => {
  const spool = randomUUID()
  await sql`
    select kwollect.store_batch(${spool}, 1, 'host', '{}', '{}', '{}', '{}', array['because'], array['{"value": 1}'])`
  t.deepEqual([...(await lettersOf(spool))], [{ reason: 'because', sample: { value: 1 } }])
})

const scraped = (value: number, scrape: number, series: string): Row => ({
  microseconds: instant,
  series,
  value,
  labels: `{"_metric_scrape_time": "${scrape}"}`,
})

test('a custom metric is stored once, however often and in how many batches it was scraped', async t => {
  const spool = randomUUID()
  const series = await seriesOf('custom')
  await store(spool, 1, [scraped(1, 10, series), scraped(1, 11, series), scraped(Number.NaN, 11, series)])
  await store(spool, 2, [scraped(1, 12, series), scraped(2, 12, series), scraped(Number.NaN, 12, series)])
  t.deepEqual(await valuesOf('custom'), [1, 2, Number.NaN])
})

test('a custom metric is stored once also where a bad row shares its batch', async t => {
  const spool = randomUUID()
  const series = await seriesOf('custom-poisoned')
  const bad = { microseconds: instant, series, value: 0, labels: 'no JSON' }
  await store(spool, 1, [scraped(1, 10, series), bad])
  await store(spool, 2, [scraped(1, 11, series), bad, scraped(1, 12, series)])
  t.deepEqual(await valuesOf('custom-poisoned'), [1])
  t.is((await lettersOf(spool)).length, 2)
})

test('last_batch tells what the database has of a spool', async t => {
  const spool = randomUUID()
  const ask = async () => (await sql`select kwollect.last_batch(${spool}) as last`)[0]?.last
  t.is(await ask(), null)
  await store(spool, 7, [])
  t.is(await ask(), '7')
})

test('series are resolved in order, repeated ones and equal numbers in other spellings too', async t => {
  const rows = await sql`
    select ordinal, series_id from kwollect.resolve_series(
             array['r', 'r', 'r', 'r', 's'], array['m', 'm', 'm', 'm', 'm']
           , array['{}', '{"a": 1}', '{}', '{"a": 1.0}', '{}']::jsonb[]) order by ordinal`
  t.deepEqual(
    rows.map(row => row.ordinal),
    ['1', '2', '3', '4', '5'],
  )
  t.is(rows[0]?.series_id, rows[2]?.series_id)
  t.is(new Set(rows.map(row => row.series_id)).size, 4)
})

test('the same new series resolved on eight connections at once have the same numbers everywhere', async t => {
  const pool = session(t, database.writer, 8)
  const answers = await Promise.all(
    Array.from(
      { length: 8 },
      (_, turn) =>
        pool`
        select string_agg(series_id::text, ',' order by device) as numbers
          from (select array_agg('new-' || number order by (number * ${turn + 1} * 7919) % 1009) as devices
                  from generate_series(1, 300) as number) as wanted
         cross join kwollect.resolve_series(devices, array_fill('m'::text, array[300]), array_fill('{}'::jsonb, array[300])) as found
         cross join lateral (select devices[found.ordinal]) as named (device)`,
    ),
  )
  t.is(new Set(answers.map(rows => rows[0]?.numbers)).size, 1)
  t.is(answers[0]?.[0]?.numbers.split(',').length, 300)
})
