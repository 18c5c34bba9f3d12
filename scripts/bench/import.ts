import { join } from 'node:path'
import type postgres from 'postgres'
import type { OptionDefinitions, OptionValues } from '../../sidecar/config.ts'
import type { Progress } from '../progress.ts'
import { type Child, lastLines, startChild, stopChild } from '../stack/child.ts'
import type { Cluster, ServerAddress } from '../stack/cluster.ts'
import type { StateFolder } from '../stack/state_folder.ts'
import { until } from '../stack/until.ts'
import { closeDatabase, wideDatabase } from './databases.ts'
import { keptDataEnd, valueCount } from './dataset.ts'
import { type Installation, install } from './installation.ts'
import { absoluteLine, type Line } from './report.ts'
import { onServer } from './server.ts'

export const importOptions = {
  nodes: {
    kind: 'integer',
    default: 91,
    minimum: 16,
    help: 'size of the database to import, 110,880 values a node',
  },
} as const satisfies OptionDefinitions

const interruptions = 2
const rate = {
  name: 'import, killed twice',
  target: { bound: '>=', value: 100_000, unit: 'values/s' },
} as const
const difference = {
  name: 'values that differ afterwards',
  target: { bound: '<=', value: 0, unit: 'values' },
} as const

/**
 * `kwollect-setup-db --import_from` of a wide database on the same server, which writes to disk as a real one does,
 * killed twice and started again. The time is all of it, from the first start to the last end.
 *
 * @param folder of this run alone; the source is kept there
 */
export function benchImport(
  options: OptionValues<typeof importOptions>,
  folder: StateFolder,
  progress: Progress,
  signal: AbortSignal,
): Promise<Line[]> {
  const extent = { nodes: options.nodes, hours: 24, dataEnd: keptDataEnd(join(folder.path, 'data_end')) }
  return onServer(folder, signal, async cluster => {
    progress.step(`the database to import: ${valueCount(extent).toLocaleString('en')} values`)
    const source = await wideDatabase(cluster.address, 'bench_import_source', extent, progress.at)
    await dropTarget(source.sql)
    const target = await install(cluster, folder.path, targetName)
    try {
      progress.step('importing, killed twice')
      const seconds = await importInterrupted(cluster, target, valueCount(extent), progress)
      progress.step('comparing')
      return [
        absoluteLine(rate, valueCount(extent) / seconds),
        absoluteLine(difference, await countDifferences(source.sql, target.sql)),
      ]
    } finally {
      await target.sql.end({ timeout: 1 })
      await closeDatabase(source)
    }
  })
}

const targetName = 'bench_import'

/** What a run before has left in a folder that is kept. */
async function dropTarget(sql: postgres.Sql): Promise<void> {
  await sql`drop database if exists ${sql(targetName)} with (force)`
}

/** @returns how many seconds it took in all */
async function importInterrupted(
  { address }: Cluster,
  target: Installation,
  values: number,
  progress: Progress,
): Promise<number> {
  const begin = performance.now()
  for (let kill = 1; kill <= interruptions; kill++) {
    const child = await startImport(address, target)
    try {
      const enough = (values * kill) / (interruptions + 1)
      await until(
        `${Math.round(enough)} imported values`,
        async () => (await importedValues(target)) >= enough || failIfEnded(child),
        600_000,
      )
    } finally {
      await stopChild(child, [['SIGKILL', 5_000]])
    }
    progress.at(kill / (interruptions + 1))
  }
  const child = await startImport(address, target)
  const ending = await child.ended
  if (ending !== 'exit status 0') throw new Error(`the import: ${ending}\n${lastLines(child.logFile)}`)
  return (performance.now() - begin) / 1000
}

function startImport({ host, port, user, password }: ServerAddress, target: Installation): Promise<Child> {
  const account = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
  return startChild({
    name: 'kwollect-setup-db',
    command: process.execPath,
    // The options that install() has written.
    args: [setupScript, join(target.folder, 'setup.yaml'), '--output_dir', target.apiFolder],
    environment: { KWOLLECT_IMPORT_FROM: `postgres://${account}@${host}:${port}/bench_import_source` },
    logFile: join(target.folder, 'import.log'),
  })
}

const setupScript = join(import.meta.dirname, '..', 'kwollect-setup-db.ts')

async function importedValues({ sql }: Installation): Promise<number> {
  const [row] = await sql<[{ rows: string }]>`
    select coalesce(sum(source_rows), 0) as rows from kwollect.imported_pieces`
  return Number(row.rows)
}

function failIfEnded(child: Child): false {
  if (child.ending() === undefined) return false
  throw new Error(`the import ended (${child.ending()}) before it was killed:\n${lastLines(child.logFile)}`)
}

/** Every column of every row, as a sum of hashes: two sets that agree in it and in their number are the same. */
async function countDifferences(source: postgres.Sql, target: postgres.Sql): Promise<number> {
  const [here, there] = [await fingerprint(target), await fingerprint(source)]
  if (here.hash === there.hash && here.rows === there.rows) return 0
  return Math.max(1, Math.abs(Number(here.rows) - Number(there.rows)))
}

async function fingerprint(sql: postgres.Sql): Promise<{ rows: string; hash: string }> {
  const [row] = await sql<[{ rows: string; hash: string }]>`
    select count(*) as rows
         , sum(hashtextextended(
             concat_ws('|', extract(epoch from timestamp), device_id, metric_id, value, labels), 0
           )::numeric) as hash
      from public.metrics`
  return row
}
