import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { OptionDefinitions, OptionValues } from '../../sidecar/config.ts'
import type { Progress } from '../progress.ts'
import { stopChild } from '../stack/child.ts'
import { launchChromium } from '../stack/chromium.ts'
import type { Cluster } from '../stack/cluster.ts'
import { startPostgrest } from '../stack/postgrest.ts'
import { keptSecret } from '../stack/secret_file.ts'
import type { StateFolder } from '../stack/state_folder.ts'
import {
  drawJob,
  type Frames,
  firstPaint,
  metrics,
  moveAndZoom,
  tallWindow,
  type WindowSize,
} from './dashboard_page.ts'
import { closeDatabase, narrowDatabase } from './databases.ts'
import { type Extent, keptDataEnd } from './dataset.ts'
import { median } from './measure.ts'
import { absoluteLine, type Line } from './report.ts'
import { onServer } from './server.ts'

export const dashboardOptions = {
  rounds: {
    kind: 'integer',
    default: 7,
    minimum: 1,
    maximum: 100,
    help: 'how often each thing is measured; the median counts, of frames the worst',
  },
} as const satisfies OptionDefinitions

/** A whole chunk; the ports have values in its last two hours. */
const hours = 6
const nodes = 16
/** Of data.sql: 16 nodes for an hour. */
const job = 16

const portMetric = 'wattmetre_power_watt'
/** What is moved and zoomed. */
interface Scene {
  readonly metrics: readonly string[]
  readonly minutes: number
  readonly window: WindowSize
  readonly counts: 'against the target' | 'for information'
}

/** 12 metrics of 16 nodes each 10 s and the nodes' ports each second: 211,200 values. */
const wholePage = { metrics: [portMetric, ...metrics], minutes: 100 }
const screen: WindowSize = { width: 1920, height: 1080 }

/**
 * All values on a usual screen; as many as one plot shows before it takes the 5-minute summary (mostPerMetric in
 * dashboard/resolution.ts), wholly seen; and a window as no screen is, with all plots at once.
 */
const scenes: readonly Scene[] = [
  { ...wholePage, window: screen, counts: 'against the target' },
  { metrics: [portMetric], minutes: 110, window: screen, counts: 'against the target' },
  { ...wholePage, window: tallWindow, counts: 'for information' },
]

/**
 * The page in a real browser, the server on the same machine: the first picture, a job of 16 nodes, one hour and 12
 * metrics from the click to the last plot, and frames while 200,000 values are moved and zoomed.
 *
 * @param folder of this run alone; what is made there is used again by the next run
 */
export async function benchDashboard(
  { rounds }: OptionValues<typeof dashboardOptions>,
  folder: StateFolder,
  progress: Progress,
  signal: AbortSignal,
): Promise<Line[]> {
  return onServer(folder, signal, async cluster => {
    const extent = { nodes, hours, dataEnd: keptDataEnd(join(folder.path, 'data_end')) }
    const configurationFile = await prepare(cluster, folder.path, extent, progress)
    const postgrest = await startPostgrest({ configurationFile, logFile: join(folder.path, 'postgrest.log') })
    folder.record(postgrest.child.identity)
    try {
      return await measureAll(`${postgrest.url}/rpc/dashboard`, extent, rounds, progress)
    } finally {
      await stopChild(postgrest.child)
    }
  })
}

/** @returns the configuration of PostgREST */
async function prepare(
  { address }: Cluster,
  path: string,
  extent: Extent,
  progress: Progress,
): Promise<string> {
  const setupFolder = join(path, 'setup')
  mkdirSync(setupFolder, { recursive: true, mode: 0o700 })
  const setup = { folder: setupFolder, user: 'kwuser', password: keptSecret(join(setupFolder, 'kwuser')) }
  progress.step('storing the data set')
  const database = await narrowDatabase(address, 'bench_dashboard', extent, setup, progress.at)
  // The view of the data set's jobs is the administrator's here.
  await database.sql`
    create or replace view public.nodetime_per_job as select job_id, start_time, stop_time, node from bench.jobs`
  await database.sql`grant usage on schema bench to kwollect_owner`
  await database.sql`grant select on bench.jobs to kwollect_owner`
  await closeDatabase(database)
  return join(setupFolder, 'bench_dashboard', 'postgrest.conf')
}

async function measureAll(page: string, extent: Extent, rounds: number, progress: Progress): Promise<Line[]> {
  const browser = await launchChromium()
  try {
    progress.step('measuring the first paint')
    const paints = await repeat(rounds, () => firstPaint(browser, page))
    progress.step('measuring a job')
    const jobs = await repeat(rounds, () => drawJob(browser, page, job))
    progress.step('measuring frames')
    const frames: Line[] = []
    for (const scene of scenes) {
      const address = `${page}#${viewOf(scene, extent)}`
      frames.push(
        ...frameLines(scene, await repeat(rounds, () => moveAndZoom(browser, address, scene.window))),
      )
    }
    return [sizeLine(await pageBytes(page)), paintLine(paints), jobLine(jobs), ...frames]
  } finally {
    await browser.close()
  }
}

async function repeat<T>(rounds: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  // The first one warms up the server's caches and the browser's code.
  for (let round = -1; round < rounds; round++) {
    const result = await work()
    if (round >= 0) results.push(result)
  }
  return results
}

async function pageBytes(page: string): Promise<number> {
  const answer = await fetch(page, { headers: { accept: 'text/html' } })
  return (await answer.arrayBuffer()).byteLength
}

/** All nodes, and their ports under the nodes' names. */
function viewOf({ metrics: shown, minutes }: Scene, { dataEnd }: Extent): string {
  const end = dataEnd.getTime()
  return new URLSearchParams({
    devices: Array.from({ length: nodes }, (_, index) => `node-${index + 1}`).join(','),
    metrics: shown.join(','),
    start_time: new Date(end - minutes * 60_000).toISOString(),
    end_time: new Date(end).toISOString(),
  }).toString()
}

function sizeLine(bytes: number): Line {
  const target = { bound: '<', value: 150_000, unit: 'bytes' } as const
  return absoluteLine({ name: 'the page, all in all', target }, bytes)
}

function paintLine(times: readonly number[]): Line {
  const target = { bound: '<', value: 1000, unit: 'ms' } as const
  return absoluteLine({ name: 'first paint of the page, nothing kept by the browser', target }, median(times))
}

function jobLine(jobs: readonly { readonly ms: number; readonly values: number }[]): Line {
  const target = { bound: '<', value: 2000, unit: 'ms' } as const
  const work = { name: 'a job of 16 nodes, 1 hour and 12 metrics, from the click to the last plot', target }
  const [{ values } = { values: 0 }] = jobs
  return {
    ...absoluteLine(work, median(jobs.map(({ ms }) => ms))),
    note: `${values.toLocaleString('en')} values`,
  }
}

function frameLines({ window, counts }: Scene, rounds: readonly Frames[]): Line[] {
  const target = { bound: '<', value: 100, unit: 'ms' } as const
  const [{ values, plots } = { values: 0, plots: 0 }] = rounds
  const line = (what: 'moving' | 'zooming'): Line => {
    const frames = rounds.map(round => round[what])
    const name = `worst frame while ${what} ${values.toLocaleString('en')} values, window of ${window.width} x ${window.height}`
    const measured = absoluteLine({ name, target }, Math.max(...frames.flat()))
    const note = `plots in the window: ${plots}; the median frame takes ${median(frames.flat()).toFixed(0)} ms`
    if (counts === 'against the target') return { ...measured, note }
    return { ...measured, name: `(information) ${name}`, target: 'none', met: null, note }
  }
  return [line('moving'), line('zooming')]
}
