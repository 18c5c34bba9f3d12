import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { findServerPrograms } from '../../scripts/stack/programs.ts'
import { type EmptyInstallation, emptyInstallation, runSetup } from '../harness/database.ts'
import { repository, run } from '../harness/processes.ts'
import { databaseUrl, withConnection } from '../harness/server.ts'
import { dump, snapshot } from '../scripts/setup_state.ts'
import { fixtureQueries, fixtureStatements } from './values.ts'

const versions = readdirSync(import.meta.dirname)
  .filter(name => name.endsWith('.sql'))
  .map(name => basename(name, '.sql'))

/** Makes the installation's database as the earlier version left it; no set-up of now has touched it. */
async function restore(version: string, { server, database }: EmptyInstallation): Promise<void> {
  await withConnection(databaseUrl(server, 'postgres'), async sql => {
    await sql`create database ${sql(database.name)} template template0`
  })
  const file = join(import.meta.dirname, `${version}.sql`)
  const { status, stderr } = await run(
    join(findServerPrograms().binFolder, 'psql'),
    ['--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', '--file', file],
    {
      environment: {
        PGHOST: server.host,
        PGPORT: String(server.port),
        PGUSER: server.user,
        PGPASSWORD: server.password,
        PGDATABASE: database.name,
      },
    },
  )
  if (status !== 0) throw new Error(`psql: ${stderr}`)
}

/** The schema, and what TimescaleDB knows of the hypertable and the jobs; chunks belong to the data. */
async function schemaOf(installation: EmptyInstallation): Promise<string> {
  const known = await withConnection(installation.database.admin, async sql => [
    await sql`select hypertable_schema, hypertable_name, column_name, time_interval::text from timescaledb_information.dimensions order by 1, 2`,
    await sql`select hypertable_schema, hypertable_name, compression_enabled from timescaledb_information.hypertables order by 1, 2`,
    await sql`select proc_schema, proc_name, schedule_interval::text from timescaledb_information.jobs where proc_schema = 'kwollect' order by 1, 2`,
  ])
  const schema = await dump(installation, 'pg_dump', '--schema-only', '--exclude-schema=_timescaledb_*')
  // A continuous aggregate stands on a table that has a number in its name, which counts what was made before.
  return `${schema.replace(/_materialized_hypertable_\d+/g, '_materialized_hypertable')}\n${JSON.stringify(known)}`
}

async function answers(url: string): Promise<Record<string, unknown>> {
  return withConnection(url, async sql => {
    const seen: Record<string, unknown> = {}
    for (const [view, query] of Object.entries(fixtureQueries)) seen[view] = [...(await sql.unsafe(query))]
    return seen
  })
}

async function freshInstallation(t: ExecutionContext): Promise<EmptyInstallation> {
  const fresh = emptyInstallation(t)
  const { status, stderr } = await runSetup(t, fresh)
  t.is(status, 0, stderr)
  return fresh
}

for (const version of versions) {
  test(`a database of ${version}, upgraded, has the schema and the answers of a new one, and stays so`, async t => {
    const fresh = await freshInstallation(t)
    const old = emptyInstallation(t)
    await restore(version, old)
    const upgrade = await runSetup(t, old)
    t.is(upgrade.status, 0, upgrade.stderr)
    t.regex(upgrade.stdout, /updated: \d+ migrations, \d+ SQL files/)
    t.is(await schemaOf(old), await schemaOf(fresh))

    await withConnection(fresh.database.writer, async sql => {
      for (const statement of fixtureStatements) await sql.unsafe(statement)
    })
    t.deepEqual(await answers(old.database.reader), await answers(fresh.database.reader))

    const once = await snapshot(old)
    const again = await runSetup(t, old)
    t.true(again.stdout.startsWith(`Database ${old.database.name} is up to date.\n`), again.stderr)
    t.is(await snapshot(old), once)
  })
}

test('every version that the changelog says is released has its fixture', t => {
  const changelog = readFileSync(join(repository, 'CHANGELOG.md'), 'utf8')
  const released = [...changelog.matchAll(/^## (\d\S*)/gm)].map(([, version]) => version ?? '')
  const missing = released.filter(version => !versions.includes(version))
  t.deepEqual(missing, [], 'write them with node scripts/release_fixture.ts VERSION')
})
