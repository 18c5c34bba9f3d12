import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { freePort } from '../../scripts/stack/free_port.ts'
import { privateCluster } from '../harness/cluster.ts'
import { type EmptyInstallation, emptyInstallation, runSetup, uniqueName } from '../harness/database.ts'
import { repository, runScript } from '../harness/processes.ts'
import { databaseUrl, testServer, withConnection } from '../harness/server.ts'
import { found, snapshot } from './setup_state.ts'

type Changes = Readonly<Record<string, string | number>>

/** Runs the set-up, which has to refuse in one line with exit status 1 and to leave nothing behind. */
async function refused(
  t: ExecutionContext,
  installation: EmptyInstallation,
  message: RegExp,
  changes: Changes = {},
): Promise<void> {
  const { status, stdout, stderr } = await runSetup(t, installation, changes)
  t.is(status, 1)
  t.is(stdout, '')
  t.regex(stderr, /^kwollect-setup-db: [^\n]+\n$/)
  t.regex(stderr, message)
  t.deepEqual(readdirSync(installation.database.apiFolder), [])
}

test('without a server, one sentence says where it was looked for', async t => {
  const installation = emptyInstallation(t)
  const port = await freePort()
  await refused(t, installation, new RegExp(`no PostgreSQL answers at 127\\.0\\.0\\.1:${port}`), {
    db_host: '127.0.0.1',
    db_port: port,
  })
  await refused(t, installation, /no PostgreSQL answers at \/nowhere:5432/, {
    db_host: '/nowhere',
    db_port: 5432,
  })
  await refused(t, installation, /cannot connect to no-such-host\.invalid/, {
    db_host: 'no-such-host.invalid',
  })
  t.deepEqual(await found(installation), [])
})

test('a wrong password of the administrator is refused without showing it', async t => {
  const installation = emptyInstallation(t, (await privateCluster(t)).address)
  const wrong = 'wr0ng-but-secret'
  await refused(t, installation, /wants another password for postgres/, { db_admin_password: wrong })
  const { stderr } = await runSetup(t, installation, { db_admin_password: wrong })
  t.false(stderr.includes(wrong))
  t.deepEqual(await found(installation), [])
})

test('an administrator who is no superuser is told what is missing', async t => {
  const installation = emptyInstallation(t)
  const name = uniqueName('plain')
  const admin = databaseUrl(testServer().address, 'postgres')
  t.teardown(() => withConnection(admin, async sql => void (await sql`drop role if exists ${sql(name)}`)))
  await withConnection(admin, sql =>
    sql.unsafe(`create role ${name} login createdb createrole password 'plain'`),
  )
  await refused(t, installation, new RegExp(`the role ${name} is no superuser`), {
    db_admin: name,
    db_admin_password: 'plain',
  })
  t.deepEqual(await found(installation), [])
})

test('a server that does not load TimescaleDB is told how to', async t => {
  const cluster = await privateCluster(t, { settings: { shared_preload_libraries: '' } })
  const installation = emptyInstallation(t, cluster.address)
  await refused(t, installation, /add it to shared_preload_libraries/)
  t.deepEqual(await found(installation), [])
  t.deepEqual(await groupRoles(installation), [])
})

test('a failure half-way leaves no database and no role', async t => {
  const cluster = await privateCluster(t)
  const installation = emptyInstallation(t, cluster.address)
  // The last but one step: all migrations and files have been applied when it fails.
  await withConnection(databaseUrl(cluster.address, 'postgres'), sql =>
    sql.unsafe(`create role "${installation.database.user}" superuser`),
  )
  await refused(t, installation, /has rights that a user of kwollect must not have/)
  t.deepEqual(await found(installation), [installation.database.user])
  t.deepEqual(await groupRoles(installation), [])
})

test('a failure on a database that was there leaves it as it was, to the letter', async t => {
  const cluster = await privateCluster(t)
  const installation = emptyInstallation(t, cluster.address)
  await withConnection(databaseUrl(cluster.address, 'postgres'), sql =>
    sql.unsafe(`create database ${installation.database.name}`),
  )
  await withConnection(
    installation.database.admin,
    sql => sql`create table metrics as select 'mine' as owner`,
  )
  const before = await snapshot(installation)
  await refused(t, installation, /sql\/public\/metrics\.view\.sql.*metrics/)
  t.is(await snapshot(installation), before)
  t.deepEqual(await groupRoles(installation), [])
})

test('an installation that cannot be updated stays as it was, and works', async t => {
  const installation = emptyInstallation(t)
  const { database } = installation
  await runSetup(t, installation)
  await withConnection(
    database.writer,
    sql => sql`insert into metrics (device_id, metric_id) values ('a', 'b')`,
  )
  await withConnection(database.admin, async sql => {
    await sql`create table kwollect.parse_list_users (called text default kwollect.parse_list('a')::text)`
    await sql`insert into kwollect.applied_files values ('kwollect/parse_list.retired.sql', 'of old')`
  })
  const before = await snapshot(installation)
  const { status } = await runSetup(t, installation)
  t.is(status, 1)
  t.is(await snapshot(installation), before)
  t.is((await withConnection(database.reader, sql => sql`select from metrics`)).length, 1)
})

test('a kwollect_user who is a superuser is refused', async t => {
  const installation = emptyInstallation(t)
  await refused(t, installation, /must not have/, { kwollect_user: testServer().address.user })
  t.deepEqual(await found(installation), [])
})

test('a kwollect_user that is one of the group roles, or too long for its reader, is refused; so is a long database', async t => {
  const installation = emptyInstallation(t)
  await refused(t, installation, /a role kwollect_owner of its own/, { kwollect_user: 'kwollect_owner' })
  await refused(t, installation, /kwollect_db_name is too long/, { kwollect_db_name: 'd'.repeat(64) })
  await refused(t, installation, /64 bytes/, { kwollect_user: `${'é'.repeat(30)}u` })
  t.deepEqual(await found(installation), [])
})

test('a role that has the name of a group role and can log in is refused', async t => {
  const cluster = await privateCluster(t)
  const installation = emptyInstallation(t, cluster.address)
  await withConnection(databaseUrl(cluster.address, 'postgres'), sql => sql`create role kwollect_owner login`)
  await refused(t, installation, /the role kwollect_owner exists and is not what kwollect makes/)
  t.deepEqual(await found(installation), [])
  t.deepEqual(await groupRoles(installation), ['kwollect_owner'])
})

test('an output_dir that cannot be written is refused before the database is touched', async t => {
  const installation = emptyInstallation(t)
  const folder = join(repository, 'package.json', 'none')
  const { status, stderr } = await runScript('scripts/kwollect-setup-db.ts', ['--output_dir', folder], {
    environment: Object.fromEntries(
      Object.entries(installation.options).map(([name, value]) => [
        `KWOLLECT_${name.toUpperCase()}`,
        String(value),
      ]),
    ),
  })
  t.is(status, 1)
  t.regex(stderr, /^kwollect-setup-db: output_dir cannot be written: .*package\.json\/none'\n$/)
  t.deepEqual(await found(installation), [])
})

for (const [what, changes, message] of [
  ['an unknown key', { kwolect_user: 'x' }, /unknown.*kwolect_user.*kwollect_user/],
  ['a value of the wrong type', { db_port: 'many' }, /setup\.yaml:\d+:\d+: db_port must be/],
  ['a JWT secret of 31 bytes', { jwt_secret: 'x'.repeat(31) }, /jwt_secret must have at least 32 bytes/],
  [
    'a JWT secret that PostgREST would take for a file',
    { jwt_secret: `@${'x'.repeat(40)}` },
    /must not begin with @/,
  ],
] as const) {
  test(`${what} ends the set-up with status 2 before it does anything`, async t => {
    const installation = emptyInstallation(t)
    const { status, stdout, stderr } = await runSetup(t, installation, changes)
    t.is(status, 2)
    t.is(stdout, '')
    t.regex(stderr, message)
    t.deepEqual(await found(installation), [])
  })
}

async function groupRoles({ server }: EmptyInstallation): Promise<string[]> {
  const rows = await withConnection(
    databaseUrl(server, 'postgres'),
    sql => sql<{ rolname: string }[]>`
      select rolname from pg_roles where rolname in ('kwollect_owner', 'kwollect_writer', 'kwollect_reader')`,
  )
  return rows.map(row => row.rolname)
}
