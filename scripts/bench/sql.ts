import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { OptionDefinition, OptionValues } from '../../sidecar/config.ts'
import { BadConfiguration } from '../../sidecar/config.ts'
import type { Progress } from '../progress.ts'
import type { Cluster } from '../stack/cluster.ts'
import { keptSecret } from '../stack/secret_file.ts'
import type { StateFolder } from '../stack/state_folder.ts'
import {
  type BenchDatabase,
  closeDatabase,
  editionOf,
  languageOf,
  narrowDatabase,
  type Setup,
  wideDatabase,
} from './databases.ts'
import { type Extent, keptDataEnd, valueCount } from './dataset.ts'
import { measureInserting } from './http_work.ts'
import { type Language, measureQueries } from './query_works.ts'
import type { Line } from './report.ts'
import { onServer } from './server.ts'
import { dropWritten, measureBytes, measureWriting } from './storage_works.ts'
import { measureSummary, summaryHours } from './summary_work.ts'

export const sqlOptions = {
  scale: {
    kind: 'text',
    default: '1',
    placeholder: 'FACTOR',
    help: 'size of the data set: 1 is 250 nodes, 27.7 million values',
  },
} as const satisfies Record<string, OptionDefinition>

/** The measured jobs have 16 nodes. */
const fewestNodes = 16

/**
 * Storage and queries against the wide layout of kwollect 1.0, on one server and the same rows.
 *
 * @param folder of this run alone; what is made there is used again by the next run
 * @param signal ends the server, and with it the run
 */
export async function benchSql(
  options: OptionValues<typeof sqlOptions>,
  folder: StateFolder,
  progress: Progress,
  signal: AbortSignal,
): Promise<Line[]> {
  const nodes = Math.max(fewestNodes, Math.round(250 * readScale(options.scale)))
  const extent = { nodes, hours: 24, dataEnd: keptDataEnd(join(folder.path, 'data_end')) }
  return onServer(folder, signal, cluster => measureAll(cluster, folder.path, extent, progress))
}

async function measureAll(
  cluster: Cluster,
  folder: string,
  extent: Extent,
  progress: Progress,
): Promise<Line[]> {
  const setup = prepareSetup(folder)
  const databases = await makeDatabases(cluster, setup, extent, progress)
  const { narrow, wide } = databases
  const measuring = (name: string) => progress.step(`measuring ${name}`)
  try {
    const language = await languageOf(wide.sql)
    progress.step(await describe(wide, language))
    await dropWritten(databases)
    const queried = await measureQueries(databases, language, measuring)
    const bytes = await measureBytes(databases)
    const written = await measureWriting({ narrow, wide, serverFolder: cluster.folder }, measuring)
    measuring('insert_metrics')
    const inserted = await measureInserting(
      narrow,
      join(setup.folder, narrow.name),
      join(setup.folder, 'postgrest.log'),
    )
    await dropWritten(databases)
    return [...queried, bytes, ...written, inserted, await measureSummary(databases.month)]
  } finally {
    await Promise.all(Object.values(databases).map(closeDatabase))
  }
}

interface Databases {
  readonly narrow: BenchDatabase
  readonly wide: BenchDatabase
  readonly tenth: BenchDatabase
  readonly month: BenchDatabase | undefined
}

async function makeDatabases(
  { address }: Cluster,
  setup: Setup,
  extent: Extent,
  progress: Progress,
): Promise<Databases> {
  const fill = (name: string, { nodes, hours, dataEnd }: Extent, make: Make): Promise<BenchDatabase> => {
    progress.step(`${name}: ${valueCount({ nodes, hours, dataEnd }).toLocaleString('en')} values`)
    return make(name, { nodes, hours, dataEnd })
  }
  const makeNarrow: Make = (name, size) => narrowDatabase(address, name, size, setup, progress.at)
  const makeWide: Make = (name, size) => wideDatabase(address, name, size, progress.at)
  const tenthNodes = Math.max(fewestNodes, Math.round(extent.nodes / 10))
  const narrow = await fill('bench_narrow', extent, makeNarrow)
  const tenth = await fill('bench_tenth', { ...extent, nodes: tenthNodes }, makeNarrow)
  const wide = await fill('bench_wide', extent, makeWide)
  const isCommunity = (await editionOf(narrow.sql)) === 'timescale'
  const month = isCommunity
    ? await fill('bench_month', { ...extent, nodes: 1, hours: summaryHours }, makeNarrow)
    : undefined
  return { narrow, tenth, wide, month }
}

type Make = (name: string, extent: Extent) => Promise<BenchDatabase>

function prepareSetup(folder: string): Setup {
  const setupFolder = join(folder, 'setup')
  mkdirSync(setupFolder, { recursive: true, mode: 0o700 })
  return { folder: setupFolder, user: 'kwuser', password: keptSecret(join(setupFolder, 'kwuser')) }
}

/** What a reader of the ratios has to know of the other side. */
async function describe({ sql }: BenchDatabase, language: Language): Promise<string> {
  const [{ jit = '' } = {}] = await sql<{ jit: string }[]>`select current_setting('jit') as jit`
  const words = {
    python: 'PL/Python, the language of kwollect 1.0',
    plpgsql: 'PL/pgSQL, since this server lacks the PL/Python of kwollect 1.0',
  }[language]
  return `baseline: wide layout, get_metrics in ${words}; jit ${jit}, as PostgreSQL has it by itself`
}

function readScale(text: string): number {
  const scale = Number(text)
  if (text.trim() !== '' && scale > 0 && scale <= 100) return scale
  throw new BadConfiguration(`--scale must be a number above 0, up to 100, got ${text}`)
}
