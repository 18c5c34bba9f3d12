import test, { type ExecutionContext } from 'ava'
import type postgres from 'postgres'
import { until } from '../../scripts/stack/until.ts'
import { getMetrics, request } from '../api/client.ts'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { startPostgrest, type TestApi } from '../harness/postgrest.ts'
import { fileScope } from '../harness/scope.ts'
import { testWhere } from '../harness/server.ts'
import { type Oar, startOar } from '../peers/oar.ts'
import { oarMissing } from '../peers/oar_database.ts'
import { session } from '../sql/session.ts'
import { connectOar } from './connect.ts'

const file = fileScope(test)
const jobTest = testWhere(test.serial, oarMissing)
let oar: Oar
let database: TestDatabase
let reader: postgres.Sql
let writer: postgres.Sql
let api: TestApi

test.before(async () => {
  if (oarMissing !== undefined) return
  database = await testDatabase(file)
  const nodes = ['node-1.lyon.example.org', 'node-1.lyon.example.org', 'node-2.lyon.example.org', 'node-3']
  oar = await startOar(file, { nodes })
  // What is no node: a licence.
  await oar.command('oarnodesetting', '-a', '-p', 'type=licence')
  await connectOar(file, database, oar.options)
  reader = session(file, database.reader)
  writer = session(file, database.writer)
  api = await startPostgrest(file, database)
})

interface NodeTime {
  readonly job_id: number
  readonly start_time: Date
  readonly stop_time: Date | null
  readonly node: string
}

async function nodeTimes(job: number): Promise<NodeTime[]> {
  return [...(await reader<NodeTime[]>`select * from nodetime_per_job where job_id = ${job} order by node`)]
}

/** Seconds, as OAR has them. */
async function timesInOar(job: number) {
  const [row] = await oar.sql<{ start_time: number; stop_time: number; state: string }[]>`
    select start_time, stop_time, state from jobs where job_id = ${job}`
  return row ?? { start_time: 0, stop_time: 0, state: 'unknown' }
}

/** The nodes as OAR's own command for users tells them. */
async function nodesByOar(job: number): Promise<string[]> {
  const output = await oar.command('oarstat', '-f', '-j', String(job))
  const assigned = /assigned_hostnames = (.*)/.exec(output)?.[1] ?? ''
  return assigned
    .split('+')
    .map(name => name.replace(/\..*/, '').trim())
    .sort()
}

/** Asks for all nodes, so that whoever comes later waits. */
function runOnAll(...args: readonly string[]): Promise<number> {
  return oar.submit('-l', '/network_address=3,walltime=0:2:0', ...args, 'sleep 60')
}

async function end(...jobs: readonly number[]): Promise<void> {
  await oar.command('oardel', ...jobs.map(String))
  for (const job of jobs) await oar.untilState(job, 'Terminated', 'Error')
}

jobTest(
  'a job has its nodes, without domain, from its start, with no end while it runs, and afterwards too',
  async t => {
    const job = await runOnAll()
    await oar.untilState(job, 'Running')
    const running = await nodeTimes(job)
    const { start_time } = await timesInOar(job)
    const start = new Date(start_time * 1_000)
    t.deepEqual(
      running,
      ['node-1', 'node-2', 'node-3'].map(node => ({ job_id: job, start_time: start, stop_time: null, node })),
    )
    await end(job)
    const { stop_time } = await timesInOar(job)
    t.true(stop_time > 0)
    const stop = new Date(stop_time * 1_000)
    // By now OAR has moved what it was assigned to the past (assigned_resource_index LOG).
    await until('the move of the resources to the past', async () => {
      const left = await oar.sql`select from assigned_resources where assigned_resource_index = 'CURRENT'`
      return left.length === 0
    })
    t.deepEqual(
      await nodeTimes(job),
      running.map(row => ({ ...row, stop_time: stop })),
    )
  },
)

jobTest('jobs that wait, are reserved or held have no nodes yet, though OAR knows their start', async t => {
  const running = await runOnAll()
  await oar.untilState(running, 'Running')
  const waiting = await runOnAll()
  const held = await runOnAll('--hold')
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 19).replace('T', ' ')
  const reserved = await oar.submit('-r', tomorrow, '-l', '/network_address=1,walltime=0:2:0', 'sleep 1')
  await until('the reservation', async () => (await timesInOar(reserved)).start_time > 0)
  for (const job of [waiting, held, reserved]) t.deepEqual(await nodeTimes(job), [], `job ${job}`)
  await end(running, waiting, held, reserved)
  for (const job of [waiting, held, reserved]) t.deepEqual(await nodeTimes(job), [], `job ${job}, deleted`)
})

jobTest(
  'a job that was asked for in two ways has the nodes that it got, not those of its neighbour',
  async t => {
    // Two -l make two moldable descriptions: from here on their numbers run ahead of the jobs' numbers.
    const two = await oar.submit(
      '-l',
      '/network_address=2,walltime=0:2:0',
      '-l',
      '/network_address=1,walltime=0:1:0',
      'sleep 60',
    )
    await oar.untilState(two, 'Running')
    const after = await oar.submit('-l', '/network_address=1,walltime=0:2:0', 'sleep 60')
    await oar.untilState(after, 'Running')
    for (const job of [two, after]) {
      const nodes = (await nodeTimes(job)).map(({ node }) => node)
      t.deepEqual(nodes, await nodesByOar(job))
      t.true(nodes.length > 0)
    }
    const [next] = await oar.sql<{ moldable: number }[]>`
    select assigned_moldable_job as moldable from jobs where job_id = ${after}`
    t.not(next?.moldable, after)
    await end(two, after)
  },
)

jobTest(
  'types monitor and monitor=<expression> promote while the job runs; a hostile one costs no other',
  async t => {
    const all = await oar.submit('-t', 'monitor', '-l', '/network_address=1,walltime=0:2:0', 'sleep 60')
    const hostile = await oar.submit(
      '-t',
      'monitor=a(',
      '-l',
      '/network_address=1,walltime=0:2:0',
      'sleep 60',
    )
    const quoted = 'monitor=x"); drop table metrics; --'
    const some = await oar.submit('-t', quoted, '-l', '/network_address=1,walltime=0:2:0', 'sleep 60')
    for (const job of [all, hostile, some]) await oar.untilState(job, 'Running')
    await writer`insert into promoted_metrics values ('by-hand', 'kept')`
    const answer = await request(api, '/rpc/update_promoted_metrics', { method: 'POST', token: api.token })
    t.is(answer.status, 200, answer.text)
    const [node] = (await nodeTimes(all)).map(row => row.node)
    t.deepEqual(answer.json, [
      { device_id: 'by-hand', metric_id: 'kept' },
      { device_id: node, metric_id: '.*' },
    ])
    const asked = await reader<{ metric_id: string }[]>`
    select metric_id from promoted_metrics_per_job where job_id = ${some}`
    t.deepEqual(
      asked.map(row => row.metric_id),
      [quoted.slice('monitor='.length)],
    )
    await end(all, hostile, some)
    const afterwards = await request(api, '/rpc/update_promoted_metrics', {
      method: 'POST',
      token: api.token,
    })
    t.deepEqual(afterwards.json, [{ device_id: 'by-hand', metric_id: 'kept' }])
  },
)

/** The queries that PostgreSQL sends to OAR for this one. */
async function sentToOar(query: string): Promise<string[]> {
  const rows = await reader.unsafe<{ 'QUERY PLAN': string }[]>(`explain (verbose, costs off) ${query}`)
  return rows.map(row => row['QUERY PLAN']).flatMap(line => /Remote SQL: (.*)/.exec(line)?.[1] ?? [])
}

jobTest('conditions on the job, its node and its times are decided by OAR, in one query', async t => {
  const [job, ...others] = await sentToOar('select * from nodetime_per_job where job_id = 1234')
  t.deepEqual(others, [])
  t.regex(job ?? '', /\(\(r\d+\.job_id = 1234\)\)/, 'the bare column, so that its index is used')
  t.regex(job ?? '', /assigned_resources.*resources.*GROUP BY/)
  const [rest, ...none] = await sentToOar(`
    select * from nodetime_per_job
     where node = 'node-1' and start_time < '2024-01-02 00:00:00+00' and (stop_time is null or stop_time > '2024-01-01 00:00:00+00')`)
  t.deepEqual(none, [])
  t.regex(rest ?? '', /split_part\(r\d+\.network_address, '\.'::text, 1\) = 'node-1'/)
  t.regex(rest ?? '', /to_timestamp\(r\d+\.start_time\) < '2024-01-02 00:00:00\+00'/)
  t.regex(rest ?? '', /stop_time.* IS NULL/)
  const promoted = await sentToOar('select * from promoted_metrics_per_job')
  t.is(promoted.length, 1)
  t.regex(promoted[0] ?? '', /Launching,Running/)
  for (const query of await sentToOar('select * from metrics_by_job where job_id = 1234')) {
    t.regex(query, /r\d+\.job_id = 1234/)
  }
})

jobTest('a parameter of a function reaches OAR as one, so that a job is looked up by index', async t => {
  await reader.unsafe('prepare lookup (integer) as select * from nodetime_per_job where job_id = $1')
  await reader.unsafe('set plan_cache_mode = force_generic_plan')
  const [query] = await sentToOar('execute lookup (1234)')
  t.regex(query ?? '', /r\d+\.job_id = \$1/)
  await reader.unsafe('reset plan_cache_mode')
})

/** Everything over HTTP that needs OAR, at once. */
async function askByJob() {
  const asked = await Promise.all([
    getMetrics(api, { job_id: '1' }),
    request(api, `/rpc/available_metrics?params=${encodeURIComponent('{"job_id":1}')}`),
    request(api, '/rpc/update_promoted_metrics', { method: 'POST', token: api.token }),
    request(api, '/metrics_by_job?job_id=eq.1'),
    request(api, '/nodetime_per_job?job_id=eq.1'),
  ])
  const answers = asked.map(({ status, text, json }) => {
    const { message, code, details } = json as { message: string; code: string; details: string }
    return { status, text, message, code, details }
  })
  return { functions: answers.slice(0, 3), views: answers.slice(3) }
}

/** The connect time-out is 3 s; a test that waits for TCP's own, minutes, must fail. */
async function patiently<T>(t: ExecutionContext, work: () => Promise<T>): Promise<T> {
  t.timeout(10_000, 'an answer within the connect time-out')
  const result = await work()
  t.timeout(120_000)
  return result
}

jobTest('with OAR away queries by device work, and those by job say in seconds what is wrong', async t => {
  await writer`insert into metrics (device_id, metric_id, value) values ('node-1', 'm', 7)`
  const port = oar.cluster.address.port
  const sentence = `The OAR database does not answer (127.0.0.1:${port}): jobs cannot be looked up. Queries by device work.`
  const server = oar.cluster.server
  // Stopped, it accepts connections (the kernel does) and never answers; killed, it refuses them.
  server?.signal('SIGSTOP')
  try {
    const hanging = await patiently(t, askByJob)
    for (const { status, text, message } of hanging.functions)
      t.deepEqual([status, message], [503, sentence], text)
    for (const { status, text, details } of hanging.views) {
      t.is(status, 503)
      t.regex(details, /timeout expired/, text)
    }
  } finally {
    server?.signal('SIGCONT')
  }
  await oar.cluster.kill()
  try {
    const refusing = await patiently(t, askByJob)
    for (const { status, message, code, text } of refusing.functions) {
      t.deepEqual([status, code, message], [503, 'PT503', sentence])
      t.false(text.includes(String(oar.options.oardb_password)))
    }
    for (const { status, message, details, text } of refusing.views) {
      t.deepEqual([status, message], [503, 'could not connect to server "OAR database"'])
      t.regex(details, new RegExp(`port ${port} failed: Connection refused`))
      t.false(text.includes(String(oar.options.oardb_password)))
    }
    const byDevice = await getMetrics(api, { devices: 'node-1' })
    t.deepEqual(
      (byDevice.json as { value: number }[]).map(row => row.value),
      [7],
    )
    t.deepEqual([...(await reader`select value from metrics where device_id = 'node-1'`)], [{ value: 7 }])
  } finally {
    await oar.cluster.start()
  }
  t.is((await getMetrics(api, { job_id: '1' })).status, 200)
})
