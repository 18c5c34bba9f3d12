import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import type { Client } from 'pg'
import { type ApiAccess, apiAccess, keepJwtSecret } from './api_access.ts'
import { applySqlFiles, type Edition, readSqlFiles } from './apply_sql.ts'
import { createArchive, useArchive } from './archive.ts'
import { connectAdmin } from './connection.ts'
import { installPage, type Page, readPage } from './dashboard_page.ts'
import { interruptible } from './interruption.ts'
import type { SetupOptions } from './options.ts'
import { checkServer, refuseOldTimescale, SetupRefused } from './prerequisites.ts'
import { configureLogins, prepareGroups, readViewsOfOthers, refuseNames } from './roles.ts'

/** What a set-up did; `access` holds secrets. */
export interface SetupResult {
  readonly created: boolean
  readonly migrations: number
  readonly files: number
  /** Whether the graphical view is new or another one. */
  readonly page: boolean
  readonly access: ApiAccess
  /** 'timescale' is the community edition; 'apache' has neither compression nor continuous aggregates. */
  readonly edition: Edition
}

/** The folder with `sql/` and `migrations/`. */
export const root = join(import.meta.dirname, '..', '..')
// Any number will do, as long as every version of this command takes the same.
export const setupLock = 5493810172

/**
 * Creates the kwollect database, or brings it to the current schema. Everything inside the database is one
 * transaction; making the database and a tablespace cannot be, so what was made here is dropped again on failure.
 *
 * @param stopping aborted by SIGINT and SIGTERM: the transaction is rolled back
 * @throws {SetupRefused} with one sentence on what to install, grant or change
 */
export async function setUpDatabase(options: SetupOptions, stopping: AbortSignal): Promise<SetupResult> {
  refuseNames(options.kwollect_db_name, options.kwollect_user)
  const page = await readPage()
  const server = await connectAdmin(options, 'postgres')
  try {
    await checkServer(server, options.db_admin)
    // Held by the session, on one database for all: roles are shared, so set-ups of two databases wait too.
    await interruptible(options, server, stopping, () =>
      server.query('select pg_advisory_lock($1)', [setupLock]),
    )
    const undo: (() => Promise<void>)[] = []
    try {
      const created = await createDatabase(server, options.kwollect_db_name)
      if (created) undo.push(() => dropDatabase(server, options.kwollect_db_name))
      undo.push(await createArchive(server, options))
      return await updateDatabase(options, page, created, stopping)
    } catch (error) {
      for (const step of undo) await step()
      throw error
    }
  } finally {
    await server.end()
  }
}

async function createDatabase(server: Client, name: string): Promise<boolean> {
  const { rowCount } = await server.query('select from pg_database where datname = $1', [name])
  if (rowCount !== 0) return false
  const { rows } = await server.query<{ statement: string }>(
    `select format('create database %I encoding ''UTF8'' template template0', $1::text) as statement`,
    [name],
  )
  await server.query(rows[0]?.statement ?? '')
  return true
}

async function dropDatabase(server: Client, name: string): Promise<void> {
  const { rows } = await server.query<{ statement: string }>(
    `select format('drop database %I with (force)', $1::text) as statement`,
    [name],
  )
  await server.query(rows[0]?.statement ?? '')
}

async function updateDatabase(
  options: SetupOptions,
  page: Page,
  created: boolean,
  stopping: AbortSignal,
): Promise<SetupResult> {
  const client = await connectAdmin(options, options.kwollect_db_name)
  try {
    const result = await interruptible(options, client, stopping, async () => {
      await client.query('begin')
      return inTransaction(client, options, page, created)
    })
    // From here on a signal comes too late: what is committed would be reported as undone.
    await client.query('commit')
    return result
  } finally {
    await client.end()
  }
}

async function inTransaction(
  client: Client,
  options: SetupOptions,
  page: Page,
  created: boolean,
): Promise<SetupResult> {
  await client.query('set local client_min_messages = warning')
  // Parameters hold the JWT secret and password verifiers: a server that logs statements must not keep them.
  await client.query('set local log_parameter_max_length = 0')
  await client.query('set local log_parameter_max_length_on_error = 0')
  const edition = await createExtension(client)
  await prepareGroups(client)
  await client.query('set local role kwollect_owner')
  const migrations = await migrate(client)
  const files = await applySqlFiles(client, readSqlFiles(join(root, 'sql')), edition)
  const pageChanged = await installPage(client, page)
  await keepStorageOptions(client, options)
  const secret = await keepJwtSecret(client, options)
  await client.query('reset role')
  await useArchive(client, options)
  await client.query('call kwollect.configure_storage(make_interval(hours => $1))', [
    options.chunk_interval_hour,
  ])
  await configureLogins(client, {
    user: options.kwollect_user,
    password: options.kwollect_password,
    readerPassword: options.kwollect_password_ro,
    timeout: `${options.request_timeout_min}min`,
  })
  await readViewsOfOthers(client)
  await client.query('call kwollect.close_timescaledb()')
  await client.query('call kwollect.assert_catalog()')
  await client.query("notify pgrst, 'reload schema'")
  const access = await apiAccess(options, secret)
  return { created, migrations, files, page: pageChanged, edition, access }
}

/** What the background jobs read at each run. */
async function keepStorageOptions(client: Client, options: SetupOptions): Promise<void> {
  for (const [name, value] of [
    ['chunk_compress_hour', options.chunk_compress_hour],
    ['retention_day', options.retention_day ?? null],
  ] as const) {
    await client.query('call kwollect.keep_setting($1, $2::text)', [name, value])
  }
}

/** Makes the extension TimescaleDB, or finds it. */
export async function createExtension(client: Client): Promise<Edition> {
  await client.query('create extension if not exists timescaledb schema public')
  const { rows } = await client.query<{ version: string; schema: string; edition: Edition }>(
    `select extversion as version
          , extnamespace::regnamespace::text as schema
          , current_setting('timescaledb.license') as edition
       from pg_extension
      where extname = 'timescaledb'`,
  )
  const { version = '0', schema = 'public', edition = 'apache' } = rows[0] ?? {}
  refuseOldTimescale(version)
  if (schema !== 'public') {
    throw new SetupRefused(
      `the extension timescaledb of this database is in the schema ${schema}, kwollect needs it in public; give another kwollect_db_name.`,
    )
  }
  return edition
}

/** Each migration calls `pgm.noTransaction()`: the runner's own transactions would end ours half-way. */
async function migrate(client: Client): Promise<number> {
  const silent = () => {}
  const applied = await runner({
    dbClient: client,
    dir: join(root, 'migrations'),
    direction: 'up',
    migrationsTable: 'migrations',
    migrationsSchema: 'kwollect',
    noLock: true, // held already
    logger: { info: silent, warn: silent, error: silent },
  })
  return applied.length
}
