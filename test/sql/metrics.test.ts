import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import test from 'ava'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { fileScope } from '../harness/scope.ts'
import { refusal, session } from './session.ts'

const file = fileScope(test)
let database: TestDatabase

test.before(async () => {
  database = await testDatabase(file)
})

test('the documented INSERT stores the value, and RETURNING shows it', async t => {
  const sql = session(t, database.writer)
  const [row] = await sql`
    insert into metrics(timestamp, device_id, metric_id, value, labels)
      values ('2020-01-06 14:00:00+00', 'node-3', 'example_metric', 42, '{"_device_alias": "node-3-admin"}')
    returning *`
  const expected = {
    timestamp: new Date('2020-01-06T14:00:00Z'),
    device_id: 'node-3',
    metric_id: 'example_metric',
    value: 42,
    labels: { _device_alias: 'node-3-admin' },
  }
  t.deepEqual(row, expected)
  t.deepEqual([...(await sql`select * from metrics where device_id = 'node-3'`)], [expected])
})

test('absent fields, and null ones, become now(), NaN and {}', async t => {
  const sql = session(t, database.writer)
  await sql.begin(async transaction => {
    await transaction`insert into metrics (device_id, metric_id) values ('defaults', 'absent')`
    await transaction`insert into metrics values (null, 'defaults', 'null', null, null)`
    const rows = await transaction`
      select timestamp = now() as is_now, metric_id, value, labels
        from metrics where device_id = 'defaults' order by metric_id`
    t.deepEqual(
      [...rows],
      [
        { is_now: true, metric_id: 'absent', value: Number.NaN, labels: {} },
        { is_now: true, metric_id: 'null', value: Number.NaN, labels: {} },
      ],
    )
  })
})

test('many rows of one INSERT are all stored', async t => {
  const sql = session(t, database.writer)
  const inserted = await sql`
    insert into metrics (timestamp, device_id, metric_id, value)
    select timestamptz '2021-01-01' + second * interval '1 s', 'many-' || second % 7, 'm', second
      from generate_series(1, 5000) as second`
  t.is(inserted.count, 5000)
  const [found] = await sql`
    select count(*)::int as rows, count(distinct value)::int as values, sum(value)::int as sum
      from metrics where device_id like 'many-%'`
  t.deepEqual(found, { rows: 5000, values: 5000, sum: (5000 * 5001) / 2 })
})

test('COPY stores its rows, with defaults for the columns that it leaves out', async t => {
  const sql = session(t, database.writer)
  const copy = await sql`copy metrics (timestamp, device_id, metric_id, value) from stdin`.writable()
  const lines = Array.from({ length: 1000 }, (_, i) => `2021-02-01 00:00:00+00\tcopied-${i % 3}\tm\t${i}\n`)
  await pipeline(Readable.from(lines), copy)
  const [found] = await sql`
    select count(*)::int as rows, sum(value)::int as sum, bool_and(labels = '{}') as plain
      from metrics where device_id like 'copied-%'`
  t.deepEqual(found, { rows: 1000, sum: 499_500, plain: true })
})

test('a bad row among good ones stores none of the statement', async t => {
  const sql = session(t, database.writer)
  const error = await refusal(
    t,
    sql`insert into metrics (device_id, metric_id)
        select 'half', case when number <> 90 then 'm' end from generate_series(1, 100) as number`,
  )
  t.is(error.message, 'device_id and metric_id are required')
  t.is((await sql`select from metrics where device_id = 'half'`).length, 0)
})

test('two values of one series at the same instant are both kept', async t => {
  const sql = session(t, database.writer)
  for (const value of [1, 2, 2])
    await sql`insert into metrics values ('2021-03-01', 'twice', 'm', ${value}, '{}')`
  const rows = await sql`select value from metrics where device_id = 'twice' order by value`
  t.deepEqual(
    rows.map(row => row.value),
    [1, 2, 2],
  )
})

test('NaN and both infinities, 1970, the time before it and the year 9999 come back as they went in', async t => {
  const sql = session(t, database.writer)
  const times = [
    '0001-01-01T00:00:00.000Z',
    '1969-12-31T23:59:59.999Z',
    '1970-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.000Z',
  ]
  const values = ['NaN', 'Infinity', '-Infinity', '1e-300']
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value)
    select time::timestamptz, 'extremes', 'm', value::float8
      from unnest(${times}::text[], ${values}::text[]) as row (time, value)`
  const rows = await sql`
    select to_char(timestamp at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time, value::text
      from metrics where device_id = 'extremes' order by timestamp`
  t.deepEqual(
    rows.map(row => row.time),
    times,
  )
  t.deepEqual(
    rows.map(row => row.value),
    values,
  )
})

test('what a savepoint takes back is not stored, what stands around it is', async t => {
  const sql = session(t, database.writer)
  await sql.begin(async transaction => {
    await transaction`insert into metrics (device_id, metric_id, value) values ('savepoint', 'before', 1)`
    await t.throwsAsync(
      transaction.savepoint(async inner => {
        await inner`insert into metrics (device_id, metric_id, value) values ('savepoint', 'undone', 2)`
        throw new Error('changed my mind')
      }),
      { message: 'changed my mind' },
    )
    await transaction`insert into metrics (device_id, metric_id, value) values ('savepoint', 'after', 3)`
  })
  const rows = await sql`select metric_id from metrics where device_id = 'savepoint' order by value`
  t.deepEqual(
    rows.map(row => row.metric_id),
    ['before', 'after'],
  )
})

test('DELETE removes what its WHERE names, whatever the labels and values, and nothing else', async t => {
  const writer = session(t, database.writer)
  const admin = session(t, database.admin)
  await writer`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    values ('2021-04-01', 'deleted', 'plain', 1, '{}')
         , ('2021-04-02', 'deleted', 'text', 'NaN', '{"value_str": "on", "port": 3}')
         , ('2021-04-02', 'deleted', 'text', 'NaN', '{"value_str": "off", "port": 3}')
         , ('2021-04-03', 'deleted', 'kept', 1, '{}')`
  const gone = await admin`
    delete from metrics where device_id = 'deleted' and (metric_id = 'plain' or labels ->> 'value_str' = 'on')`
  t.is(gone.count, 2)
  const rows = await writer`
    select metric_id, labels from metrics where device_id = 'deleted' order by timestamp`
  t.deepEqual(
    [...rows],
    [
      { metric_id: 'text', labels: { port: 3, value_str: 'off' } },
      { metric_id: 'kept', labels: {} },
    ],
  )
})

test('the user of the API can neither delete values nor change them', async t => {
  const sql = session(t, database.writer)
  t.is((await refusal(t, sql`delete from metrics where device_id = 'nobody'`)).code, '42501')
  t.is((await refusal(t, sql`update metrics set value = 0 where device_id = 'nobody'`)).code, '55000')
})

test('nothing is pending once the statements are done', async t => {
  const { admin, writer } = await testDatabase(t)
  const sql = session(t, writer)
  await sql`insert into metrics (device_id, metric_id) select 'pending', 'm' from generate_series(1, 100)`
  await refusal(t, sql`insert into metrics (device_id, metric_id) values ('pending', null)`)
  const owner = session(t, admin)
  await owner`delete from metrics where device_id = 'pending'`
  t.deepEqual([...(await owner`select * from kwollect.pending_metrics`)], [])
})
