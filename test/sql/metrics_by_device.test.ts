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

test('an alias has the sum of its devices at each instant, and names them sorted', async t => {
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    values ('2021-01-01', 'pdu-2', 'watt', 20, '{"_device_alias": "node-1", "unit": "W"}')
         , ('2021-01-01', 'pdu-1', 'watt', 10, '{"_device_alias": "node-1", "unit": "W"}')
         , ('2021-01-02', 'pdu-1', 'watt', 11, '{"_device_alias": "node-1", "unit": "W"}')`
  const rows = await sql`
    select to_char(timestamp, 'DD') as day, device_id, value, labels
      from metrics_by_device where device_id in ('node-1', 'pdu-1', 'pdu-2') order by timestamp, device_id`
  t.deepEqual(
    [...rows],
    [
      { day: '01', device_id: 'node-1', value: 30, labels: { unit: 'W', _device_orig: ['pdu-1', 'pdu-2'] } },
      { day: '01', device_id: 'pdu-1', value: 10, labels: { unit: 'W' } },
      { day: '01', device_id: 'pdu-2', value: 20, labels: { unit: 'W' } },
      { day: '02', device_id: 'node-1', value: 11, labels: { unit: 'W', _device_orig: ['pdu-1'] } },
      { day: '02', device_id: 'pdu-1', value: 11, labels: { unit: 'W' } },
    ],
  )
})

test('devices of an alias whose labels or metrics differ are not added', async t => {
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    values ('2021-01-01', 'a-1', 'watt', 1, '{"_device_alias": "a", "side": "left"}')
         , ('2021-01-01', 'a-2', 'watt', 2, '{"_device_alias": "a", "side": "right"}')
         , ('2021-01-01', 'a-3', 'temp', 4, '{"_device_alias": "a", "side": "left"}')
         , ('2021-01-01', 'a-4', 'temp', 8, '{"_device_alias": "a", "side": "left", "value_str": "on"}')`
  const rows = await sql`
    select metric_id, value, labels ->> 'side' as side, labels ->> 'value_str' as text
      from metrics_by_device where device_id = 'a' order by value`
  t.deepEqual(
    [...rows],
    [
      { metric_id: 'watt', value: 1, side: 'left', text: null },
      { metric_id: 'watt', value: 2, side: 'right', text: null },
      { metric_id: 'temp', value: 4, side: 'left', text: null },
      { metric_id: 'temp', value: 8, side: 'left', text: 'on' },
    ],
  )
})

test('an alias that is the name of a device has the rows of both', async t => {
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    values ('2021-01-01', 'same', 'watt', 1, '{}'), ('2021-01-01', 'other', 'watt', 2, '{"_device_alias": "same"}')`
  const rows = await sql`select value, labels from metrics_by_device where device_id = 'same' order by value`
  t.deepEqual(
    [...rows],
    [
      { value: 1, labels: {} },
      { value: 2, labels: { _device_orig: ['other'] } },
    ],
  )
})

test('a sum with a NaN is NaN', async t => {
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    values ('2021-01-01', 'n-1', 'watt', 1, '{"_device_alias": "n"}')
         , ('2021-01-01', 'n-2', 'watt', 'NaN', '{"_device_alias": "n"}')`
  const [row] = await sql`select value from metrics_by_device where device_id = 'n'`
  t.is(row?.value, Number.NaN)
})

test('predicates on device, metric and time reach the indexes from every view, and other chunks are left alone', async t => {
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    select timestamptz '2022-01-01' + day * interval '1 day', 'device-' || device, 'metric-' || device % 5, day
         , jsonb_build_object('_device_alias', 'alias-' || device / 2)
      from generate_series(0, 9) as day
     cross join generate_series(1, 2000) as device`
  const admin = session(t, database.admin)
  await admin`analyze kwollect.series`
  await admin`analyze kwollect.samples`
  for (const view of ['metrics', 'metrics_by_device']) {
    const plan = await planOf(admin, view, { device: view === 'metrics' ? 'device-7' : 'alias-7' })
    t.notRegex(plan, /Seq Scan/, plan)
    t.regex(plan, /Index.* on series/, plan)
    t.is(new Set(plan.match(/_hyper_\d+_\d+_chunk(?=\b)/g)).size, 1, plan)
  }
})

async function planOf(
  admin: postgres.Sql,
  view: string,
  { device }: { readonly device: string },
): Promise<string> {
  const rows = await admin`
    explain (costs off)
    select * from ${admin(view)}
     where device_id = ${device} and metric_id = 'metric-2'
       and timestamp >= '2022-01-05 00:00:00+00' and timestamp < '2022-01-05 01:00:00+00'`
  return rows.map(row => row['QUERY PLAN']).join('\n')
}
