import type { OptionDefinitions, OptionValues } from '../../sidecar/config.ts'
import type { Progress } from '../progress.ts'
import type { StateFolder } from '../stack/state_folder.ts'
import { type Installation, install } from './installation.ts'
import { absoluteLine, failedLine, type Line, skippedLine, type Target } from './report.ts'
import { onServer } from './server.ts'
import { type Load, type Outcome, runLoad } from './wattmetre_run.ts'

const runs = ['averaged', 'promoted', 'large', 'killed'] as const
type Run = (typeof runs)[number]

export const wattmetreOptions = {
  run: { kind: 'choice', choices: runs, help: 'the only one to do; all where absent' },
  seconds: {
    kind: 'integer',
    default: 300,
    minimum: 10,
    help: 'length of the run with 100 promoted ports; the others take a minute at most',
  },
} as const satisfies OptionDefinitions

/**
 * kwollector-wattmetre from a pipe to stored values, on a server that writes to disk as a real one does.
 *
 * @param folder of this run alone
 * @param signal ends the server, and with it the run
 */
export function benchWattmetre(
  options: OptionValues<typeof wattmetreOptions>,
  folder: StateFolder,
  progress: Progress,
  signal: AbortSignal,
): Promise<Line[]> {
  return onServer(folder, signal, async cluster => {
    const installation = await install(cluster, folder.path, 'bench_wattmetre')
    const kill = async () => {
      await cluster.kill()
      await cluster.start()
      if (cluster.server) folder.record(cluster.server.identity)
    }
    const all = loads(options.seconds, kill)
    const lines: Line[] = []
    try {
      for (const run of options.run === undefined ? runs : [options.run])
        lines.push(...(await measure(all[run], installation, progress)))
      return lines
    } finally {
      await installation.sql.end({ timeout: 1 })
    }
  })
}

/** A load, and what is judged of its outcome. */
interface BenchLoad extends Load {
  readonly lines: (load: Load, outcome: Outcome) => Line[]
}

function loads(seconds: number, kill: () => Promise<void>): Readonly<Record<Run, BenchLoad>> {
  const minute = Math.min(60, seconds)
  const averaged = { id: 'averaged', ports: 42, rate: 50, seconds: minute, promoted: 'none' } as const
  const promoted = { id: 'promoted', ports: 100, rate: 100, seconds, promoted: 'all ports' } as const
  return {
    averaged: { ...averaged, lines: (load, outcome) => [coreLine(load, outcome, 5)] },
    promoted: { ...promoted, lines: promotedLines },
    large: { ...promoted, id: 'large', ports: 1_000, seconds: minute, lines: completeLines },
    killed: { ...promoted, id: 'killed', seconds: minute, atHalfTime: kill, lines: completeLines },
  }
}

async function measure(load: BenchLoad, installation: Installation, progress: Progress): Promise<Line[]> {
  const { id, ports, rate, seconds } = load
  progress.step(`${id}: ${ports} ports, ${rate} lines a second, ${seconds} s`)
  try {
    return load.lines(load, await runLoad(load, installation))
  } catch (error) {
    const whole = work(load, 'the run', { bound: '<=', value: 0, unit: 'failures' })
    return [failedLine(whole, 'failures', String(error))]
  }
}

function completeLines(load: Load, outcome: Outcome): Line[] {
  return [completeLine(load, outcome)]
}

function promotedLines(load: Load, outcome: Outcome): Line[] {
  const age = work(load, 'greatest age of the newest value', { bound: '<=', value: 2, unit: 's' })
  return [
    completeLine(load, outcome),
    coreLine(load, outcome, 25),
    absoluteLine(age, outcome.age),
    residentLine(load, outcome),
    aliveLine(load, outcome),
  ]
}

const flat = { bound: '<=', value: 110, unit: '%' } as const

/** The heap takes the size that this load needs within the first minute. */
const settledSeconds = 180

/** What the machine sees; the line below tells whether a growth is a leak of JavaScript's or V8's taking its time. */
function residentLine(load: Load, { resident }: Outcome): Line {
  const memory = work(load, 'resident memory at the end, of that at the beginning', flat)
  const note = `${resident.early.toFixed(0)} MiB, then ${resident.late.toFixed(0)} MiB`
  if (load.seconds < settledSeconds)
    return skippedLine(memory, '%', `${note}: the run is too short, the heap takes a minute to settle`)
  return { ...absoluteLine(memory, (resident.late / resident.early) * 100), note }
}

function aliveLine(load: Load, { alive }: Outcome): Line {
  const memory = work(load, 'memory alive at the end, of that at the beginning', flat)
  if (Number.isNaN(alive.early))
    return skippedLine(memory, '%', 'no full garbage collection in so short a run')
  return {
    ...absoluteLine(memory, (alive.late / alive.early) * 100),
    note: `after a garbage collection: ${alive.early.toFixed(0)}, then ${alive.late.toFixed(0)} MB`,
  }
}

/** All measurements stored once. */
function completeLine(load: Load, { stored, doubled, cores, age, drainSeconds }: Outcome): Line {
  const expected = load.ports * load.rate * load.seconds
  const wrong = expected - stored + doubled
  const target = { bound: '<=', value: 0, unit: 'values' } as const
  const cost = ((cores / (load.ports * load.rate)) * 1e6).toFixed(1)
  const kill = load.atHalfTime === undefined ? '' : ', PostgreSQL killed at half time'
  return {
    ...absoluteLine(work(load, `lost or doubled${kill}`, target), wrong),
    note: `${stored.toLocaleString('en')} of ${expected.toLocaleString('en')} stored, ${doubled} twice; ${cost} us of CPU a value; newest at most ${age.toFixed(1)} s old; ended ${drainSeconds.toFixed(1)} s after the input`,
  }
}

function coreLine(load: Load, { cores }: Outcome, percent: number): Line {
  const target = { bound: '<', value: percent, unit: '% of a core' } as const
  return absoluteLine(work(load, 'CPU of the program', target), cores * 100)
}

function work({ ports, rate, seconds, promoted }: Load, what: string, target: Target) {
  const state = promoted === 'none' ? 'averaged' : 'promoted'
  return { name: `${ports} ports at ${rate} Hz, ${state}, ${seconds} s: ${what}`, target }
}
