import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type postgres from 'postgres'
import { lastLines } from '../stack/child.ts'
import { writePrivateFile } from '../stack/secret_file.ts'
import { wrapCommand } from '../stack/unprivileged.ts'
import { until } from '../stack/until.ts'
import type { Installation } from './installation.ts'
import { cpuSeconds, residentMebibytes } from './processes.ts'

/** A wattmetre, and for how long it writes. */
export interface Load {
  /** Of the wattmetre, one for each run. */
  readonly id: string
  readonly ports: number
  /** Lines in a second. */
  readonly rate: number
  readonly seconds: number
  readonly promoted: 'all ports' | 'none'
  /** Called when half of the time is over. */
  readonly atHalfTime?: () => Promise<void>
}

export interface Outcome {
  /** Measurements that were stored; each counts once. */
  readonly stored: number
  /** Those that were stored more than once. */
  readonly doubled: number
  /** Of the program alone, per second of the run; 1 is a whole core. */
  readonly cores: number
  /** Greatest age of the newest value that a query saw, in seconds. */
  readonly age: number
  /** Resident memory of the program in MiB: the greatest of the second fifth of the run, and of the last. */
  readonly resident: Growth
  /**
   * What is alive after a full garbage collection, in MB: the first of the run, and the last. Resident memory
   * grows for minutes where nothing is kept, because V8 rather takes memory than time; this does not.
   */
  readonly alive: Growth
  /** From the end of the input to the end of the program. */
  readonly drainSeconds: number
}

interface Growth {
  readonly early: number
  readonly late: number
}

const repository = join(import.meta.dirname, '..', '..')
const sampleMs = 500

/** Runs the real program behind a pipe, as a shell starts it, with the simulator as its writer. */
export async function runLoad(load: Load, place: Installation): Promise<Outcome> {
  if (load.promoted === 'all ports') await promoteAll(load, place)
  // Or a server killed in this run would first go through all that the former ones wrote.
  await place.sql`checkpoint`
  const pipe = join(place.folder, `${load.id}.pipe`)
  execFileSync('mkfifo', ['-m', '600', pipe])
  // Open for both sides at first: a FIFO makes the first side wait for the other.
  const both = openSync(pipe, constants.O_RDWR)
  const [input, output] = [openSync(pipe, 'r'), openSync(pipe, 'w')]
  const program = startProgram(load, place, input)
  closeSync(both)
  closeSync(input)
  try {
    await firstLine(load, output, program)
    const watch = watchRun(load, place, program.child)
    const simulator = startSimulator(load, output)
    const halfTime = load.atHalfTime && wait(load.seconds * 500).then(load.atHalfTime)
    await once(simulator, 'exit')
    const cores = watch.cores()
    // The input stays open until the server is back: at its end the program would leave what waits to the next start.
    await halfTime
    closeSync(output)
    const ended = performance.now()
    await program.ended
    const drainSeconds = (performance.now() - ended) / 1_000
    const alive = aliveAfterCollections(program.gcFile)
    return { ...(await count(load, place)), ...(await watch.end()), alive, cores, drainSeconds }
  } finally {
    program.child.kill('SIGKILL')
    rmSync(pipe)
  }
}

async function promoteAll({ id, ports }: Load, { sql }: Installation): Promise<void> {
  await sql`
    insert into public.promoted_metrics (device_id, metric_id)
    select ${id} || '-port' || port, 'wattmetre_power_watt' from generate_series(0, ${ports - 1}::integer) as port`
}

interface Program {
  readonly child: ChildProcess
  readonly logFile: string
  /** What V8 says of its garbage collections. */
  readonly gcFile: string
  /** Fails where the program does. */
  readonly ended: Promise<void>
}

function startProgram({ id }: Load, { folder, options: database }: Installation, input: number): Program {
  const [optionsFile, logFile, gcFile] = ['yaml', 'log', 'gc'].map(kind => join(folder, `${id}.${kind}`)) as [
    string,
    string,
    string,
  ]
  const options = { ...database, wattmetre_id: id, spool_dir: folder, log_level: 'info' }
  writePrivateFile(optionsFile, JSON.stringify(options))
  const [log, gc] = [openSync(logFile, 'a', 0o600), openSync(gcFile, 'w', 0o600)]
  const script = join(repository, 'sidecar', 'kwollector-wattmetre.ts')
  const { command, args } = wrapCommand(
    process.execPath,
    ['--trace-gc', script, optionsFile],
    undefined,
    'KILL',
  )
  const child = spawn(command, args, { stdio: [input, gc, log] })
  closeSync(log)
  closeSync(gc)
  const ended = once(child, 'exit').then(([status, signal]) => {
    if (status !== 0)
      throw new Error(`kwollector-wattmetre ended (${signal ?? status}):\n${lastLines(logFile)}`)
  })
  ended.catch(() => {})
  return { child, logFile, gcFile, ended }
}

/** One line of its own, older than the run, shows the program its ports; then it knows what is promoted. */
async function firstLine({ ports, promoted }: Load, output: number, { logFile }: Program): Promise<void> {
  writeSync(output, `1,1,1000000000.0,OK,${Array.from({ length: ports }, () => 1).join(',')}\n`)
  const expected = `${promoted === 'all ports' ? ports : 0} of ${ports} optional metrics are promoted`
  await until(`"${expected}" in ${logFile}`, () => readFileSync(logFile, 'utf8').includes(expected), 30_000)
}

function startSimulator({ ports, rate, seconds }: Load, output: number): ChildProcess {
  const script = join(repository, 'scripts', 'wattmetre-simulate.ts')
  const options = ['--ports', ports, '--rate', rate, '--duration', seconds].map(String)
  const { command, args } = wrapCommand(process.execPath, [script, ...options], undefined, 'KILL')
  return spawn(command, args, { stdio: ['ignore', output, 'inherit'] })
}

/** Looks at the program, and at what can be seen of its values, twice a second. */
function watchRun({ id, seconds }: Load, { sql }: Installation, { pid = 0 }: ChildProcess) {
  const [start, cpuAtStart] = [performance.now(), cpuSeconds(pid)]
  const memory: { readonly share: number; readonly mebibytes: number }[] = []
  let age = 0
  let isOver = false
  const look = async () => {
    while (!isOver) {
      await wait(sampleMs)
      const share = (performance.now() - start) / (seconds * 1_000)
      if (share > 1 || isOver) return
      memory.push({ share, mebibytes: residentMebibytes(pid) })
      // The first values need a second to come to their own, whether promoted or not.
      if (share * seconds > 5) age = Math.max(age, await ageOfNewest(sql, id).catch(() => 0))
    }
  }
  const looking = look()
  const greatest = (from: number, to: number) =>
    Math.max(0, ...memory.filter(({ share }) => share >= from && share < to).map(one => one.mebibytes))
  return {
    cores: () => (cpuSeconds(pid) - cpuAtStart) / ((performance.now() - start) / 1_000),
    async end() {
      isOver = true
      await looking
      return { age, resident: { early: greatest(0.2, 0.4), late: greatest(0.8, 1) } }
    },
  }
}

/** The collections of the start, before the first values, are left out: what runs on later is not loaded then. */
function aliveAfterCollections(gcFile: string): Growth {
  const collections = readFileSync(gcFile, 'utf8').matchAll(/ (\d+) ms: Mark-Compact .*? -> ([\d.]+) \(/g)
  const alive = [...collections]
    .filter(([, ms]) => Number(ms) > 5_000)
    .map(([, , megabytes]) => Number(megabytes))
  return { early: alive[0] ?? Number.NaN, late: alive.at(-1) ?? Number.NaN }
}

async function ageOfNewest(sql: postgres.Sql, id: string): Promise<number> {
  const [row] = await sql<{ age: number }[]>`
    select extract(epoch from clock_timestamp() - max(timestamp))::float8 as age
      from public.metrics
     where device_id = ${`${id}-port0`} and timestamp > now() - interval '1 minute'`
  return row?.age ?? 60
}

/** Without the line that {@link firstLine} wrote. */
async function count({ id }: Load, { sql }: Installation): Promise<{ stored: number; doubled: number }> {
  const [row] = await sql<{ stored: string; doubled: string }[]>`
    select count(*) as stored
         , coalesce(sum(copies - 1), 0) as doubled
      from (
           select count(*) as copies
             from kwollect.samples as sample
             join kwollect.series as series using (series_id)
            where starts_with(series.device_id, ${`${id}-port`})
              and sample.timestamp > timestamptz '2002-01-01'
            group by sample.series_id, sample.timestamp
           ) as measurement`
  return { stored: Number(row?.stored), doubled: Number(row?.doubled) }
}
