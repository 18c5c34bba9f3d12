import { pipeline } from 'node:stream/promises'
import type postgres from 'postgres'
import {
  copyOut,
  endOfPiece,
  type Figures,
  figuresOf,
  type Range,
  type Source,
  timeless,
} from './import_source.ts'

/** A piece that an import has stored and noted. */
type NotedPiece = Range & Figures

/**
 * Compares what earlier imports have noted with what the source has now. A piece that has changed, because its rows
 * came late, is to be copied again: only what is missing will be stored.
 *
 * @param target the connection to our database
 * @param checked is called with the end of each piece
 * @returns the ranges that no note covers, in the order of time
 */
export async function planImport(
  source: Source,
  target: postgres.Sql,
  checked: (end: string) => void,
): Promise<readonly Range[]> {
  const notes = await target<NotedPiece[]>`
    select range_start::text as start
         , range_end::text as end
         , source_rows::text as rows
         , source_sum::text as sum
         , source_nans::text as nans
      from kwollect.imported_pieces
     where source = ${source.id}
       and range_start < range_end
     order by imported_pieces.range_start`
  const gaps: Range[] = []
  let covered = '-infinity'
  for (const note of notes) {
    if (!isSame(note, await figuresOf(source.connection.sql, note))) continue
    if (note.start !== covered) gaps.push({ start: covered, end: note.start })
    covered = note.end
    checked(covered)
  }
  if (covered !== 'infinity') gaps.push({ start: covered, end: 'infinity' })
  return gaps
}

function isSame(one: Figures, other: Figures): boolean {
  return one.rows === other.rows && one.sum === other.sum && one.nans === other.nans
}

/**
 * Copies what no note covers, piece by piece, each in one transaction with its note. The rows without a finite time come
 * last; no table of ours can hold them.
 *
 * @param reached is called with the end of each piece
 * @returns how many rows were not here before
 */
export async function importGaps(
  source: Source,
  target: postgres.Sql,
  gaps: readonly Range[],
  { pieceRows, reached }: { readonly pieceRows: number; readonly reached: (end: string) => void },
): Promise<number> {
  let stored = 0
  for (const gap of gaps) {
    for (let start = gap.start; start !== gap.end; ) {
      const end = await endOfPiece(source, { start, end: gap.end }, pieceRows)
      stored += await importPiece(source, target, { start, end })
      reached(end)
      start = end
    }
  }
  await importPiece(source, target, timeless)
  return stored
}

/** Both sides in one transaction: the source's figures are of the rows that are copied, whatever comes meanwhile. */
async function importPiece(source: Source, target: postgres.Sql, range: Range): Promise<number> {
  return source.connection.sql.begin(async reading => {
    const figures = await figuresOf(reading, range)
    return target.begin(async writing => {
      const arriving = await writing`copy pg_temp.arriving_rows from stdin (format binary)`.writable()
      await pipeline(await copyOut(reading, range), arriving)
      const [row] = await writing<[{ stored: string }]>`
        select kwollect.store_piece(
                 ${source.id}, ${range.start}::text::timestamptz, ${range.end}::text::timestamptz
               , ${figures.rows}::text::bigint, ${figures.sum}::text::numeric, ${figures.nans}::text::bigint
               ) as stored`
      return Number(row.stored)
    })
  })
}
