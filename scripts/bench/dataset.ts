import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type postgres from 'postgres'

/** How large, and where in time. Both layouts of one size hold the same rows. */
export interface Extent {
  /** Each with 12 metrics every 10 s and a power port every second for the last 2 h. */
  readonly nodes: number
  readonly hours: number
  /** A boundary of the chunks (6 h from the epoch): the data are whole chunks. */
  readonly dataEnd: Date
}

/** Called with the share of the rows stored up to now, from 0 to 1. */
export type ShareReached = (share: number) => void

export type Layout = 'narrow' | 'wide'

const hourMs = 3_600_000
const chunkMs = 6 * hourMs
const portsMs = 2 * hourMs
/** Changes when the rows or the wide layout do: kept databases of another version are made anew. */
const version = fingerprint()

/**
 * @returns the moment at which the data of this file's folder end: kept from run to run, at first the last boundary
 *   of chunks, so that all data lie in the past 30 h
 */
export function keptDataEnd(file: string): Date {
  if (!existsSync(file))
    writeFileSync(file, new Date(Math.floor(Date.now() / chunkMs) * chunkMs).toISOString())
  return new Date(readFileSync(file, 'utf8'))
}

/** @returns how many values the data set has */
export function valueCount({ nodes, hours }: Extent): number {
  return nodes * (12 * ((hours * hourMs) / 10_000) + portsMs / 1_000)
}

/** @returns what the database holds or was meant to hold; undefined where that is nothing, or of another version */
export async function readExtent(sql: postgres.Sql): Promise<Extent | undefined> {
  const [found] = await sql<{ exists: boolean }[]>`select to_regclass('bench.extent') is not null as exists`
  if (!found?.exists) return undefined
  const [row] = await sql<{ nodes: number; hours: number; data_end: Date; prepared_for: string }[]>`
    select nodes, hours, data_end, prepared_for from bench.extent`
  if (row === undefined || row.prepared_for !== version) return undefined
  return { nodes: row.nodes, hours: row.hours, dataEnd: row.data_end }
}

/** Makes the tables, views and functions of the data set and, for the wide layout, all of kwollect 1.0. */
export async function prepareDataset(sql: postgres.Sql, layout: Layout, extent: Extent): Promise<void> {
  const dataStart = new Date(extent.dataEnd.getTime() - extent.hours * hourMs)
  await sql.begin(async transaction => {
    await transaction.unsafe(readSql('data.sql'))
    await transaction.unsafe(readSql(`${layout}.sql`))
    await transaction`call bench.make_origins(${extent.nodes})`
    await transaction`call bench.make_jobs(${extent.dataEnd})`
    await transaction`call bench.prepare()`
    await transaction`
      insert into bench.extent (nodes, hours, data_end, stored_until, prepared_for)
      values (${extent.nodes}, ${extent.hours}, ${extent.dataEnd}, ${dataStart}, ${version})`
  })
}

/** Stores what is missing, an hour a transaction in the order of time, as it would have come in. */
export async function storeDataset(sql: postgres.Sql, extent: Extent, progress: ShareReached): Promise<void> {
  const dataEnd = extent.dataEnd.getTime()
  const [row] = await sql<{ stored_until: Date }[]>`select stored_until from bench.extent`
  const stored = row?.stored_until.getTime() ?? dataEnd
  if (stored === dataEnd) return
  const portsStart = new Date(dataEnd - portsMs)
  for (let start = stored; start < dataEnd; start += hourMs) {
    const [from, to] = [new Date(start), new Date(start + hourMs)]
    progress(1 - (dataEnd - start) / (extent.hours * hourMs))
    await sql.begin(async transaction => {
      await transaction`call bench.store(${from}, ${to}, ${portsStart})`
      await transaction`update bench.extent set stored_until = ${to}`
    })
  }
  progress(1)
  await sql.unsafe('vacuum (analyze)')
  await sql.unsafe('checkpoint')
}

/** @returns a file of this folder */
export function readSql(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8')
}

function fingerprint(): string {
  const texts = ['data.sql', 'narrow.sql', 'wide.sql'].map(readSql)
  return createHash('sha256').update(texts.join('')).digest('hex')
}
