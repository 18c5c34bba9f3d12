import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../test/harness/folders.ts'
import { openScope, type Scope } from '../../test/harness/scope.ts'
import { connectOar } from '../../test/oar/connect.ts'
import { type Oar, startOar } from '../../test/peers/oar.ts'
import { oarMissing } from '../../test/peers/oar_database.ts'
import { snmpdMissing, startSnmpd } from '../../test/peers/snmpd.ts'
import type { Progress } from '../progress.ts'
import { startChild, stopChild } from '../stack/child.ts'
import { startPostgrest } from '../stack/postgrest.ts'
import { writePrivateFile } from '../stack/secret_file.ts'
import { until } from '../stack/until.ts'
import type { Installation } from './installation.ts'
import { median } from './measure.ts'
import { absoluteLine, failedLine, type Line, skippedLine, type Work } from './report.ts'

/** Jobs that are ended again: each takes OAR seconds. */
const endedJobs = 20

function works(jobs: number): { readonly begin: Work; readonly end: Work } {
  return {
    begin: {
      name: `${jobs} jobs of OAR: from the hook's call to the first promoted value stored, p99`,
      target: { bound: '<', value: 1_000, unit: 'ms' },
    },
    end: {
      name: `${Math.min(jobs, endedJobs)} jobs of type noop: from the epilogue's call to the end of the promotion, greatest`,
      target: { bound: '<', value: 3_000, unit: 'ms' },
    },
  }
}

/** kwollector polls an agent for each node, every 5 s while a job has it; the hooks are called by a real OAR. */
export async function measureHooks(
  installation: Installation,
  jobs: number,
  progress: Progress,
): Promise<Line[]> {
  const { begin, end } = works(jobs)
  const missing = oarMissing ?? snmpdMissing
  if (missing !== undefined) return [begin, end].map(work => skippedLine(work, 'ms', missing))
  const scope = openScope()
  try {
    progress.step(`OAR with ${jobs} nodes`)
    const site = await startSite(scope, installation, jobs)
    progress.step(`${jobs} jobs, one after the other`)
    const begun: Begun[] = []
    for (let number = 1; number <= jobs; number += 1) {
      begun.push(await beginJob(site, `node-${number}`))
      progress.at(number / jobs)
    }
    progress.step('the ends of some of them')
    const ends: number[] = []
    for (const job of begun.slice(0, endedJobs)) ends.push(await endJob(site, job))
    const waits = begun.map(({ ms }) => ms).sort((a, b) => a - b)
    return [
      {
        ...absoluteLine(begin, waits[Math.ceil(waits.length * 0.99) - 1] ?? Number.NaN),
        note: `median ${median(waits).toFixed(0)} ms, greatest ${waits.at(-1)?.toFixed(0)} ms; polled every 5 s`,
      },
      {
        ...absoluteLine(end, Math.max(...ends)),
        note: `median ${median(ends).toFixed(0)} ms; OAR commits the end after the epilogue`,
      },
    ]
  } catch (error) {
    return [begin, end].map(work => failedLine(work, 'ms', String(error)))
  } finally {
    await scope.end()
  }
}

interface Site {
  readonly oar: Oar
  readonly installation: Installation
  /** Gets a file `server_prologue.JOB` with the time, in milliseconds, when OAR calls that hook. */
  readonly calls: string
}

async function startSite(scope: Scope, installation: Installation, nodes: number): Promise<Site> {
  const names = Array.from({ length: nodes }, (_, index) => `node-${index + 1}`)
  const hookFolder = temporaryFolder(scope, 0o755)
  // PostgREST first, so that it ends last: the hooks of the jobs that the end of OAR ends still call it.
  const postgrest = await startPostgrest({
    configurationFile: join(installation.apiFolder, 'postgrest.conf'),
    logFile: join(installation.folder, 'postgrest.log'),
  })
  scope.teardown(() => stopChild(postgrest.child))
  const oar = await startOar(scope, { nodes: names, hookFolder })
  const calls = await installHooks(scope, installation, oar, hookFolder, postgrest.url)
  await startKwollector(scope, installation, names)
  return { oar, installation, calls }
}

/** The real hooks, each behind a script that notes when it is called. @returns the folder of these notes */
async function installHooks(
  scope: Scope,
  { server, name, user }: Installation,
  { options, user: oarUser }: Oar,
  folder: string,
  apiUrl: string,
): Promise<string> {
  const [installed, calls] = [join(folder, 'installed'), join(folder, 'calls')]
  await connectOar(scope, { server, name, user }, { ...options, install_hooks: installed, api_url: apiUrl })
  mkdirSync(calls)
  // Here OAR does not run as oar.
  if (oarUser !== undefined) {
    for (const path of [calls, join(installed, 'token'), join(installed, 'url')])
      chownSync(path, oarUser.uid, oarUser.gid)
  }
  for (const hook of readdirSync(installed).filter(file => file.endsWith('logue'))) {
    const path = join(folder, hook)
    writeFileSync(path, `#!/bin/sh\ndate +%s%3N >${calls}/${hook}.$1\nexec ${installed}/${hook} "$@"\n`)
    chmodSync(path, 0o755)
  }
  return calls
}

async function startKwollector(
  scope: Scope,
  { folder, options }: Installation,
  nodes: readonly string[],
): Promise<void> {
  const agent = await startSnmpd(scope, { addresses: nodes.length })
  const metricsDir = join(folder, 'metrics.d')
  mkdirSync(metricsDir, { recursive: true })
  const descriptions = nodes.map((node, index) => ({
    name: metric,
    device_id: node,
    url: `snmp://${agent.community}@${agent.hosts[index]}:${agent.port}/${sysUpTime}`,
    update_every: 5_000,
    optional: true,
  }))
  writeFileSync(join(metricsDir, 'nodes.yml'), JSON.stringify(descriptions)) // JSON is YAML
  const optionsFile = join(folder, 'kwollector.yaml')
  const all = { ...options, metrics_dir: metricsDir, spool_dir: join(folder, 'spool'), log_level: 'info' }
  writePrivateFile(optionsFile, JSON.stringify(all))
  const logFile = join(folder, 'kwollector.log')
  const child = await startChild({
    name: 'kwollector',
    command: process.execPath,
    args: [join(import.meta.dirname, '..', '..', 'sidecar', 'kwollector.ts'), optionsFile],
    logFile,
  })
  scope.teardown(() => stopChild(child))
  await until('the first look at promotions', () =>
    readFileSync(logFile, 'utf8').includes(`0 of ${nodes.length} optional metrics are promoted`),
  )
}

const metric = 'uptime'
const sysUpTime = '1.3.6.1.2.1.1.3.0'

interface Begun {
  readonly job: number
  readonly node: string
  /** From the call of server_prologue to a query that sees the first value. */
  readonly ms: number
}

async function beginJob({ oar, installation: { sql }, calls }: Site, node: string): Promise<Begun> {
  // Of type noop, which runs nothing on its node; the server's hooks and the states are those of any job.
  const job = await oar.submit(
    ...['-t', 'noop', '-t', `monitor=${metric}`],
    ...['-p', `network_address='${node}'`, '-l', '/network_address=1,walltime=2:0:0'],
  )
  await until(
    `the first value of ${node}`,
    async () =>
      (await sql`select from public.metrics where device_id = ${node} and metric_id = ${metric} limit 1`)
        .length > 0,
    30_000,
  )
  return { job, node, ms: Date.now() - calledAt(calls, 'server_prologue', job) }
}

/** @returns from the call of server_epilogue to a query that sees no promotion any more, in ms */
async function endJob({ oar, installation: { sql }, calls }: Site, { job, node }: Begun): Promise<number> {
  await oar.command('oardel', String(job))
  await until(
    `the end of the promotion of ${node}`,
    async () => (await sql`select from public.promoted_metrics where device_id = ${node}`).length === 0,
    30_000,
  )
  return Date.now() - calledAt(calls, 'server_epilogue', job)
}

/** Unix time in milliseconds. */
function calledAt(calls: string, hook: string, job: number): number {
  return Number(readFileSync(join(calls, `${hook}.${job}`), 'utf8'))
}
