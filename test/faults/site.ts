/** A kwollector on agents that are asked ten times a second, with a witness of all that was on its disk. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { until } from '../../scripts/stack/until.ts'
import type { TestDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { type BackgroundProcess, repository, startProcess } from '../harness/processes.ts'
import type { Scope } from '../harness/scope.ts'
import type { Snmpd } from '../peers/snmpd.ts'
import { addWitness } from '../sidecar/spool_witness.ts'

const periodMs = 100

/** A program, its configuration and its spool. */
export interface Site {
  readonly spoolFile: string
  /** Node's own arguments before the program's. */
  start(nodeArguments?: readonly string[], environment?: NodeJS.ProcessEnv): Promise<BackgroundProcess>
  /** Starts and stops it until nothing waits in the spool; it must end with 0 each time. */
  drain(): Promise<void>
}

/**
 * @param options the prefix of its devices, so that several sites share agents and a database; and where the
 *   database is, if a relay stands before it
 */
export async function siteOn(
  scope: Scope,
  database: TestDatabase,
  agents: Snmpd,
  options: { readonly prefix?: string; readonly db_host?: string; readonly db_port?: number } = {},
): Promise<Site> {
  const { prefix = 'device', ...connection } = options
  const folder = temporaryFolder(scope)
  const metricsDir = join(folder, 'metrics.d')
  mkdirSync(metricsDir)
  const descriptions = agents.hosts.flatMap((host, agent) =>
    // sysUpTime grows, snmpInPkts grows, sysName is no number and brings labels that differ from sample to sample
    ['1.3.6.1.2.1.1.3.0', '1.3.6.1.2.1.11.1.0', '1.3.6.1.2.1.1.5.0'].map((oid, metric) => ({
      name: `metric_${metric}`,
      device_id: `${prefix}-${agent}`,
      url: `snmp://${agents.community}@${host}:${agents.port}/${oid}`,
      update_every: periodMs,
      labels: { agent },
    })),
  )
  writeFileSync(join(metricsDir, 'agents.yaml'), JSON.stringify(descriptions))
  const file = join(folder, 'kwollector.yaml')
  const { host, port } = database.server
  const configuration = {
    metrics_dir: metricsDir,
    db_host: host,
    db_port: port,
    ...connection,
    db_name: database.name,
    db_user: database.user,
    db_password: database.password,
    spool_dir: join(folder, 'spool'),
    log_level: 'debug',
  }
  writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 })
  const spoolFile = join(folder, 'spool', 'spool.sqlite')
  const script = join(repository, 'sidecar', 'kwollector.ts')
  const start = (nodeArguments: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) =>
    startProcess(scope, process.execPath, [...nodeArguments, script, file], {
      name: 'kwollector',
      environment,
    })

  const first = await start()
  await first.untilPrinted('spooled batch')
  await first.stop()
  // What the first run took is forgotten: the witness was not there.
  const spool = new DatabaseSync(spoolFile)
  spool.exec('delete from batches')
  spool.close()
  addWitness(spoolFile)
  return { spoolFile, start, drain: () => drain(start, spoolFile) }
}

async function drain(start: () => Promise<BackgroundProcess>, spoolFile: string): Promise<void> {
  await until(
    'an empty spool',
    async () => {
      const program = await start()
      await program.untilPrinted('stored batch', 60_000)
      program.signal('SIGTERM')
      const ending = await program.ended
      if (ending !== 'exit status 0') throw new Error(`${ending}:\n${program.output().slice(-2_000)}`)
      return waitingBatches(spoolFile) === 0
    },
    120_000,
  )
}

function waitingBatches(spoolFile: string): number {
  const spool = new DatabaseSync(spoolFile)
  const { count } = spool.prepare('select count(*) as count from batches').get() as { count: number }
  spool.close()
  return count
}
