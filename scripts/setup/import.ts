import type postgres from 'postgres'
import { Connection, reasonOf } from '../../sidecar/database.ts'
import type { Progress } from '../progress.ts'
import { importJobView } from './import_jobs.ts'
import { importGaps, planImport } from './import_pieces.ts'
import { importPromotions } from './import_promotions.ts'
import { databaseId, hasTimeIndex, type Range, type Source, setForm, sourceExtent } from './import_source.ts'
import type { SetupOptions } from './options.ts'
import { SetupRefused } from './prerequisites.ts'

// Any number will do, as long as every version of this command takes the same.
const importLock = 5493810173
/** A kill loses the work of one piece, a second of it. Twice as many are no faster: 123,000 values/s instead of 125,000. */
const usualPieceRows = 100_000

/**
 * Copies a kwollect 1.x database into ours, or what ours lacks of it: pieces that are noted here and unchanged there are
 * not copied again. Ends when it has caught up with a source that is still written to.
 *
 * @param stopping aborted by SIGINT and SIGTERM: the piece under way is undone, all others stay
 * @returns what was done, in sentences
 * @throws {SetupRefused} where the two sides differ, or cannot go on
 */
export async function importFrom(
  source: Source,
  options: SetupOptions,
  progress: Progress,
  stopping: AbortSignal,
): Promise<string[]> {
  const target = new Connection(
    {
      host: options.db_host,
      port: options.db_port,
      database: options.kwollect_db_name,
      user: options.db_admin,
      password: options.db_admin_password,
    },
    { name: 'kwollect-setup-db', onNotice: () => {} },
  )
  const stop = () => void Promise.all([source.connection.end(), target.end()])
  stopping.addEventListener('abort', stop)
  try {
    stopping.throwIfAborted()
    return await importAll(source, target.sql, progress)
  } catch (error) {
    if (stopping.aborted) throw stopping.reason
    if (error instanceof SetupRefused) throw error
    throw new SetupRefused(
      `the import from ${source.name} stopped: ${reasonOf(error)}; what it has copied stays, run this again to go on.`,
    )
  } finally {
    stopping.removeEventListener('abort', stop)
    progress.end()
    await target.end()
  }
}

async function importAll(source: Source, target: postgres.Sql, progress: Progress): Promise<string[]> {
  await setForm(target)
  await refuseOurselves(source, target)
  await lock(target, progress)
  await target`call kwollect.prepare_import()`
  const said: string[] = []
  if (!(await hasTimeIndex(source))) {
    progress.step(
      `${source.name} has no index on the time, so each piece reads all of it: "create index on metrics (timestamp)" there helps.`,
    )
  }
  const extent = await sourceExtent(source)
  const shown = (end: string) => progress.at(shareOf(end, extent))
  progress.step(`comparing with what was imported from ${source.name} before`)
  const gaps = await planImport(source, target, shown)
  progress.step(`importing from ${source.name}`)
  const copied = await importGaps(source, target, gaps, { pieceRows: usualPieceRows, reached: shown })
  said.push(await describe(source, target, copied))
  said.push(await importPromotions(source, target), await importJobView(source, target))
  return said
}

async function refuseOurselves(source: Source, target: postgres.Sql): Promise<void> {
  if ((await databaseId(target)) === source.id)
    throw new SetupRefused('import_from is this database itself; give another kwollect_db_name.')
}

/**
 * One import at a time, held by the session that stores: where an import was killed, its last statement may still run,
 * and the next one must see what became of it.
 */
async function lock(target: postgres.Sql, progress: Progress): Promise<void> {
  const [row] = await target<
    [{ taken: boolean }]
  >`select pg_try_advisory_lock(${importLock}::bigint) as taken`
  if (row.taken) return
  progress.step('another import into this database runs; this one waits for its end')
  await target`select pg_advisory_lock(${importLock}::bigint)`
}

/** The share of the time, not of the rows, which to count would take a part of the time of copying them. */
function shareOf(end: string, extent: Range | undefined): number {
  if (extent === undefined || end === 'infinity') return 1
  const [first, last, reached] = [extent.start, extent.end, end].map(text => Date.parse(text)) as [
    number,
    number,
    number,
  ]
  const share = (reached - first) / (last - first)
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 1
}

async function describe(source: Source, target: postgres.Sql, copied: number): Promise<string> {
  const [row] = await target<[{ stored: string; refused: string }]>`
    select coalesce(sum(source_rows - refused), 0) as stored
         , coalesce(sum(refused), 0) as refused
      from kwollect.imported_pieces
     where source = ${source.id}`
  const { stored, refused } = row
  const [total, fresh, unfit] = [stored, copied, refused].map(count => Number(count).toLocaleString('en'))
  const letters =
    refused === '0'
      ? ''
      : `; ${unfit} more that no table can hold: kwollect.dead_letters has them, with the reason`
  return `All ${total} values of ${source.name} are here, ${fresh} of them new, compared by number and sum${letters}.`
}
