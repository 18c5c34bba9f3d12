import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type postgres from 'postgres'
import { type Child, lastLines, startChild, stopChild } from '../stack/child.ts'
import { writePrivateFile } from '../stack/secret_file.ts'
import { until } from '../stack/until.ts'
import type { Installation } from './installation.ts'
import { type DueMetric, dueMetrics, type Polled } from './poll_load.ts'
import { readStored, type Stored, type Window } from './poll_stored.ts'
import { type Watched, watch } from './poll_watch.ts'

/** What kwollector is given, and for how long. */
export interface PollRun {
  /** Of this run alone. */
  readonly id: string
  readonly load: readonly Polled[]
  /** Of the optional metrics. */
  readonly promoted: 'all' | 'none'
  readonly seconds: number
  /** Before the window, for a program that has just begun, and behind it, for what is still under way. */
  readonly settleMs: number
}

/** Where it runs. */
export interface PollPlace extends Pick<Installation, 'folder' | 'options' | 'sql'> {
  /** Of the server's first process. */
  readonly serverPid: number
  readonly progress: (share: number) => void
}

export interface PollOutcome {
  readonly seconds: number
  /** That are polled. */
  readonly series: number
  readonly stored: Stored
  readonly watched: Watched
}

const firstValuesMs = 60_000

/** Runs the real program against the load and counts what the database has in the end. */
export async function runPoll(run: PollRun, place: PollPlace): Promise<PollOutcome> {
  const due = dueMetrics(run.load, run.promoted)
  const devices = [...new Set(due.map(({ deviceId }) => deviceId))]
  if (run.promoted === 'all') await promoteAll(place.sql, devices)
  // Or what the former run wrote would be written to disk in this one.
  await place.sql`checkpoint`
  const program = await startKwollector(run, place)
  try {
    await firstValues(program, place.sql, due, devices)
    const from = Date.now() + run.settleMs
    const window: Window = { from, to: from + run.seconds * 1_000 }
    const pids = { kwollector: program.identity.pid, postgres: place.serverPid }
    const watched = await watch(place.sql, devices, pids, window, place.progress)
    await wait(run.settleMs)
    await end(program)
    return {
      seconds: run.seconds,
      series: seriesOf(due),
      watched,
      stored: await readStored(place.sql, due, window),
    }
  } finally {
    await stopChild(program, [['SIGKILL', 2_000]])
  }
}

async function promoteAll(sql: postgres.Sql, devices: readonly string[]): Promise<void> {
  await sql`
    insert into public.promoted_metrics (device_id, metric_id)
    select device_id, '.*' from unnest(${devices}::text[]) as device_id`
}

function startKwollector({ id, load }: PollRun, { folder, options: database }: PollPlace): Promise<Child> {
  const own = join(folder, id)
  const metricsDir = join(own, 'metrics.d')
  mkdirSync(metricsDir, { recursive: true, mode: 0o700 })
  const byDevice = Map.groupBy(load, ({ written }) => written.device_id)
  for (const [device, polled] of byDevice) {
    // JSON is YAML.
    const descriptions = polled.map(({ written }) => written)
    writeFileSync(join(metricsDir, `${device}.yml`), JSON.stringify(descriptions, undefined, 1), {
      mode: 0o600,
    })
  }
  const optionsFile = join(own, 'kwollector.yaml')
  const options = { ...database, metrics_dir: metricsDir, spool_dir: join(own, 'spool'), log_level: 'info' }
  writePrivateFile(optionsFile, JSON.stringify(options))
  return startChild({
    name: 'kwollector',
    command: process.execPath,
    args: [script, optionsFile],
    logFile: join(own, 'log'),
    deathSignal: 'KILL',
  })
}

const script = join(import.meta.dirname, '..', '..', 'sidecar', 'kwollector.ts')

/** A program that is asked to stop puts all that it has into the database. */
async function end(program: Child): Promise<void> {
  await stopChild(program)
  if (program.ending() !== 'exit status 0') {
    throw new Error(`kwollector ended (${program.ending()}):\n${lastLines(program.logFile)}`)
  }
}

async function firstValues(
  program: Child,
  sql: postgres.Sql,
  due: readonly DueMetric[],
  devices: readonly string[],
): Promise<void> {
  const expected = seriesOf(due)
  let found = 0
  try {
    await until(
      'the first value of every series',
      async () => {
        if (program.ending() !== undefined) throw new Error(`kwollector ended (${program.ending()})`)
        const [row] = await sql<{ series: string }[]>`
          select count(*) as series from kwollect.series where device_id = any(${devices}::text[])`
        found = Number(row?.series)
        if (found < expected) await wait(500)
        return found >= expected
      },
      firstValuesMs,
    )
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${found} of ${expected}\n${lastLines(program.logFile)}`)
  }
}

function seriesOf(due: readonly DueMetric[]): number {
  return due.reduce((sum, { series }) => sum + series, 0)
}
