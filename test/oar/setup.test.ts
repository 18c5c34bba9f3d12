import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type postgres from 'postgres'
import { findUser } from '../../scripts/stack/unprivileged.ts'
import { privateCluster } from '../harness/cluster.ts'
import { emptyInstallation, installedDatabase, runSetup, testDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { fileScope } from '../harness/scope.ts'
import { databaseUrl, testWhere, withConnection } from '../harness/server.ts'
import { type OarDatabase, oarMissing, startOarDatabase } from '../peers/oar_database.ts'
import { snapshot } from '../scripts/setup_state.ts'
import { refusal, session } from '../sql/session.ts'
import { connectOar, runOarSetup } from './connect.ts'

const file = fileScope(test)
const setupTest = testWhere(test, oarMissing)
let oar: OarDatabase

test.before(async () => {
  if (oarMissing === undefined) oar = await startOarDatabase(file)
})

const ownViews = async (sql: postgres.Sql) => {
  const rows = await sql<{ source: string }[]>`
    select kwollect.job_source(name) as source
      from unnest(array['nodetime_per_job', 'promoted_metrics_per_job']) as name`
  return rows.map(({ source }) => source)
}

setupTest('a second run changes nothing, nor does kwollect-setup-db afterwards', async t => {
  const installation = emptyInstallation(t)
  await runSetup(t, installation)
  await connectOar(t, installation.database, oar.options)
  const before = await snapshot(installation)
  t.regex(before, /CREATE FOREIGN TABLE oar\.jobs /)
  const { status, stdout } = await runOarSetup(t, installation.database, oar.options)
  t.is(status, 0)
  t.regex(stdout, /^Database \S+ reads jobs from oar2 at 127\.0\.0\.1:\d+, as oarreader\.$/m)
  t.regex(stdout, /^SERVER_PROLOGUE_EXEC_FILE="\/etc\/oar\/kwollect\/server_prologue"$/m)
  t.regex(stdout, /^SERVER_EPILOGUE_EXEC_FILE="\/etc\/oar\/kwollect\/server_epilogue"$/m)
  t.is(await snapshot(installation), before)
  const again = await runSetup(t, installation)
  t.is(again.status, 0, again.stderr)
  t.is(await snapshot(installation), before)
})

setupTest('what cannot be OAR ends with one sentence, and nothing has changed', async t => {
  const installation = emptyInstallation(t)
  await runSetup(t, installation)
  const before = await snapshot(installation)
  const role = { oardb_user: 'stranger', oardb_password: 'stranger' }
  await withConnection(databaseUrl(oar.cluster.address, 'postgres'), async sql => {
    await sql`create role stranger login password 'stranger'`
  })
  for (const [change, sentence] of [
    [{ oardb_port: 1 }, /^the OAR database oar2 at 127\.0\.0\.1:1 does not answer \(Connection refused/],
    [
      { oardb_host: 'oar.invalid' },
      /^the OAR database oar2 at oar\.invalid:\d+ does not answer \(could not translate/,
    ],
    [
      { oardb_password: 'wrong' },
      /wants another password for oarreader; give it with --oardb_password_file\.$/,
    ],
    [
      { oardb_name: 'nothing' },
      /does not let oarreader in: database "nothing" does not exist; correct oardb_name/,
    ],
    [
      { oardb_name: 'postgres' },
      /is no database of OAR 2\.5 or 2\.6 \(relation "public\.\w+" does not exist\)/,
    ],
    [role, /does not let stranger read what is needed .*grant select on jobs, .* to stranger\.$/],
    [
      { kwollect_db_name: 'kwollect_nothing' },
      /^there is no database kwollect_nothing: run kwollect-setup-db first\.$/,
    ],
    [{ kwollect_db_name: 'postgres' }, /is older than this program: run kwollect-setup-db first\.$/],
    [{ kwollect_user: 'postgres' }, /^postgres is no user of this kwollect database/],
    [{ install_hooks: '/dev/null/hooks' }, /^install_hooks cannot be written: /],
  ] as const) {
    const { status, stderr, stdout } = await runOarSetup(t, installation.database, {
      ...oar.options,
      ...change,
    })
    t.is(status, 1, stderr)
    t.is(stdout, '')
    t.is(stderr.trimEnd().split('\n').length, 1, stderr)
    t.regex(stderr.trimEnd().replace('kwollect-setup-db-oar: ', ''), sentence)
    t.false(stderr.includes(String(oar.options.oardb_password)))
  }
  t.is(await snapshot(installation), before)
})

setupTest('changed credentials and addresses are taken over', async t => {
  const database = await testDatabase(t)
  const admin = databaseUrl(oar.cluster.address, 'postgres')
  await connectOar(t, database, oar.options)
  await withConnection(admin, sql => sql`create role other_reader login password 'other' in role oarreader`)
  await connectOar(t, database, {
    ...oar.options,
    oardb_host: 'localhost',
    oardb_user: 'other_reader',
    oardb_password: 'other',
  })
  const sql = session(t, database.admin)
  const [server] = await sql<{ srvoptions: string[] }[]>`select srvoptions from pg_foreign_server`
  t.true(server?.srvoptions.includes('host=localhost'))
  const reader = session(t, database.reader)
  t.deepEqual([...(await reader`select * from nodetime_per_job`)], [])
  await withConnection(admin, sql => sql`alter role other_reader password 'changed'`)
  const failure = await refusal(t, reader`select * from nodetime_per_job`)
  t.regex(failure.message, /^could not connect to server "OAR database"$/)
})

setupTest('nobody but the views reaches OAR, and nobody can read its password', async t => {
  const database = await testDatabase(t)
  await connectOar(t, database, oar.options)
  const password = String(oar.options.oardb_password)
  for (const url of [database.reader, database.writer]) {
    const sql = session(t, url)
    t.deepEqual([...(await sql`select * from nodetime_per_job`)], [])
    t.deepEqual([...(await sql`select * from promoted_metrics_per_job`)], [])
    for (const query of [
      'select * from oar.jobs',
      'select * from oar.nodetime_per_job',
      'select * from pg_user_mapping',
      `create user mapping for current_user server "OAR database" options (user 'oarreader', password 'x')`,
      `create foreign table stolen (job_id integer) server "OAR database"`,
      `import foreign schema public from server "OAR database" into public`,
      `alter server "OAR database" options (set host 'elsewhere')`,
      'create server mine foreign data wrapper postgres_fdw',
    ]) {
      t.regex((await refusal(t, sql.unsafe(query))).message, /^(permission denied|must be owner)/, query)
    }
    for (const view of ['pg_user_mappings', 'information_schema.user_mapping_options', 'pg_foreign_server'])
      t.false(JSON.stringify(await sql.unsafe(`select * from ${view}`)).includes(password), view)
  }
})

setupTest("an administrator's own view is replaced only on demand", async t => {
  const database = await testDatabase(t)
  const admin = session(t, database.admin)
  await admin.unsafe(`create or replace view nodetime_per_job as
    select 7 as job_id, now() as start_time, null::timestamptz as stop_time, 'node-7' as node`)
  const refused = await runOarSetup(t, database, oar.options)
  t.is(refused.status, 1)
  t.is(
    refused.stderr,
    "kwollect-setup-db-oar: an administrator has defined nodetime_per_job; give --replace_views to show OAR's jobs instead.\n",
  )
  t.deepEqual(await ownViews(admin), ['administrator', 'none'])
  t.deepEqual([...(await admin`select from pg_foreign_server`)], [])
  // Dropped and made again, as somebody else's: then its rights would not reach OAR.
  await admin.unsafe('alter view nodetime_per_job owner to postgres')
  await connectOar(t, database, { ...oar.options, replace_views: true })
  t.deepEqual(await ownViews(admin), ['oar', 'oar'])
  t.deepEqual([...(await session(t, database.reader)`select * from nodetime_per_job`)], [])
})

setupTest(
  'the password of OAR is in no log of a server that logs all it can, whether the set-up fails or not',
  async t => {
    const cluster = await privateCluster(t, {
      settings: {
        log_statement: 'all',
        log_min_duration_statement: '0',
        log_parameter_max_length_on_error: '-1',
      },
    })
    const database = await installedDatabase(t, cluster.address)
    await connectOar(t, database, oar.options)
    t.is((await runOarSetup(t, database, { ...oar.options, oardb_name: 'postgres' })).status, 1)
    const log = readFileSync(cluster.logFile, 'utf8')
    t.regex(log, /call oar\.connect\(/)
    t.regex(log, /relation "public\.\w+" does not exist/)
    t.false(log.includes(String(oar.options.oardb_password)))
  },
)

setupTest(
  'hooks, and a token and an address that only OAR reads, are written where they are wanted',
  async t => {
    const database = await testDatabase(t)
    const folder = join(temporaryFolder(t, 0o755), 'hooks')
    const { status, stdout, stderr } = await runOarSetup(t, database, {
      ...oar.options,
      install_hooks: folder,
      api_url: 'http://kwollect.host:3000',
    })
    t.is(status, 0, stderr)
    t.true(stdout.includes(`SERVER_PROLOGUE_EXEC_FILE="${folder}/server_prologue"`))
    const owner = process.getuid?.() === 0 ? findUser('oar')?.uid : process.getuid?.()
    for (const [name, content] of [
      ['token', readFileSync(join(database.apiFolder, 'token'), 'utf8')],
      ['url', 'http://kwollect.host:3000\n'],
    ] as const) {
      const path = join(folder, name)
      t.is(readFileSync(path, 'utf8'), content)
      t.deepEqual([statSync(path).mode & 0o777, statSync(path).uid], [0o600, owner])
    }
    for (const name of ['server_prologue', 'server_epilogue', 'prologue', 'epilogue'])
      t.is(statSync(join(folder, name)).mode & 0o777, 0o755)
  },
)
