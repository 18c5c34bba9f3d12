import { setTimeout as wait } from 'node:timers/promises'
import type postgres from 'postgres'
import type { Window } from './poll_stored.ts'
import {
  cpuSecondsOfChildren,
  cpuSecondsOfFamily,
  cpuSecondsOfMachine,
  cpuSecondsWithEnded,
  residentMebibytes,
} from './processes.ts'

/** What was seen of the processes, and of the values as they came to sight. */
export interface Watched {
  /** Seconds of CPU per second of the window; 1 is a whole core. */
  readonly cores: {
    /** With the processes of ipmi-sensors that it started. */
    readonly kwollector: number
    /** With what the bench asks it. */
    readonly postgres: number
    /** The agents, by the name of their program. */
    readonly agents: ReadonlyMap<string, number>
    /** The bench itself: exporters, relays, looking. */
    readonly bench: number
    /** What else runs on the machine, and takes the processors away from these. */
    readonly others: number
  }
  /** Resident memory of kwollector in MiB. */
  readonly memory: {
    readonly max: number
    /** The greatest of the second fifth of the window, and of the last. */
    readonly early: number
    readonly late: number
    /** By which it grows in an hour, as the second half of the window has it (least squares). */
    readonly perHour: number
  }
  /** 99 % of the values that came to sight were younger, in seconds. */
  readonly ageP99: number
}

const lookMs = 100
/** So many series are looked at, spread over all. */
const lookedAt = 20

interface Usage {
  readonly kwollector: number
  readonly postgres: number
  readonly children: ReadonlyMap<string, number>
  readonly bench: number
  readonly machine: number
}

/** Looks ten times a second until the window is over. */
export async function watch(
  sql: postgres.Sql,
  devices: readonly string[],
  pids: { readonly kwollector: number; readonly postgres: number },
  window: Window,
  progress: (share: number) => void,
): Promise<Watched> {
  const newest = await chosenSeries(sql, devices)
  const ages: number[] = []
  const memory: { readonly at: number; readonly mebibytes: number }[] = []
  await wait(Math.max(0, window.from - Date.now()))
  // What became visible before is older now than it was then.
  await agesOfNew(sql, newest)
  const before = usage(pids)
  while (Date.now() < window.to) {
    memory.push({ at: Date.now(), mebibytes: residentMebibytes(pids.kwollector) })
    ages.push(...(await agesOfNew(sql, newest)))
    progress(Math.min(1, (Date.now() - window.from) / (window.to - window.from)))
    await wait(lookMs)
  }
  const after = usage(pids)
  const greatest = (from: number, to: number) =>
    Math.max(...memory.slice(from * memory.length, to * memory.length).map(({ mebibytes }) => mebibytes))
  return {
    cores: coresBetween(before, after, (Date.now() - window.from) / 1_000),
    memory: {
      max: greatest(0, 1),
      early: greatest(0.2, 0.4),
      late: greatest(0.8, 1),
      perHour: slope(memory.slice(Math.floor(memory.length / 2))) * 3_600_000,
    },
    ageP99: ages.toSorted((a, b) => a - b)[Math.ceil(ages.length * 0.99) - 1] ?? Number.NaN,
  }
}

function usage({ kwollector, postgres }: { kwollector: number; postgres: number }): Usage {
  const { user, system } = process.cpuUsage()
  return {
    kwollector: cpuSecondsWithEnded(kwollector),
    postgres: cpuSecondsOfFamily(postgres),
    children: cpuSecondsOfChildren(),
    bench: (user + system) / 1e6,
    machine: cpuSecondsOfMachine(),
  }
}

function coresBetween(before: Usage, after: Usage, seconds: number): Watched['cores'] {
  const agents = [...after.children]
    .filter(([name]) => name === 'snmpd' || name === 'ipmi_sim')
    .map(([name, spent]): [string, number] => [name, (spent - (before.children.get(name) ?? 0)) / seconds])
  const [kwollector, postgres, bench, machine] = (
    ['kwollector', 'postgres', 'bench', 'machine'] as const
  ).map(part => (after[part] - before[part]) / seconds) as [number, number, number, number]
  const known = agents.reduce((sum, [, cores]) => sum + cores, kwollector + postgres + bench)
  return { kwollector, postgres, agents: new Map(agents), bench, others: Math.max(0, machine - known) }
}

/** Microseconds of the newest value that was seen, by series. */
type Newest = Map<string, string>

async function chosenSeries(sql: postgres.Sql, devices: readonly string[]): Promise<Newest> {
  const rows = await sql<{ series_id: string }[]>`
    select series_id from kwollect.series where device_id = any(${devices}::text[]) order by series_id`
  const step = Math.max(1, Math.floor(rows.length / lookedAt))
  const [now] = await sql<{ us: string }[]>`select (extract(epoch from now()) * 1000000)::bigint as us`
  return new Map(
    rows.filter((_, index) => index % step === 0).map(({ series_id }) => [series_id, now?.us ?? '0']),
  )
}

/** @returns in seconds, of the values that are visible since the last look */
async function agesOfNew(sql: postgres.Sql, newest: Newest): Promise<number[]> {
  const rows = await sql<{ series_id: string; us: string; age: number }[]>`
    select known.series_id
         , (extract(epoch from sample.timestamp) * 1000000)::bigint as us
         , extract(epoch from clock_timestamp() - sample.timestamp)::float8 as age
      from unnest(${[...newest.keys()]}::bigint[], ${[...newest.values()]}::bigint[]) as known (series_id, us)
     cross join lateral (
             select timestamp
               from kwollect.samples
              where samples.series_id = known.series_id
                and samples.timestamp > timestamptz 'epoch' + known.us * interval '1 microsecond'
                and samples.timestamp > now() - interval '1 minute'
           ) as sample`
  for (const { series_id, us } of rows) {
    if (BigInt(us) > BigInt(newest.get(series_id) ?? 0)) newest.set(series_id, us)
  }
  return rows.map(({ age }) => age)
}

/** MiB per millisecond. */
function slope(points: readonly { readonly at: number; readonly mebibytes: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [at, mebibytes] = [mean(points.map(point => point.at)), mean(points.map(point => point.mebibytes))]
  const spread = points.reduce((sum, point) => sum + (point.at - at) ** 2, 0)
  return points.reduce((sum, point) => sum + (point.at - at) * (point.mebibytes - mebibytes), 0) / spread
}
