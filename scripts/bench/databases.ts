import { join } from 'node:path'
import postgres from 'postgres'
import { lastLines, startChild } from '../stack/child.ts'
import type { ServerAddress } from '../stack/cluster.ts'
import { writePrivateFile } from '../stack/secret_file.ts'
import {
  type Extent,
  type Layout,
  prepareDataset,
  readExtent,
  readSql,
  type ShareReached,
  storeDataset,
} from './dataset.ts'
import type { Language } from './query_works.ts'

/** A filled database of the bench. */
export interface BenchDatabase {
  readonly name: string
  readonly extent: Extent
  /** One connection as superuser: the settings and the plan cache are those of one session. */
  readonly sql: postgres.Sql
}

/** What kwollect-setup-db needs beside the server. */
export interface Setup {
  /** For its options, its log and what it writes for PostgREST (`<database>/postgrest.conf`, `token`). */
  readonly folder: string
  readonly user: string
  readonly password: string
}

export function connect(address: ServerAddress, database: string): postgres.Sql {
  return postgres({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database,
    max: 1,
    onnotice: () => undefined,
    connection: { application_name: 'kwollect bench' },
  })
}

/** Our own layout, by the real kwollect-setup-db with its current SQL files; kept data of the same extent stay. */
export async function narrowDatabase(
  address: ServerAddress,
  name: string,
  extent: Extent,
  setup: Setup,
  progress: ShareReached,
): Promise<BenchDatabase> {
  await dropUnlessKept(address, name, extent)
  await setUp(address, name, setup)
  return fillDatabase(address, name, 'narrow', extent, progress)
}

/**
 * The layout of kwollect 1.0; kept data of the same extent stay, its views are made anew. get_metrics is there in
 * PL/pgSQL, and in PL/Python where the server has that language ({@link languageOf}).
 */
export async function wideDatabase(
  address: ServerAddress,
  name: string,
  extent: Extent,
  progress: ShareReached,
): Promise<BenchDatabase> {
  await dropUnlessKept(address, name, extent)
  await createUnlessThere(address, name)
  const database = await fillDatabase(address, name, 'wide', extent, progress)
  await database.sql.unsafe(readSql('wide_views.sql'))
  if ((await languageOf(database.sql)) === 'python') await database.sql.unsafe(readSql('wide_python.sql'))
  return database
}

/** @returns 'timescale' for the community edition of TimescaleDB, 'apache' for the other */
export async function editionOf(sql: postgres.Sql): Promise<string> {
  // The setting exists only in sessions that have loaded the extension.
  await sql`select extversion from pg_extension where extname = 'timescaledb'`
  const [row] = await sql<{ edition: string }[]>`select current_setting('timescaledb.license') as edition`
  return row?.edition ?? 'apache'
}

/** Ends the connection; does nothing where there is no database. */
export async function closeDatabase(database: BenchDatabase | undefined): Promise<void> {
  await database?.sql.end({ timeout: 1 })
}

/** @returns the language of the baseline's get_metrics: PL/Python, which kwollect 1.0 asks for, where the server has it */
export async function languageOf(sql: postgres.Sql): Promise<Language> {
  const rows = await sql`select from pg_available_extensions where name = 'plpython3u'`
  return rows.length > 0 ? 'python' : 'plpgsql'
}

/** Stores what the database lacks of the data set, and makes what measuring needs. */
export async function fillDatabase(
  address: ServerAddress,
  name: string,
  layout: Layout,
  extent: Extent,
  progress: ShareReached,
): Promise<BenchDatabase> {
  const sql = connect(address, name)
  if ((await readExtent(sql)) === undefined) await prepareDataset(sql, layout, extent)
  await storeDataset(sql, extent, progress)
  await sql.unsafe(readSql('timing.sql'))
  await sql.unsafe(readSql('ready_rows.sql'))
  await sql.unsafe(readSql('writing.sql'))
  return { name, extent, sql }
}

async function dropUnlessKept(address: ServerAddress, name: string, wanted: Extent): Promise<void> {
  if (!(await exists(address, name))) return
  const database = connect(address, name)
  const kept = await readExtent(database)
  await database.end()
  if (kept !== undefined && isSame(kept, wanted)) return
  const server = connect(address, 'postgres')
  await server`drop database ${server(name)} with (force)`
  await server.end()
}

function isSame(one: Extent, other: Extent): boolean {
  return (
    one.nodes === other.nodes &&
    one.hours === other.hours &&
    one.dataEnd.getTime() === other.dataEnd.getTime()
  )
}

async function createUnlessThere(address: ServerAddress, name: string): Promise<void> {
  if (await exists(address, name)) return
  const server = connect(address, 'postgres')
  await server`create database ${server(name)}`
  await server.end()
}

async function exists(address: ServerAddress, name: string): Promise<boolean> {
  const server = connect(address, 'postgres')
  const rows = await server`select from pg_database where datname = ${name}`
  await server.end()
  return rows.length > 0
}

/** Runs kwollect-setup-db. */
export async function setUp(address: ServerAddress, name: string, setup: Setup): Promise<void> {
  const optionsFile = join(setup.folder, 'setup.yaml')
  const options = {
    db_host: address.host,
    db_port: address.port,
    db_admin: address.user,
    db_admin_password: address.password,
    kwollect_db_name: name,
    kwollect_user: setup.user,
    kwollect_password: setup.password,
  }
  writePrivateFile(optionsFile, JSON.stringify(options))
  const child = await startChild({
    name: 'kwollect-setup-db',
    command: process.execPath,
    args: [setupScript, optionsFile, '--output_dir', join(setup.folder, name)],
    logFile: join(setup.folder, 'setup.log'),
  })
  const ending = await child.ended
  if (ending !== 'exit status 0') throw new Error(`kwollect-setup-db: ${ending}\n${lastLines(child.logFile)}`)
}

const setupScript = join(import.meta.dirname, '..', 'kwollect-setup-db.ts')
