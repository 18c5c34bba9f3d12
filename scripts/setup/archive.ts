import type { Client, ClientBase } from 'pg'
import type { SetupOptions } from './options.ts'
import { SetupRefused } from './prerequisites.ts'

/** Tablespaces belong to the server: the database's name keeps installations apart. */
function tablespaceOf(options: SetupOptions): string | null {
  return options.archive_path === undefined ? null : `${options.kwollect_db_name}_archive`
}

/**
 * Makes the tablespace of archive_path. Not in the set-up's transaction, which cannot do that, so what was made
 * here is undone by the function returned.
 *
 * @param server connected as db_admin, outside a transaction
 * @throws {SetupRefused} where the server cannot use the folder, or the tablespace is elsewhere
 */
export async function createArchive(server: Client, options: SetupOptions): Promise<() => Promise<void>> {
  const name = tablespaceOf(options)
  const path = options.archive_path
  if (name === null || path === undefined) return async () => {}
  const { rows } = await server.query<{ location: string }>(
    'select pg_tablespace_location(oid) as location from pg_tablespace where spcname = $1',
    [name],
  )
  const known = rows[0]?.location
  if (known === path) return async () => {}
  if (known !== undefined) {
    throw new SetupRefused(
      `the archive of this database is ${known}; PostgreSQL cannot move a tablespace to ${path} while it runs, give the old archive_path.`,
    )
  }
  try {
    await execute(
      server,
      `select format('create tablespace %I location %L', $1::text, $2::text) as statement`,
      [name, path],
    )
  } catch (error) {
    throw new SetupRefused(
      `PostgreSQL cannot use archive_path ${path}: ${(error as Error).message}; make an empty folder there that belongs to the server's user.`,
    )
  }
  return () => execute(server, `select format('drop tablespace %I', $1::text) as statement`, [name])
}

/** Tells the background jobs where old chunks go; null where they stay. */
export async function useArchive(client: ClientBase, options: SetupOptions): Promise<void> {
  const name = tablespaceOf(options)
  if (name !== null) {
    await execute(
      client,
      `select format('grant create on tablespace %I to kwollect_owner', $1::text) as statement`,
      [name],
    )
  }
  await client.query(`call kwollect.keep_setting('archive_tablespace', $1::text)`, [name])
}

/** Runs the statement that a query makes with `format('%I')`: DDL takes no parameters. */
async function execute(client: ClientBase, query: string, values: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(query, [...values])
  await client.query(rows[0]?.statement ?? '')
}
