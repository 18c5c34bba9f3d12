import { join } from 'node:path'
import { findServerPrograms } from '../../scripts/stack/programs.ts'
import type { EmptyInstallation } from '../harness/database.ts'
import { run } from '../harness/processes.ts'
import { databaseUrl, withConnection } from '../harness/server.ts'

/** Runs one of PostgreSQL's dump programs on the installation's database. @returns what it prints */
export async function dump(
  { server, database }: EmptyInstallation,
  program: 'pg_dump' | 'pg_dumpall',
  ...args: string[]
): Promise<string> {
  const environment = {
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.user,
    PGPASSWORD: server.password,
    PGDATABASE: database.name,
  }
  const path = join(findServerPrograms().binFolder, program)
  const { status, stdout, stderr } = await run(path, args, { environment })
  if (status !== 0) throw new Error(`${program}: ${stderr}`)
  // \\restrict, of newer minor versions, has a random key.
  return stdout.replace(/^\\(un)?restrict .*$/gm, '')
}

/** Everything that a set-up may change: the schema, all rows of kwollect's tables, the roles and their settings. */
export async function snapshot(installation: EmptyInstallation): Promise<string> {
  const { database } = installation
  // The server has roles of other tests too.
  const isOurs = (line: string) =>
    line.includes(database.user) || /^(CREATE|ALTER) ROLE kwollect_(owner|writer|reader)\b/.test(line)
  const data = await dump(
    installation,
    'pg_dump',
    '--data-only',
    '--exclude-schema=_timescaledb_*',
    '--disable-triggers',
  )
  const roles = (await dump(installation, 'pg_dumpall', '--roles-only')).split('\n').filter(isOurs)
  return [
    await dump(installation, 'pg_dump', '--schema-only', '--create'),
    // Where a row lies in its table depends on when autovacuum came by.
    ...data.split('\n').sort(),
    ...roles,
  ].join('\n')
}

/** Databases and roles of the installation that are on the server now. */
export async function found(installation: EmptyInstallation): Promise<string[]> {
  const { database, server } = installation
  const rows = await withConnection(
    databaseUrl(server, 'postgres'),
    sql => sql<{ name: string }[]>`
      select datname as name from pg_database where datname = ${database.name}
       union all
      select rolname from pg_roles where rolname in (${database.user}, ${database.userRo})
       order by 1`,
  )
  return rows.map(row => row.name)
}
