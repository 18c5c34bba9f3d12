import type { ClientBase } from 'pg'

/** The set-up cannot go on; the message is one sentence on what is wrong and what to do. Exit status 1. */
export class SetupRefused extends Error {
  override name = 'SetupRefused'
}

const oldestPostgres = 150000
const oldestTimescale = '2.19.1'

interface ServerFacts {
  readonly postgres_number: number
  readonly postgres_version: string
  readonly superuser: boolean
  readonly timescale_version: string | null
  readonly timescale_preloaded: boolean | null
}

/**
 * Looks at everything that could stop the set-up half-way, before anything is made.
 * @param client connected as db_admin to any database of the server
 * @throws {SetupRefused}
 */
export async function checkServer(client: ClientBase, admin: string): Promise<void> {
  const { rows } = await client.query<ServerFacts>(`
    select current_setting('server_version_num')::integer as postgres_number
         , current_setting('server_version') as postgres_version
         , (select rolsuper from pg_roles where rolname = current_user) as superuser
         , (select default_version from pg_available_extensions where name = 'timescaledb') as timescale_version
         -- only those who may see it ask for it: others would get an error instead of our sentence
         , case when (select rolsuper from pg_roles where rolname = current_user)
                then current_setting('shared_preload_libraries') ~ '\\mtimescaledb\\M'
           end as timescale_preloaded`)
  const facts = rows[0]
  if (facts === undefined) throw new SetupRefused('the server answered nothing about itself')
  if (facts.postgres_number < oldestPostgres) {
    throw new SetupRefused(
      `PostgreSQL 15 or newer is needed, this server is ${facts.postgres_version}; upgrade it first.`,
    )
  }
  if (!facts.superuser) {
    throw new SetupRefused(
      `the role ${admin} is no superuser, which the set-up needs to make roles and the TimescaleDB extension; give another db_admin, or run "alter role ${admin} superuser" as one who may.`,
    )
  }
  if (facts.timescale_version === null) {
    throw new SetupRefused(
      `TimescaleDB is not installed in this server: install the package of TimescaleDB ${oldestTimescale} or newer for PostgreSQL ${Math.floor(facts.postgres_number / 10000)}, then run this again.`,
    )
  }
  refuseOldTimescale(facts.timescale_version)
  if (!facts.timescale_preloaded) {
    throw new SetupRefused(
      "TimescaleDB is installed but not loaded: add it to shared_preload_libraries in postgresql.conf (shared_preload_libraries = 'timescaledb'), restart PostgreSQL, then run this again.",
    )
  }
}

/** @throws {SetupRefused} where the version is older than the oldest one that kwollect works on */
export function refuseOldTimescale(version: string): void {
  const [found, oldest] = [version, oldestTimescale].map(text => text.split(/[.-]/, 3).map(Number))
  for (const [position, part] of (oldest ?? []).entries()) {
    const difference = (found?.[position] ?? 0) - part
    if (difference > 0) return
    if (difference < 0) {
      throw new SetupRefused(
        `TimescaleDB ${oldestTimescale} or newer is needed, this is ${version}; install a newer package, run "alter extension timescaledb update" where the extension exists, then run this again.`,
      )
    }
  }
}
