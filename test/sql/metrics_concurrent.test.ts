import test from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { fileScope } from '../harness/scope.ts'
import { session } from './session.ts'

const file = fileScope(test)
let database: TestDatabase

test.before(async () => {
  database = await testDatabase(file)
})

test('the same new series from eight connections at once become one each, and no row is lost', async t => {
  const sql = session(t, database.writer, 8)
  await sql`select 1`
  await Promise.all(
    Array.from(
      { length: 8 },
      (_, writer) =>
        // each in an order of its own: an unsorted insert of series would dead-lock
        sql`insert into metrics (device_id, metric_id, value)
          select 'shared-' || number % 200, 'm', number
            from generate_series(1, 1000) as number
           order by (number * ${writer + 1} * 7919) % 1009`,
    ),
  )
  const admin = session(t, database.admin)
  const [series] =
    await admin`select count(*)::int as count from kwollect.series where device_id like 'shared-%'`
  const [rows] = await sql`select count(*)::int as count from metrics where device_id like 'shared-%'`
  t.deepEqual([series?.count, rows?.count], [200, 8000])
})

test('a writer waits for another transaction with the same new series, and stores its row when that gives up', async t => {
  const [first, second, admin] = [
    session(t, database.writer),
    session(t, database.writer),
    session(t, database.admin),
  ]
  const [{ pid } = { pid: 0 }] = await second<{ pid: number }[]>`select pg_backend_pid() as pid`
  await first`begin`
  await first`insert into metrics (device_id, metric_id, value) values ('contended', 'm', 1)`
  const waiting =
    second`insert into metrics (device_id, metric_id, value) values ('contended', 'm', 2)`.execute()
  await untilBlocked(admin, pid)
  await first`rollback`
  await waiting
  const rows = await second`select value from metrics where device_id = 'contended'`
  t.deepEqual([...rows], [{ value: 2 }])
})

test('a writer finds the series that another transaction committed while it waited', async t => {
  const [first, second, admin] = [
    session(t, database.writer),
    session(t, database.writer),
    session(t, database.admin),
  ]
  const [{ pid } = { pid: 0 }] = await second<{ pid: number }[]>`select pg_backend_pid() as pid`
  await first`begin`
  await first`insert into metrics (device_id, metric_id, value) values ('committed', 'm', 1)`
  const waiting =
    second`insert into metrics (device_id, metric_id, value) values ('committed', 'm', 2)`.execute()
  await untilBlocked(admin, pid)
  await first`commit`
  await waiting
  const rows = await second`select value from metrics where device_id = 'committed' order by value`
  t.deepEqual([...rows], [{ value: 1 }, { value: 2 }])
})

async function untilBlocked(admin: ReturnType<typeof session>, pid: number): Promise<void> {
  await until('the wait of the second writer', async () => {
    const [row] = await admin`select cardinality(pg_blocking_pids(${pid})) > 0 as blocked`
    return row?.blocked === true
  })
}
