import test from 'ava'
import {
  type BenchDatabase,
  closeDatabase,
  connect,
  fillDatabase,
  languageOf,
  wideDatabase,
} from '../../scripts/bench/databases.ts'
import { type Extent, readExtent, valueCount } from '../../scripts/bench/dataset.ts'
import { compareAnswers, queries } from '../../scripts/bench/query_works.ts'
import { dropWritten, measureBytes } from '../../scripts/bench/storage_works.ts'
import { testDatabase, uniqueName } from '../harness/database.ts'
import { fileScope } from '../harness/scope.ts'
import { testServer } from '../harness/server.ts'

/** Two chunks, nodes enough for the small job. */
const extent: Extent = { nodes: 8, hours: 12, dataEnd: new Date('2026-06-01T00:00:00Z') }

const file = fileScope(test)
let narrow: BenchDatabase
let wide: BenchDatabase

test.before(async () => {
  const { address } = testServer()
  const database = await testDatabase(file)
  narrow = await fillDatabase(address, database.name, 'narrow', extent, () => undefined)
  file.teardown(() => closeDatabase(narrow))
  const name = uniqueName('wide')
  file.teardown(async () => {
    const server = connect(address, 'postgres')
    await server`drop database if exists ${server(name)} with (force)`
    await server.end()
  })
  wide = await wideDatabase(address, name, extent, () => undefined)
  file.teardown(() => closeDatabase(wide))
})

test('both layouts hold the same values, as many as announced', async t => {
  const summarise = ({ sql }: BenchDatabase) => sql`
    select count(*)::integer as count
         , sum(hashtextextended(row_to_json(metric)::text, 0))::text as hash
      from (select timestamp, device_id, metric_id, value, labels from public.metrics) as metric`
  const [ours] = await summarise(narrow)
  const [baseline] = await summarise(wide)
  t.is(ours?.count, valueCount(extent))
  t.deepEqual(ours, baseline)
})

for (const [index, { name }] of queries(extent.dataEnd, 'plpgsql').entries()) {
  test(`both layouts give the same answer: ${name}`, async t => {
    const query = queries(extent.dataEnd, await languageOf(wide.sql))[index]
    if (query === undefined) return t.fail()
    await t.notThrowsAsync(compareAnswers({ narrow, wide, tenth: narrow }, query))
  })
}

test('a value of a power port takes fewer bytes in our layout', async t => {
  const line = await measureBytes({ narrow, wide })
  t.true(line.met, JSON.stringify(line))
})

// Alone: the others count all values.
test.serial('what a bench writes behind the data is removed again', async t => {
  const later = new Date(extent.dataEnd.getTime() + 86_400_000)
  for (const { sql } of [narrow, wide]) {
    await sql`call bench.make_batch(${later}, 100)`
    await sql`insert into public.metrics (timestamp, device_id, metric_id, value, labels)
              select timestamp, device_id, metric_id, value, labels from bench.batch`
  }
  await dropWritten({ narrow, wide })
  for (const { sql } of [narrow, wide]) {
    const [row] =
      await sql`select count(*)::integer as count from public.metrics where timestamp >= ${extent.dataEnd}`
    t.is(row?.count, 0)
  }
})

test('a database knows what it holds', async t => {
  t.deepEqual(await readExtent(narrow.sql), extent)
})
