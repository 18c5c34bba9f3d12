import test from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { JobPromotions } from '../../sidecar/job_promotions.ts'
import type { Clock } from '../../sidecar/schedule.ts'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import type { Scope } from '../harness/scope.ts'
import { withConnection } from '../harness/server.ts'
import { keptLog } from './samples.ts'
import { addressOf } from './storing.ts'

/** The time between two calls passes when the test says so. */
function startJobPromotions(scope: Scope, database: TestDatabase) {
  const planned: { ms: number; callback: () => void }[] = []
  const clock: Clock = {
    now: () => Date.now(),
    after(ms, callback) {
      planned.push({ ms, callback })
      return () => {}
    },
  }
  const log = keptLog()
  const promotions = new JobPromotions(addressOf(database), clock, log)
  scope.teardown(() => promotions.stop())
  return {
    log,
    /** Lets the time pass that was asked for. @returns how long it was */
    next: async () => {
      const { ms, callback } = await until('the plan of the next call', () => planned.shift())
      callback()
      await until('the end of the call', () => planned.length > 0)
      return ms
    },
  }
}

function promotedNow(database: TestDatabase): Promise<string[]> {
  return withConnection(database.reader, async sql => {
    const rows = await sql<
      { what: string }[]
    >`select device_id || ' ' || metric_id as what from promoted_metrics order by 1`
    return rows.map(({ what }) => what)
  })
}

async function runJobs(database: TestDatabase, query: string): Promise<void> {
  await withConnection(database.admin, sql =>
    sql.unsafe(
      `create or replace view promoted_metrics_per_job as select * from (${query}) as job (job_id, node, metric_id)`,
    ),
  )
}

test('without any hook promotions follow the jobs every 10 s, and rows put by hand stay', async t => {
  const database = await testDatabase(t)
  await withConnection(database.writer, sql => sql`insert into promoted_metrics values ('by-hand', 'm')`)
  await runJobs(database, `select 1, 'node-1', 'prom_.*' union all select 2, 'node-2', '.*'`)
  const { next, log } = startJobPromotions(t, database)
  t.is(await next(), 0)
  t.deepEqual(await promotedNow(database), ['by-hand m', 'node-1 prom_.*', 'node-2 .*'])
  await runJobs(database, `select 2, 'node-2', '.*'`)
  t.is(await next(), 10_000)
  t.deepEqual(await promotedNow(database), ['by-hand m', 'node-2 .*'])
  t.deepEqual(log.lines, [])
})

test('a scheduler whose database fails is logged once until it works again, and promotions stand meanwhile', async t => {
  const database = await testDatabase(t)
  await runJobs(database, `select 1, 'node-1', 'm'`)
  const { next, log } = startJobPromotions(t, database)
  await next()
  await runJobs(database, `select 1 / (random() * 0)::integer, 'node-1', 'm'`)
  await next()
  await next()
  t.deepEqual(log.lines, ['warning optional metrics do not follow the jobs: division by zero'])
  t.deepEqual(await promotedNow(database), ['node-1 m'])
  await runJobs(database, `select 1, 'node-2', 'm'`)
  await next()
  t.deepEqual(await promotedNow(database), ['node-2 m'])
  await runJobs(database, `select 1 / (random() * 0)::integer, 'node-1', 'm'`)
  await next()
  t.is(log.lines.length, 2)
})

test('a hostile expression of a job is logged once, and costs no other job', async t => {
  const database = await testDatabase(t)
  await runJobs(database, `select 1, 'node-1', 'a(' union all select 2, 'node-2', 'b'`)
  const { next, log } = startJobPromotions(t, database)
  await next()
  await next()
  t.deepEqual(await promotedNow(database), ['node-2 b'])
  t.is(log.lines.length, 1)
  t.regex(log.lines[0] ?? '', /^warning 'a\(' is no regular expression/)
})
