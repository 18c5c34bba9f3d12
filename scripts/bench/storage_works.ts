import { join } from 'node:path'
import type { BenchDatabase } from './databases.ts'
import { medians, type Timed } from './measure.ts'
import { informationLine, type Line, shareLine, speedLine, times } from './report.ts'

export interface Stored {
  readonly narrow: BenchDatabase
  readonly wide: BenchDatabase
  /** Where the server, which may be another user, can write: rows to COPY lie here. */
  readonly serverFolder: string
}

const rowsOfBatch = 100_000
const dayMs = 86_400_000

/**
 * Bytes on disk of one value: heap, indexes and toast of what the power ports added to the last chunk, which is
 * otherwise as large as the one before. Their values have one label, the alias.
 */
export async function measureBytes({ narrow, wide }: Pick<Stored, 'narrow' | 'wide'>): Promise<Line> {
  const work = { name: 'bytes per value on disk with one label (power ports)', target: times('<=', 0.55) }
  const [ours, baseline] = [
    await bytesPerPortValue(narrow, 'kwollect.samples'),
    await bytesPerPortValue(wide, 'public.metrics'),
  ]
  return shareLine(work, ours, baseline, 'bytes')
}

async function bytesPerPortValue({ sql, extent }: BenchDatabase, hypertable: string): Promise<number> {
  const sizes = await sql<{ total_bytes: string }[]>`
    select size.total_bytes
      from chunks_detailed_size(${hypertable}) as size
      join timescaledb_information.chunks as chunk
        on chunk.chunk_schema = size.chunk_schema and chunk.chunk_name = size.chunk_name
     where chunk.range_end <= ${extent.dataEnd}
     order by chunk.range_end desc
     limit 2`
  const [last, before] = sizes.map(row => Number(row.total_bytes))
  if (last === undefined || before === undefined) throw new Error(`${hypertable} has no two chunks`)
  return (last - before) / (extent.nodes * 7_200)
}

/**
 * COPY into the tables themselves and INSERT … SELECT into `metrics`, each batch later than the one before. The wide
 * layout gets its batches as they were measured, in order of time. Ours sorts each by series first, as
 * kwollect.store_batch does, and that time is counted as its own; without sorting, for information.
 */
export async function measureWriting(stored: Stored, measured: (name: string) => void): Promise<Line[]> {
  const copy = { name: 'COPY of 100 k rows into samples, sorting included', target: times('>=', 1.7) }
  const insert = { name: 'INSERT ... SELECT of 100 k rows into metrics', target: times('>=', 0.5) }
  try {
    measured(copy.name)
    const [sorted = 0, baselineCopied = 0] = await medians(
      copying(stored.narrow, stored.serverFolder, narrowSorted),
      copying(stored.wide, stored.serverFolder, wideCopy),
    )
    await dropWritten(stored)
    const [unsorted = 0, baselineAgain = 0] = await medians(
      copying(stored.narrow, stored.serverFolder, narrowUnsorted),
      copying(stored.wide, stored.serverFolder, wideCopy),
    )
    await dropWritten(stored)
    measured(insert.name)
    const [oursInserted = 0, baselineInserted = 0] = await medians(
      inserting(stored.narrow),
      inserting(stored.wide),
    )
    return [
      speedLine(copy, sorted, baselineCopied),
      speedLine(insert, oursInserted, baselineInserted),
      informationLine('COPY of 100 k rows into samples, in order of time', unsorted, baselineAgain),
    ]
  } finally {
    await dropWritten(stored)
  }
}

/** Removes what was written behind the data, chunk by chunk, so that the next bench finds what this one found. */
export async function dropWritten({ narrow, wide }: Pick<Stored, 'narrow' | 'wide'>): Promise<void> {
  for (const { sql, extent } of [narrow, wide]) {
    const hypertable = sql === narrow.sql ? 'kwollect.samples' : 'public.metrics'
    await sql`select drop_chunks(${hypertable}, newer_than => ${extent.dataEnd}::timestamptz)`
    await sql`truncate bench.batch`
    await sql`drop table if exists bench.rows`
  }
}

interface CopyStatements {
  /** Makes the table bench.rows of bench.batch, whose columns are those of the layout. */
  readonly rows: string
  readonly order: string
  readonly table: string
  /** Where the order is of the writer's making. */
  readonly isSorted: boolean
}

const narrowUnsorted: CopyStatements = {
  rows: `select batch.timestamp, series.series_id, batch.value
           from bench.batch
           join kwollect.series using (device_id, metric_id)
          order by batch.timestamp`,
  order: 'timestamp',
  table: 'kwollect.samples (timestamp, series_id, value)',
  isSorted: false,
}

const narrowSorted: CopyStatements = {
  ...narrowUnsorted,
  order: 'series_id, timestamp',
  isSorted: true,
}

const wideCopy: CopyStatements = {
  rows: 'select timestamp, device_id, metric_id, value, labels from bench.batch order by timestamp',
  order: 'timestamp',
  table: 'public.metrics (timestamp, device_id, metric_id, value, labels)',
  isSorted: false,
}

function copying(database: BenchDatabase, serverFolder: string, statements: CopyStatements): Timed {
  const file = join(serverFolder, `${database.name}.copy`)
  const inOrder = `select * from bench.rows order by ${statements.order}`
  const next = batches(database)
  return async () => {
    await next()
    await database.sql.unsafe(`drop table if exists bench.rows;
      create unlogged table bench.rows as ${statements.rows};
      analyze bench.rows;
      copy (${inOrder}) to '${file}'`)
    const sorting = `select count(*) from (${inOrder} offset 0) as sorted`
    return (
      (statements.isSorted ? await milliseconds(database, sorting) : 0) +
      (await milliseconds(database, `copy ${statements.table} from '${file}'`))
    )
  }
}

function inserting(database: BenchDatabase): Timed {
  const next = batches(database)
  return async () => {
    await next()
    return milliseconds(
      database,
      `insert into public.metrics (timestamp, device_id, metric_id, value, labels)
       select timestamp, device_id, metric_id, value, labels from bench.batch`,
    )
  }
}

/** @returns what fills the table bench.batch with the next batch, from a day after the data on */
function batches({ sql, extent }: BenchDatabase): () => Promise<void> {
  const batchMs = (Math.floor(rowsOfBatch / (extent.nodes * 12)) + 1) * 10_000
  let start = extent.dataEnd.getTime() + dayMs
  return async () => {
    await sql`call bench.make_batch(${new Date(start)}, ${rowsOfBatch})`
    start += batchMs
  }
}

/** @returns how long the statement takes inside the server */
export async function milliseconds({ sql }: BenchDatabase, statement: string): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`select bench.milliseconds(${statement}) as ms`
  return row?.ms ?? Number.NaN
}
