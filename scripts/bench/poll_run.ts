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
  /** Each has a kwollector of its own; all run at the same time, in the same window. No device is in two of them. */
  readonly loads: readonly (readonly Polled[])[]
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

/** Runs the real program against each load and counts what the database has in the end. */
export async function runPolls(run: PollRun, place: PollPlace): Promise<PollOutcome[]> {
  const works = run.loads.map(load => workOf(load, run.promoted))
  if (run.promoted === 'all')
    await promoteAll(
      place.sql,
      works.flatMap(({ devices }) => devices),
    )
  // Or what the former run wrote would be written to disk in this one.
  await place.sql`checkpoint`
  const started: Started[] = []
  try {
    for (const work of works) {
      const folder = join(place.folder, `${run.id}-${started.length + 1}`)
      started.push({ ...work, program: await startKwollector(work.load, folder, place.options) })
    }
    await Promise.all(started.map(one => firstValues(one, place.sql)))
    const from = Date.now() + run.settleMs
    const window: Window = { from, to: from + run.seconds * 1_000 }
    const watched = await Promise.all(started.map(one => watchOne(one, place, window)))
    await wait(run.settleMs)
    await Promise.all(started.map(({ program }) => end(program)))
    const outcomes: PollOutcome[] = []
    for (const [index, { due }] of started.entries()) {
      const stored = await readStored(place.sql, due, window)
      const seen = watched[index] as Watched
      outcomes.push({ seconds: run.seconds, series: seriesOf(due), stored, watched: seen })
    }
    return outcomes
  } finally {
    await Promise.all(started.map(({ program }) => stopChild(program, [['SIGKILL', 2_000]])))
  }
}

/** What one kwollector is given, and what it has to store of it. */
interface Work {
  readonly load: readonly Polled[]
  readonly due: readonly DueMetric[]
  readonly devices: readonly string[]
}

interface Started extends Work {
  readonly program: Child
}

function workOf(load: readonly Polled[], promoted: PollRun['promoted']): Work {
  const due = dueMetrics(load, promoted)
  return { load, due, devices: [...new Set(due.map(({ deviceId }) => deviceId))] }
}

function watchOne({ program, devices }: Started, place: PollPlace, window: Window): Promise<Watched> {
  const pids = { kwollector: program.identity.pid, postgres: place.serverPid }
  return watch(place.sql, devices, pids, window, place.progress)
}

async function promoteAll(sql: postgres.Sql, devices: readonly string[]): Promise<void> {
  await sql`
    insert into public.promoted_metrics (device_id, metric_id)
    select device_id, '.*' from unnest(${devices}::text[]) as device_id`
}

/** @param folder of this program alone, to be made */
function startKwollector(
  load: readonly Polled[],
  folder: string,
  database: PollPlace['options'],
): Promise<Child> {
  const metricsDir = join(folder, 'metrics.d')
  mkdirSync(metricsDir, { recursive: true, mode: 0o700 })
  const byDevice = Map.groupBy(load, ({ written }) => written.device_id)
  for (const [device, polled] of byDevice) {
    // JSON is YAML.
    const descriptions = polled.map(({ written }) => written)
    writeFileSync(join(metricsDir, `${device}.yml`), JSON.stringify(descriptions, undefined, 1), {
      mode: 0o600,
    })
  }
  const optionsFile = join(folder, 'kwollector.yaml')
  const options = {
    ...database,
    metrics_dir: metricsDir,
    spool_dir: join(folder, 'spool'),
    log_level: 'info',
  }
  writePrivateFile(optionsFile, JSON.stringify(options))
  return startChild({
    name: 'kwollector',
    command: process.execPath,
    args: [script, optionsFile],
    logFile: join(folder, 'log'),
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

async function firstValues({ program, due, devices }: Started, sql: postgres.Sql): Promise<void> {
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
