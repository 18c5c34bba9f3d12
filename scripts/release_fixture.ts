/**
 * `node scripts/release_fixture.ts VERSION [CHECKOUT]`: part of making a release. Sets up a database with the
 * kwollect-setup-db of a checkout (this one where none is given), puts a few values into it and writes
 * test/upgrade/VERSION.sql, from which test/upgrade/upgrade.test.ts upgrades ever after.
 *
 * The dump leaves TimescaleDB's own catalogs out, which only the version that wrote them reads: the hypertable is made
 * anew at its end. So it restores on every later version of TimescaleDB, on both editions. It needs a server with the
 * version of PostgreSQL on which tests run, or an older one: pg_dump writes for its own and later ones.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fixtureStatements } from '../test/upgrade/values.ts'
import { connect } from './bench/databases.ts'
import { Cluster } from './stack/cluster.ts'
import { findServerPrograms } from './stack/programs.ts'
import { writePrivateFile } from './stack/secret_file.ts'

const repository = join(import.meta.dirname, '..')
const database = 'kwdb'
const samplesInOrder =
  'select timestamp, series_id, value, labels from kwollect.samples order by series_id, timestamp'

process.exitCode = await main(process.argv.slice(2))

async function main([version = '', checkout = repository]: string[]): Promise<number> {
  if (!/^\d+\.\d+\.\d+(-[a-z0-9.]+)?$/.test(version)) {
    console.error('usage: node scripts/release_fixture.ts VERSION [CHECKOUT]; VERSION is like 2.0.0')
    return 2
  }
  const folder = mkdtempSync(join(tmpdir(), 'kwollect-fixture-'))
  // PostgreSQL runs as another user where this is root, and has to pass.
  chmodSync(folder, 0o711)
  const cluster = new Cluster({
    folder: join(folder, 'cluster'),
    durability: 'throw-away',
    // Compression and the continuous aggregate are TimescaleDB's own catalogs; a set-up adds them where it can.
    settings: { 'timescaledb.license': 'apache' },
  })
  try {
    await cluster.start()
    setUp(cluster, folder, resolve(checkout))
    await fill(cluster)
    const file = join(repository, 'test', 'upgrade', `${version}.sql`)
    writeFileSync(file, await fixture(cluster, version))
    console.log(file)
    return 0
  } finally {
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function setUp({ address }: Cluster, folder: string, checkout: string): void {
  const options = join(folder, 'setup.yaml')
  writePrivateFile(
    options,
    JSON.stringify({
      db_host: address.host,
      db_port: address.port,
      db_admin: address.user,
      db_admin_password: address.password,
      kwollect_db_name: database,
      kwollect_password: 'of a fixture',
      jwt_secret: 'of a fixture, known to everybody.',
    }),
  )
  const script = join(checkout, 'scripts', 'kwollect-setup-db.ts')
  execFileSync(process.execPath, [script, options, '--output_dir', join(folder, 'api')])
}

async function fill({ address }: Cluster): Promise<void> {
  const sql = connect(address, database)
  for (const statement of fixtureStatements) await sql.unsafe(statement)
  await sql.end()
}

async function fixture({ address }: Cluster, version: string): Promise<string> {
  const run = (program: string, ...args: string[]) =>
    execFileSync(join(findServerPrograms().binFolder, program), args, {
      encoding: 'utf8',
      env: {
        ...process.env,
        PGHOST: address.host,
        PGPORT: String(address.port),
        PGUSER: address.user,
        PGPASSWORD: address.password,
        PGDATABASE: database,
      },
    })
  const sql = connect(address, database)
  const [dimension] = await sql<{ interval: string }[]>`
    select time_interval::text as interval from timescaledb_information.dimensions where hypertable_name = 'samples'`
  await sql.end()
  const schema = run(
    'pg_dump',
    '--exclude-schema=_timescaledb_*',
    '--exclude-table-data=kwollect.pages', // built, and installed anew by every set-up
  )
  const samples = run('psql', '--no-psqlrc', '--command', `copy (${samplesInOrder}) to stdout`)
  return `${header(version)}${withoutNoise(schema)}
select public.create_hypertable(
         'kwollect.samples'
       , public.by_range('timestamp', interval '${dimension?.interval}')
       , create_default_indexes => false
       );

COPY kwollect.samples ("timestamp", series_id, value, labels) FROM stdin;
${samples}\\.
`
}

function header(version: string): string {
  return `-- A database of kwollect ${version}, written by scripts/release_fixture.ts; see there. Never edited.

-- Roles belong to the server: pg_dump leaves them out.
do $$
begin
  create role kwollect_owner nologin;
  create role kwollect_writer nologin;
  create role kwollect_reader nologin;
exception
  when duplicate_object then null;
end
$$;

`
}

/**
 * What belongs to a version of TimescaleDB, or to one dump: rights on functions of others, which every set-up sets anew, its
 * comment, the trigger that create_hypertable makes itself, and the keys of \restrict.
 */
function withoutNoise(dump: string): string {
  return dump
    .replace(/--\n-- Name: (?!SCHEMA public).*; Type: ACL; .*; Owner: postgres\n--\n\n(?:.+\n)+\n+/g, '')
    .replace(/^COMMENT ON EXTENSION .*\n/gm, '')
    .replace(/^CREATE TRIGGER ts_insert_blocker .*\n/gm, '')
    .replace(/^\\(un)?restrict .*\n/gm, '')
}
