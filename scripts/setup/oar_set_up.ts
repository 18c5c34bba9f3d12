import { readdirSync } from 'node:fs'
import { join, parse } from 'node:path'
import type { Client } from 'pg'
import { apiToken } from './api_access.ts'
import { applySqlFiles, readSqlFiles } from './apply_sql.ts'
import { connectAdmin } from './connection.ts'
import { interruptible } from './interruption.ts'
import { oarRefusal } from './oar_errors.ts'
import type { OarSetupOptions } from './oar_options.ts'
import { checkServer, SetupRefused } from './prerequisites.ts'
import { createExtension, root, setupLock } from './set_up_database.ts'

/** What the hooks need. */
export interface OarSetupResult {
  /** API token of kwollect_user: a secret. */
  readonly token: string
}

/**
 * Connects OAR's database through postgres_fdw and points the two job views at it, in one transaction: where OAR does
 * not answer, or is no OAR, nothing has changed. A second run takes over what differs.
 *
 * @param stopping aborted by SIGINT and SIGTERM: the transaction is rolled back
 * @throws {SetupRefused} with one sentence on what to start, grant or change
 */
export async function setUpOar(options: OarSetupOptions, stopping: AbortSignal): Promise<OarSetupResult> {
  const server = await connectAdmin(options, 'postgres')
  try {
    await checkServer(server, options.db_admin)
    await refuseMissingDatabase(server, options.kwollect_db_name)
    await interruptible(options, server, stopping, () =>
      server.query('select pg_advisory_lock($1)', [setupLock]),
    )
    const client = await connectAdmin(options, options.kwollect_db_name)
    try {
      const result = await interruptible(options, client, stopping, async () => {
        await client.query('begin')
        return inTransaction(client, options)
      })
      await client.query('commit')
      return result
    } finally {
      await client.end()
    }
  } finally {
    await server.end()
  }
}

async function inTransaction(client: Client, options: OarSetupOptions): Promise<OarSetupResult> {
  await client.query('set local client_min_messages = warning')
  await hideStatements(client)
  await refuseOldSchema(client, options)
  const edition = await createExtension(client)
  await createForeignDataWrapper(client)
  await client.query('call oar.connect($1, $2, $3, $4, $5)', [
    options.oardb_host,
    options.oardb_port,
    options.oardb_name,
    options.oardb_user,
    options.oardb_password ?? null,
  ])
  await client.query('set local role kwollect_owner')
  await applySqlFiles(client, readSqlFiles(join(root, 'sql')), edition)
  await readOar(client, options)
  await client.query('reset role')
  if (!options.replace_views) await refuseViewsOfOthers(client)
  await client.query('call oar.serve_jobs()')
  await client.query('call kwollect.assert_catalog()')
  await client.query("notify pgrst, 'reload schema'")
  return { token: await tokenOf(client, options.kwollect_user) }
}

/** The password of OAR is a parameter, and inside a procedure part of a statement: neither may be kept in a log. */
async function hideStatements(client: Client): Promise<void> {
  await client.query('set local log_parameter_max_length = 0')
  await client.query('set local log_parameter_max_length_on_error = 0')
  await client.query('set local log_min_error_statement = panic')
  // Without the extension this sets a name that nobody reads.
  await client.query(`set local pg_stat_statements.track = 'none'`)
}

async function refuseMissingDatabase(server: Client, name: string): Promise<void> {
  const { rowCount } = await server.query('select from pg_database where datname = $1', [name])
  if (rowCount === 0) throw new SetupRefused(`there is no database ${name}: run kwollect-setup-db first.`)
}

/** @throws {SetupRefused} where the database is no kwollect, or of an older version */
async function refuseOldSchema(client: Client, options: OarSetupOptions): Promise<void> {
  const { rows } = await client.query<{ migrations: string | null }>(
    `select to_regclass('kwollect.migrations') as migrations`,
  )
  const applied = rows[0]?.migrations
    ? await client.query<{ name: string }>('select name from kwollect.migrations')
    : undefined
  const known = new Set(applied?.rows.map(({ name }) => name))
  const missing = readdirSync(join(root, 'migrations')).filter(file => !known.has(parse(file).name))
  if (missing.length > 0) {
    throw new SetupRefused(
      `the schema of ${options.kwollect_db_name} is older than this program: run kwollect-setup-db first.`,
    )
  }
}

async function createForeignDataWrapper(client: Client): Promise<void> {
  try {
    await client.query('create extension if not exists postgres_fdw schema public')
  } catch (error) {
    throw new SetupRefused(
      `the extension postgres_fdw cannot be made (${(error as Error).message}); install the package of PostgreSQL's contributed extensions (postgresql-contrib).`,
    )
  }
}

/** Reads from every table as those who look jobs up do: as the owner, who alone has the login to OAR. */
async function readOar(client: Client, options: OarSetupOptions): Promise<void> {
  try {
    await client.query('select from oar.promoted_metrics_per_job limit 1')
    await client.query('select from oar.nodetime_per_job limit 1')
  } catch (error) {
    throw oarRefusal(options, error)
  }
}

async function refuseViewsOfOthers(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select name
       from unnest(array['nodetime_per_job', 'promoted_metrics_per_job']) as name
      where kwollect.job_source(name) = 'administrator'`,
  )
  if (rows.length > 0) {
    throw new SetupRefused(
      `an administrator has defined ${rows.map(({ name }) => name).join(' and ')}; give --replace_views to show OAR's jobs instead.`,
    )
  }
}

async function tokenOf(client: Client, user: string): Promise<string> {
  const { rows } = await client.query<{ secret: string | null; is_user: boolean }>(
    `select kwollect.setting('jwt_secret') as secret
          , exists (
              -- not pg_has_role: a superuser has all roles, and its token would be a key to everything
              select from pg_auth_members
               where member = to_regrole(quote_ident($1)) and roleid = to_regrole('kwollect_writer')
            ) as is_user`,
    [user],
  )
  const { secret, is_user } = rows[0] ?? {}
  if (!secret || !is_user) {
    throw new SetupRefused(
      `${user} is no user of this kwollect database: give the kwollect_user that kwollect-setup-db got.`,
    )
  }
  return apiToken(user, secret)
}
