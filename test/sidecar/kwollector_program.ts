import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { decodeBatch } from '../../sidecar/batch.ts'
import { Spool } from '../../sidecar/spool.ts'
import type { TestDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { type BackgroundProcess, repository, startProcess } from '../harness/processes.ts'
import { withConnection } from '../harness/server.ts'

/** A description as a user writes it. */
export type Written = Readonly<Record<string, unknown>>

export interface Configuration {
  /** The YAML file for kwollector. */
  readonly file: string
  readonly metricsDir: string
  readonly spoolDir: string
  readonly database: TestDatabase
  /** Writes a file of metrics_dir, as JSON unless it is text. */
  describe(name: string, content: readonly Written[] | string): void
}

/** Writes what an administrator writes; the files go with the test. */
export function configure(
  t: ExecutionContext,
  database: TestDatabase,
  options: Readonly<Record<string, string | number>> = {},
): Configuration {
  const folder = temporaryFolder(t)
  const metricsDir = join(folder, 'metrics.d')
  const spoolDir = join(folder, 'spool')
  const file = join(folder, 'kwollector.yaml')
  mkdirSync(metricsDir)
  writeFileSync(
    file,
    JSON.stringify({
      metrics_dir: metricsDir,
      db_host: database.server.host,
      db_port: database.server.port,
      db_name: database.name,
      db_user: database.user,
      db_password: database.password,
      spool_dir: spoolDir,
      log_level: 'debug',
      ...options,
    }),
    { mode: 0o600 },
  )
  return {
    file,
    metricsDir,
    spoolDir,
    database,
    describe: (name, content) =>
      writeFileSync(
        join(metricsDir, name),
        typeof content === 'string' ? content : JSON.stringify(content, null, 2),
      ),
  }
}

/**
 * The program; at its end what it must never show is looked for.
 *
 * @param wrap makes the command line of what is run one that prepares something before it
 */
export async function startKwollector(
  t: ExecutionContext,
  { file, database }: Configuration,
  environment: NodeJS.ProcessEnv = {},
  wrap = (command: string, args: readonly string[]) => [command, args] as const,
) {
  const [command, args] = wrap(process.execPath, [join(repository, 'sidecar', 'kwollector.ts'), file])
  const program = await startProcess(t, command, args, { name: 'kwollector', environment })
  const commandLine = readFileSync(`/proc/${program.identity.pid}/cmdline`, 'utf8')
  t.false(commandLine.includes(database.password), 'the password is in the process list')
  return program
}

/** Asks it to stop and waits for its end: 0 within 10 s, its log plain sentences without the password. */
export async function stopKwollector(
  t: ExecutionContext,
  program: BackgroundProcess,
  database: TestDatabase,
  signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM',
): Promise<void> {
  program.signal(signal)
  const giveUp = new AbortController()
  const tooLong = wait(10_000, 'it still runs after 10 s', { signal: giveUp.signal })
  t.is(await Promise.race([program.ended, tooLong]), 'exit status 0', program.output())
  giveUp.abort()
  await tooLong.catch(() => {})
  t.false(program.output().includes(database.password), 'the password is in the log')
  for (const line of program.output().trimEnd().split('\n')) {
    t.regex(line, /^\d{4}-\d\d-\d\dT[\d:.]{12}Z (?:debug|info|warning|error) .*[^{}[\]]$/)
  }
}

/** How many values the program says that it put on disk. */
export function spooledValues(program: BackgroundProcess): number {
  return [...program.output().matchAll(/ spooled batch \d+: (\d+) values/g)].reduce(
    (sum, [, values]) => sum + Number(values),
    0,
  )
}

/** How many values wait in the spool of a program that has ended. */
export function waitingValues({ spoolDir }: Configuration): number {
  const spool = Spool.open(spoolDir, 1024)
  let values = 0
  for (let batch = spool.oldest(); batch !== undefined; batch = spool.oldest()) {
    values += decodeBatch(batch.content).rows.length
    spool.remove(batch)
  }
  spool.close()
  return values
}

export interface StoredMetric {
  readonly us: number
  readonly device_id: string
  readonly metric_id: string
  readonly value: number
  readonly labels: Readonly<Record<string, string>>
}

/** All that is stored of a metric, or of all, in order of time. */
export function storedMetrics(database: TestDatabase, metricId?: string): Promise<StoredMetric[]> {
  return withConnection(database.admin, async sql => {
    const rows = await sql<StoredMetric[]>`
      select (extract(epoch from timestamp) * 1000000)::bigint as us, device_id, metric_id, value, labels
        from metrics where ${metricId ?? null}::text is null or metric_id = ${metricId ?? null}
       order by timestamp`
    return rows.map(row => ({ ...row, us: Number(row.us) }))
  })
}
