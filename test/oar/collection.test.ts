import { readdirSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { getMetrics, request } from '../api/client.ts'
import type { TestDatabase } from '../harness/database.ts'
import type { TestApi } from '../harness/postgrest.ts'
import { testWhere, withConnection } from '../harness/server.ts'
import { oarMissing } from '../peers/oar_database.ts'
import { snmpdMissing } from '../peers/snmpd.ts'
import { stopKwollector } from '../sidecar/kwollector_program.ts'
import { metrics, type Site, startApi, startSite } from './site.ts'

const optional = metrics.filter(metric => metric.optional).map(({ name }) => name)

/** Seconds by which OAR's times, whole seconds and set ahead of the launch, and those of values may differ. */
const slack = 3

interface Stored {
  readonly device_id: string
  readonly metric_id: string
  readonly second: number
}

const stored = (database: TestDatabase) =>
  withConnection(
    database.reader,
    sql => sql<Stored[]>`
      select device_id, metric_id, extract(epoch from timestamp)::float8 as second from metrics order by timestamp`,
  )

const promoted = (database: TestDatabase) =>
  withConnection(
    database.reader,
    sql => sql<{ device_id: string }[]>`select device_id, metric_id from promoted_metrics order by 1`,
  )

/** Waits for values of a metric on all nodes of a job. */
function untilCollected(site: Site, job: number, metric: string, times: number): Promise<boolean> {
  return until(
    `${times} values of ${metric} in job ${job}`,
    async () => {
      const [row] = await withConnection(
        site.database.reader,
        sql => sql<{ is_enough: boolean | null }[]>`
          select bool_and(${times} <= (
                   select count(*)
                     from metrics
                    where device_id = job.node and metric_id = ${metric} and timestamp >= job.start_time
                 )) as is_enough
            from nodetime_per_job as job
           where job_id = ${job}`,
      )
      return row?.is_enough === true
    },
    20_000,
  )
}

/** Nodes of a job with its start and its end, in seconds. */
async function nodesOf(api: TestApi, job: number) {
  const { json } = await request(api, `/nodetime_per_job?job_id=eq.${job}&order=node`)
  const rows = json as { node: string; start_time: string; stop_time: string }[]
  return rows.map(({ node, start_time, stop_time }) => ({
    node,
    start: Date.parse(start_time) / 1_000,
    stop: Date.parse(stop_time) / 1_000,
  }))
}

const siteTest = testWhere(test, oarMissing ?? snmpdMissing)

siteTest(
  'exactly the optional metrics of exactly the nodes of a job are collected while it runs',
  async t => {
    t.timeout(180_000)
    const site = await startSite(t)
    const { oar, database } = site
    const { api } = await startApi(t, site)

    // Two nodes for all optional metrics, one for some, at the same time.
    const all = await oar.submit('-t', 'monitor', '-l', '/network_address=2,walltime=0:2:0', 'sleep 60')
    const some = await oar.submit(
      '-t',
      'monitor=prom_.*',
      '-l',
      '/network_address=1,walltime=0:2:0',
      'sleep 4',
    )
    await Promise.all([untilCollected(site, all, 'fan_rpm', 5), untilCollected(site, some, 'prom_load', 5)])
    await oar.command('oardel', String(all))
    await Promise.all([oar.untilState(all, 'Error', 'Terminated'), oar.untilState(some, 'Terminated')])
    await until('the end of all promotions', async () => (await promoted(database)).length === 0)
    // One that asks for nothing, then one that runs no command.
    const none = await oar.submit('-l', '/network_address=3,walltime=0:2:0', 'sleep 2')
    await oar.untilState(none, 'Terminated')
    const noop = await oar.submit(
      '-t',
      'noop',
      '-t',
      'monitor=fan',
      '-l',
      '/network_address=1,walltime=0:2:0',
    )
    await untilCollected(site, noop, 'fan_rpm', 5)
    await oar.command('oardel', String(noop))
    await oar.untilState(noop, 'Error', 'Terminated')
    // Its epilogue runs before its end is committed, and asks again 1.5 s later.
    await until('the end of all promotions', async () => (await promoted(database)).length === 0, 20_000)

    const wanted = new Map([
      [all, optional],
      [some, ['prom_load', 'prom_rare']],
      [none, []],
      [noop, ['fan_rpm']],
    ])
    const spans = (
      await Promise.all(
        [...wanted].map(async ([job, names]) =>
          (await nodesOf(api, job)).map(span => ({ ...span, job, names })),
        ),
      )
    ).flat()
    t.deepEqual(
      [all, some, none, noop].map(job => spans.filter(span => span.job === job).length),
      [2, 1, 3, 1],
      'a node stands once, however many of its resources the job has',
    )
    // Well after the last job: three more rounds of what is always collected.
    const end = Math.max(...spans.map(({ stop }) => stop)) + slack
    const values = await until('values after the last job', async () => {
      const rows = await stored(database)
      return (rows.findLast(row => row.metric_id === 'power_watt')?.second ?? 0) > end + 0.5 && rows
    })
    for (const { device_id, metric_id, second } of values) {
      if (metric_id === 'power_watt') continue
      const node = device_id === 'switch-1' ? 'node-3' : device_id
      t.true(
        spans.some(
          ({ names, ...span }) =>
            span.node === node &&
            (names.includes(metric_id) || (metric_id === 'prom_port' && names.includes('prom_load'))) &&
            second >= span.start - slack &&
            second <= span.stop + slack + (span.job === noop ? 10 : 0),
        ),
        `${metric_id} of ${device_id} at ${second}, outside of all jobs`,
      )
    }
    // Every node that was asked for it, the rare one once a job, as soon as the job began.
    for (const { node, start, stop, names } of spans) {
      const within = (name: string) =>
        values.filter(
          row =>
            row.device_id === node &&
            row.metric_id === name &&
            row.second > start - slack &&
            row.second < stop + slack,
        )
      if (names.includes('prom_load')) t.true(within('prom_load').length >= 5)
      if (names.includes('prom_rare')) {
        t.is(within('prom_rare').length, 1)
        t.true((within('prom_rare')[0]?.second ?? 0) < start + slack)
      }
    }
    t.is(
      values.some(row => row.device_id === 'switch-1'),
      spans.some(({ node, names }) => node === 'node-3' && names.includes('prom_load')),
    )

    const ofAll = spans.filter(({ job }) => job === all)
    await compareOverHttp(t, api, values, all, ofAll)
    await stopKwollector(t, site.program, database)
  },
)

/** get_metrics and metrics_by_job give what is stored of the job's nodes between its start and its stop. */
async function compareOverHttp(
  t: ExecutionContext,
  api: TestApi,
  values: readonly Stored[],
  job: number,
  spans: readonly { node: string; start: number; stop: number }[],
): Promise<void> {
  const expected = values
    .filter(row =>
      spans.some(
        ({ node, start, stop }) => row.device_id === node && row.second >= start && row.second <= stop,
      ),
    )
    .map(({ device_id, metric_id, second }) => `${device_id} ${metric_id} ${second.toFixed(3)}`)
    .sort()
  const shown = (rows: unknown) =>
    (
      rows as {
        device_id: string
        metric_id: string
        timestamp: string
        labels: { _device_orig?: string[] }
      }[]
    )
      .filter(({ labels }) => labels._device_orig === undefined)
      .map(row => `${row.device_id} ${row.metric_id} ${(Date.parse(row.timestamp) / 1_000).toFixed(3)}`)
      .sort()
  t.true(expected.length > 20)
  t.true(expected.some(row => row.includes('fan_rpm')))
  t.deepEqual(shown((await getMetrics(api, { job_id: String(job) })).json), expected)
  t.deepEqual(shown((await request(api, `/metrics_by_job?job_id=eq.${job}`)).json), expected)
}

siteTest(
  'with PostgREST down during the prologue OAR goes on, and the job gets its metrics within a minute',
  async t => {
    t.timeout(180_000)
    const site = await startSite(t)
    const { oar, database, hookFolder } = site
    const { stop } = await startApi(t, site)
    t.deepEqual(readdirSync(hookFolder).sort(), [
      'epilogue',
      'prologue',
      'server_epilogue',
      'server_prologue',
      'token',
      'url',
    ])
    await stop()
    const job = await oar.submit('-t', 'monitor', '-l', '/network_address=1,walltime=0:2:0', 'sleep 100')
    await oar.untilState(job, 'Running')
    const queues = await oar.sql`select distinct state from queues`
    t.deepEqual([...queues], [{ state: 'Active' }])
    await until('the promotion without a hook', async () => (await promoted(database)).length > 0, 60_000)
    await untilCollected(site, job, 'fan_rpm', 2)
    // The epilogue finds it again.
    await startApi(t, site)
    await oar.command('oardel', String(job))
    await oar.untilState(job, 'Error')
    await until('the end of the promotion', async () => (await promoted(database)).length === 0)
    const events = await oar.sql`select type, description from event_logs where type ~ 'LOGUE|SUSPECTED'`
    t.deepEqual([...events], [])
    const suspected = await oar.sql`select network_address from resources where state <> 'Alive'`
    t.deepEqual([...suspected], [])
  },
)
