import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openScope, type Scope } from '../../test/harness/scope.ts'
import { withConnection } from '../../test/harness/server.ts'
import { connectOar } from '../../test/oar/connect.ts'
import { oarMissing, startOarDatabase } from '../../test/peers/oar_database.ts'
import type { Progress } from '../progress.ts'
import { stopChild } from '../stack/child.ts'
import { startPostgrest } from '../stack/postgrest.ts'
import { readSql } from './dataset.ts'
import type { Installation } from './installation.ts'
import { medians } from './measure.ts'
import { absoluteLine, failedLine, type Line, skippedLine, type Work } from './report.ts'

/** Of jobs_history.sql: jobs that run, each on 10 nodes of its own. */
const runningJobs = 1_000
const promotedRows = runningJobs * 10
const concurrentCalls = 50

interface Works {
  readonly lookup: Work
  readonly first: Work
  readonly again: Work
  readonly concurrent: Work
}

function works(jobs: number): Works {
  const running = `${runningJobs.toLocaleString('en')} running jobs of type monitor`
  return {
    lookup: {
      name: `OAR part of get_metrics?job_id=, ${jobs.toLocaleString('en')} jobs of 10 nodes in OAR`,
      target: { bound: '<', value: 50, unit: 'ms' },
    },
    first: {
      name: `update_promoted_metrics, ${running}, all of them new`,
      target: { bound: '<', value: 200, unit: 'ms' },
    },
    again: {
      name: `update_promoted_metrics, ${running}, nothing new`,
      target: { bound: '<', value: 200, unit: 'ms' },
    },
    concurrent: {
      name: `update_promoted_metrics, ${running}, ${concurrentCalls} calls at once: wrong answers and rows`,
      target: { bound: '<=', value: 0, unit: 'wrong' },
    },
  }
}

/** What kwollect asks of OAR's own schema, filled as after years. */
export async function measureHistory(
  installation: Installation,
  jobs: number,
  progress: Progress,
): Promise<Line[]> {
  const all = works(jobs)
  if (oarMissing !== undefined) {
    const missing = oarMissing
    return Object.values(all).map((work: Work) => skippedLine(work, work.target.unit, missing))
  }
  const scope = openScope()
  try {
    progress.step(`OAR's database with ${jobs.toLocaleString('en')} jobs`)
    await connectFilledOar(scope, installation, jobs)
    progress.step('looking jobs up, promoting')
    return await measure(scope, installation, jobs, all)
  } catch (error) {
    return Object.values(all).map((work: Work) => failedLine(work, work.target.unit, String(error)))
  } finally {
    await scope.end()
  }
}

async function connectFilledOar(scope: Scope, { server, name, user }: Installation, jobs: number) {
  const oar = await startOarDatabase(scope)
  await withConnection(oar.ownerUrl, async sql => {
    await sql`select set_config('bench.jobs', ${String(jobs)}, false)`
    await sql`set maintenance_work_mem = '512MB'`
    await sql.unsafe(readSql('jobs_history.sql'))
  })
  await connectOar(scope, { server, name, user }, { ...oar.options, replace_views: true })
}

async function measure(
  scope: Scope,
  installation: Installation,
  jobs: number,
  { lookup, first, again, concurrent }: Works,
): Promise<Line[]> {
  const { sql, apiFolder, folder } = installation
  const postgrest = await startPostgrest({
    configurationFile: join(apiFolder, 'postgrest.conf'),
    logFile: join(folder, 'postgrest.log'),
  })
  scope.teardown(() => stopChild(postgrest.child))
  const token = readFileSync(join(apiFolder, 'token'), 'utf8').trim()
  const update = (query = '') => post(`${postgrest.url}/rpc/update_promoted_metrics${query}`, token)
  const forget = () => sql`delete from kwollect.promotions where by_job`
  // As the hooks ask: of the answer nothing.
  const asHook = () => timed(() => update('?device_id=is.null'))

  let job = 0
  const lookUp = () => {
    job = (job + 314_159) % jobs
    return timed(() => sql`select from kwollect.job_spans(${job + 1}::integer, null)`)
  }
  const fromNothing = async () => {
    await forget()
    return asHook()
  }
  const [lookupMs = Number.NaN] = await medians(lookUp)
  const [firstMs = Number.NaN] = await medians(fromNothing)
  const [againMs = Number.NaN] = await medians(asHook)

  await forget()
  const began = performance.now()
  const answers = await Promise.all(Array.from({ length: concurrentCalls }, () => update()))
  const seconds = (performance.now() - began) / 1_000
  const expected = await update()
  const [{ rows = 0 } = {}] = await sql<{ rows: number }[]>`
    select count(*)::integer as rows from (select distinct device_id, metric_id from kwollect.promotions where by_job) as row`
  const [{ copies = 0 } = {}] = await sql<{ copies: number }[]>`
    select count(*)::integer as copies from kwollect.promotions where by_job`
  const wrongAnswers = answers.filter(answer => answer !== expected).length
  return [
    absoluteLine(lookup, lookupMs),
    absoluteLine(first, firstMs),
    absoluteLine(again, againMs),
    {
      ...absoluteLine(concurrent, wrongAnswers + Math.abs(rows - promotedRows) + copies - rows),
      note: `${copies.toLocaleString('en')} rows promoted, answered to each of them; ${seconds.toFixed(1)} s for all`,
    },
  ]
}

async function timed(work: () => PromiseLike<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** @returns the answer's text, read to its end */
async function post(url: string, token: string): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
  const answer = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${answer.slice(0, 500)}`)
  return answer
}
