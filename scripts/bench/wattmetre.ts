import type { OptionDefinitions, OptionValues } from '../../sidecar/config.ts'
import type { Cluster } from '../stack/cluster.ts'
import type { StateFolder } from '../stack/state_folder.ts'
import { install } from './installation.ts'
import type { Progress } from './progress.ts'
import { absoluteLine, failedLine, type Line, skippedLine, type Target } from './report.ts'
import { onServer } from './server.ts'
import { type Load, type Outcome, runLoad } from './wattmetre_run.ts'

export const wattmetreOptions = {
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
  { seconds }: OptionValues<typeof wattmetreOptions>,
  folder: StateFolder,
  progress: Progress,
  signal: AbortSignal,
): Promise<Line[]> {
  return onServer(folder, signal, cluster => measureAll(cluster, folder, seconds, progress))
}

async function measureAll(
  cluster: Cluster,
  folder: StateFolder,
  seconds: number,
  progress: Progress,
): Promise<Line[]> {
  const place = await install(cluster, folder.path, 'bench_wattmetre')
  const minute = Math.min(60, seconds)
  const kill = async () => {
    await cluster.kill()
    await cluster.start()
    if (cluster.server) folder.record(cluster.server.identity)
  }
  try {
    const averaged: Load = { id: 'averaged', ports: 42, rate: 50, seconds: minute, promoted: 'none' }
    const promoted: Load = { id: 'promoted', ports: 100, rate: 100, seconds, promoted: 'all ports' }
    const large: Load = { id: 'large', ports: 1_000, rate: 100, seconds: minute, promoted: 'all ports' }
    const killed: Load = { ...promoted, id: 'killed', seconds: minute, atHalfTime: kill }
    const run = async (load: Load, linesOf: (load: Load, outcome: Outcome) => Line[]) => {
      const { id, ports, rate, seconds: length } = load
      progress.step(`${id}: ${ports} ports, ${rate} lines a second, ${length} s`)
      try {
        return linesOf(load, await runLoad(load, place))
      } catch (error) {
        return [
          failedLine(
            work(load, 'the run', { bound: '<=', value: 0, unit: 'failures' }),
            'failures',
            String(error),
          ),
        ]
      }
    }
    return [
      ...(await run(averaged, (load, outcome) => [coreLine(load, outcome, 5)])),
      ...(await run(promoted, promotedLines)),
      ...(await run(large, (load, outcome) => [completeLine(load, outcome)])),
      ...(await run(killed, (load, outcome) => [completeLine(load, outcome)])),
    ]
  } finally {
    await place.sql.end({ timeout: 1 })
  }
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

/** What the machine sees; the line below tells whether a growth is a leak of JavaScript's or V8's taking its time. */
function residentLine(load: Load, { resident }: Outcome): Line {
  return {
    ...absoluteLine(
      work(load, 'resident memory at the end, of that at the beginning', flat),
      (resident.late / resident.early) * 100,
    ),
    note: `${resident.early.toFixed(0)} MiB, then ${resident.late.toFixed(0)} MiB`,
  }
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
function completeLine(load: Load, { stored, doubled, cores, drainSeconds }: Outcome): Line {
  const expected = load.ports * load.rate * load.seconds
  const wrong = expected - stored + doubled
  const target = { bound: '<=', value: 0, unit: 'values' } as const
  const cost = ((cores / (load.ports * load.rate)) * 1e6).toFixed(1)
  const kill = load.atHalfTime === undefined ? '' : ', PostgreSQL killed at half time'
  return {
    ...absoluteLine(work(load, `lost or doubled${kill}`, target), wrong),
    note: `${stored.toLocaleString('en')} of ${expected.toLocaleString('en')} stored, ${doubled} twice; ${cost} us of CPU a value; ended ${drainSeconds.toFixed(1)} s after the input`,
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
