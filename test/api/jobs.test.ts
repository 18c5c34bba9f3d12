import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import postgres from 'postgres'
import { until } from '../../scripts/stack/until.ts'
import { privateCluster } from '../harness/cluster.ts'
import { installedDatabase, type TestDatabase, testDatabase } from '../harness/database.ts'
import { startPostgrest } from '../harness/postgrest.ts'
import { repository } from '../harness/processes.ts'
import { session } from '../sql/session.ts'
import { getMetrics, request } from './client.ts'

/** Jobs of a scheduler that keeps them in a table: 1,000 jobs of 10 nodes each, which ask for the same. */
async function createJobs(database: TestDatabase, admin: postgres.Sql): Promise<void> {
  await admin.unsafe(`
    create table queue as
    select number as job, 'node-' || number * 10 + part as node, 'prom_.*'::text as expression
      from generate_series(1, 1000) as number, generate_series(0, 9) as part;
    create or replace view promoted_metrics_per_job as select job as job_id, node, expression as metric_id from queue;
    grant select on queue to kwollect_owner;
    grant all on queue to ${database.user}`)
}

test('50 calls at once leave what one leaves, and all of them return it', async t => {
  const database = await testDatabase(t)
  const admin = session(t, database.admin)
  await createJobs(database, admin)
  await admin`insert into promoted_metrics values ('by-hand', null), ('node-11', 'prom_.*')`
  const api = await startPostgrest(t, database)
  const call = () => request(api, '/rpc/update_promoted_metrics', { method: 'POST', token: api.token })
  const answers = await Promise.all(Array.from({ length: 50 }, call))
  const [first] = answers
  t.is((first?.json as unknown[] | undefined)?.length, 10_001)
  for (const { status, text } of answers) t.true(status === 200 && text === first?.text)
  const [counts] = await admin`
    select count(*) filter (where by_job) as by_job, count(*) filter (where not by_job) as by_hand from kwollect.promotions`
  t.deepEqual(counts, { by_job: '10000', by_hand: '2' })
})

test('calls while jobs come and go end with what the last jobs ask for', async t => {
  const database = await testDatabase(t)
  const admin = session(t, database.admin)
  await createJobs(database, admin)
  const writers = session(t, database.writer, 8)
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      // Each job tells after its change is committed, as hooks do.
      await writers`delete from queue where job between ${index * 25 + 1} and ${index * 25 + 24}`
      await writers`select count(*) from api.update_promoted_metrics()`
    }),
  )
  const [left] = await admin`
    select (select count(*) from queue) as asked
         , (select count(*) from promoted_metrics) as promoted
         , (select count(*) from promoted_metrics join queue on queue.node = promoted_metrics.device_id) as right`
  t.deepEqual(left, { asked: '400', promoted: '400', right: '400' })
})

test('calls that waited for another one share one look at the scheduler, from after all of them', async t => {
  const database = await testDatabase(t)
  const admin = session(t, database.admin)
  await createJobs(database, admin)
  // Materialized, so that whatever the plan, a look counts once.
  await admin.unsafe(`
    create sequence looks;
    grant usage on looks to kwollect_owner;
    create or replace view promoted_metrics_per_job as
      with look as materialized (select nextval('looks') as number)
    select queue.job as job_id, queue.node, queue.expression as metric_id
      from look join queue on look.number > 0`)
  const looks = async () => (await admin`select last_value from looks where is_called`)[0]?.last_value
  // Connected beforehand: a call waits no longer than its lock_timeout for the slowest of them.
  const callers = Array.from({ length: 5 }, () => session(t, database.writer))
  await Promise.all(callers.map(caller => caller`select`))
  const call = (caller: postgres.Sql) => caller`select count(*) from api.update_promoted_metrics()`
  const blocker = session(t, database.admin)
  await blocker`begin`
  await blocker`lock table kwollect.promotions in share row exclusive mode`
  const waiting = Promise.all(callers.map(call))
  await until('five waiting calls', async () => {
    // pg_locks is about all databases, and this table has the same number in every copy of the template.
    const rows = await admin`
      select
        from pg_locks
       where not granted
         and relation = 'kwollect.promotions'::regclass
         and database = (select oid from pg_database where datname = current_database())`
    return rows.length === 5
  })
  await admin`delete from queue where job > 1`
  await blocker`commit`
  for (const [row] of await waiting) t.is(row?.count, '10')
  t.is(await looks(), '1')
  await Promise.all(callers.slice(0, 1).map(call))
  t.is(await looks(), '2')
})

test('without the token nothing is updated', async t => {
  const database = await testDatabase(t)
  const api = await startPostgrest(t, database)
  const { status } = await request(api, '/rpc/update_promoted_metrics', { method: 'POST' })
  t.is(status, 401)
})

test('a scheduler that takes longer than the time-out is 504 with what to do, not 500', async t => {
  const database = await installedDatabase(t, (await privateCluster(t)).address)
  const admin = session(t, database.admin)
  await admin.unsafe(`
    alter role ${database.user} set statement_timeout = '200ms';
    create or replace view promoted_metrics_per_job as
    select 1 as job_id, 'node-1'::text as node, '.*'::text as metric_id from pg_sleep(60)`)
  const api = await startPostgrest(t, database)
  const { status, json } = await request(api, '/rpc/update_promoted_metrics', {
    method: 'POST',
    token: api.token,
  })
  t.deepEqual(
    { status, ...(json as object) },
    {
      status: 504,
      code: 'PT504',
      message: 'asking what jobs want took too long: what is promoted stays as it was',
      hint: 'kwollector asks again within a minute; look at what promoted_metrics_per_job reads from.',
      details: null,
    },
  )
  t.is((await admin`select from promoted_metrics`).length, 0)
})

test('only changes are announced', async t => {
  const database = await testDatabase(t)
  const admin = session(t, database.admin)
  await createJobs(database, admin)
  const listener = postgres(database.writer, { max: 2 })
  t.teardown(() => listener.end({ timeout: 5 }))
  let announced = 0
  const end = Promise.withResolvers<void>()
  await listener.listen('kwollect_promotions', payload => {
    if (payload === 'end') end.resolve()
    else announced += 1
  })
  const writer = session(t, database.writer)
  for (let call = 0; call < 3; call += 1) await writer`select count(*) from api.update_promoted_metrics()`
  await admin`update queue set expression = 'other' where job = 7`
  await writer`select count(*) from api.update_promoted_metrics()`
  await listener.notify('kwollect_promotions', 'end')
  await end.promise
  t.is(announced, 2, 'the first call and the change, both once')
})

test('the example of docs/schedulers.md for any scheduler answers by job and promotes', async t => {
  const database = await testDatabase(t)
  const admin = session(t, database.admin)
  const page = readFileSync(join(repository, 'docs', 'schedulers.md'), 'utf8')
  const example =
    /```sql\n(-- as the administrator.*\nCREATE OR REPLACE VIEW nodetime_per_job[\s\S]*?)```/.exec(
      page,
    )?.[1] ?? ''
  t.regex(example, /CREATE OR REPLACE VIEW promoted_metrics_per_job/)
  await admin.unsafe(`
    create table my_jobs (id bigint, state text, started timestamptz, ended timestamptz, host varchar, wanted_metrics text);
    insert into my_jobs values
      (7, 'running', now() - interval '1 hour', null, 'node-1.lyon.example.org', 'prom_.*'),
      (8, 'done', now() - interval '3 hours', now() - interval '2 hours', 'node-1.lyon.example.org', '.*');
    ${example}`)
  await admin`insert into metrics (timestamp, device_id, metric_id, value)
              values (now() - interval '150 minutes', 'node-1', 'm', 8), (now() - interval '1 minute', 'node-1', 'm', 7)`
  const api = await startPostgrest(t, database)
  for (const job of [7, 8]) {
    const { json } = await getMetrics(api, { job_id: String(job) })
    t.deepEqual(
      (json as { value: number }[]).map(({ value }) => value),
      [job],
    )
  }
  const { json } = await request(api, '/rpc/update_promoted_metrics', { method: 'POST', token: api.token })
  t.deepEqual(json, [{ device_id: 'node-1', metric_id: 'prom_.*' }])
})

test("another scheduler's database that is away is said so too", async t => {
  const database = await testDatabase(t)
  const admin = session(t, database.admin)
  await admin.unsafe(`
    create extension postgres_fdw;
    create server other foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');
    create user mapping for public server other options (user 'u', password 'p');
    create foreign table jobs (job_id integer, start_time timestamptz, stop_time timestamptz, node text) server other;
    create or replace view nodetime_per_job as select * from jobs;
    grant usage on foreign server other to kwollect_owner;
    grant select on jobs to kwollect_owner`)
  const api = await startPostgrest(t, database)
  const { status, json } = await getMetrics(api, { job_id: '1' })
  const { code, message } = json as { code: string; message: string }
  t.deepEqual(
    [status, code, message],
    [
      503,
      'PT503',
      "The job scheduler's database does not answer: jobs cannot be looked up. Queries by device work.",
    ],
  )
})
