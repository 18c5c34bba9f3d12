import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { jwtVerify } from 'jose'
import { commandLine } from '../../scripts/stack/process_identity.ts'
import { writePrivateFile } from '../../scripts/stack/secret_file.ts'
import { until } from '../../scripts/stack/until.ts'
import { privateCluster } from '../harness/cluster.ts'
import { type EmptyInstallation, emptyInstallation, runSetup } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { repository, runScript, startProcess } from '../harness/processes.ts'
import { databaseUrl, withConnection } from '../harness/server.ts'
import { session } from '../sql/session.ts'

/** The secret that PostgREST is told, and the token. */
function access({ database }: EmptyInstallation): { readonly secret: string; readonly token: string } {
  const configuration = readFileSync(join(database.apiFolder, 'postgrest.conf'), 'utf8')
  return {
    secret: /^jwt-secret = "(.*)"$/m.exec(configuration)?.[1] ?? '',
    token: readFileSync(join(database.apiFolder, 'token'), 'utf8').trim(),
  }
}

async function roleOf(token: string, secret: string): Promise<unknown> {
  const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), { algorithms: ['HS256'] })
  return payload.role
}

test('the token is signed with the secret, says the user, and both outlive a second run', async t => {
  const installation = emptyInstallation(t)
  await runSetup(t, installation)
  const first = access(installation)
  t.is(await roleOf(first.token, first.secret), installation.database.user)
  t.true(Buffer.byteLength(first.secret) >= 32)
  await runSetup(t, installation)
  t.deepEqual(access(installation), first)
})

test('two installations have different secrets', async t => {
  const installations = [emptyInstallation(t), emptyInstallation(t)]
  const secrets: string[] = []
  for (const installation of installations) {
    await runSetup(t, installation)
    secrets.push(access(installation).secret)
  }
  t.not(secrets[0], secrets[1])
})

test('a secret that is given is used and kept; rotate_jwt_secret replaces it, and the token with it', async t => {
  const installation = emptyInstallation(t)
  const given = 'g'.repeat(32)
  await runSetup(t, installation, { jwt_secret: given })
  t.is(access(installation).secret, given)
  await runSetup(t, installation)
  t.is(access(installation).secret, given)
  await runSetup(t, installation, { rotate_jwt_secret: 'true' })
  const rotated = access(installation)
  t.not(rotated.secret, given)
  await t.throwsAsync(roleOf(rotated.token, given))
  t.is(await roleOf(rotated.token, rotated.secret), installation.database.user)
})

test('the secret can be read neither by the user nor by the reader', async t => {
  const installation = emptyInstallation(t)
  await runSetup(t, installation)
  for (const url of [installation.database.writer, installation.database.reader]) {
    await t.throwsAsync(
      withConnection(url, sql => sql`select value from kwollect.settings`),
      { message: /permission denied/ },
    )
  }
})

test('a changed password is taken over and the old one refused; the reader keeps its own without an option', async t => {
  // A server that surely asks for passwords.
  const cluster = await privateCluster(t)
  const installation = emptyInstallation(t, cluster.address)
  const { database } = installation
  await runSetup(t, installation)
  const { kwollect_password_ro: _, ...withoutReader } = installation.options
  await runSetup(t, { ...installation, options: withoutReader }, { kwollect_password: 'changed' })
  const login = (user: string, password: string) =>
    withConnection(databaseUrl({ ...cluster.address, user, password }, database.name), sql => sql`select 1`)
  await t.throwsAsync(login(database.user, database.password), { message: /password authentication failed/ })
  await t.notThrowsAsync(login(database.user, 'changed'))
  await t.notThrowsAsync(login(database.userRo, database.passwordRo))
  await runSetup(t, installation, { kwollect_password: 'changed', kwollect_password_ro: 'other' })
  await t.throwsAsync(login(database.userRo, database.passwordRo), {
    message: /password authentication failed/,
  })
  await t.notThrowsAsync(login(database.userRo, 'other'))
})

test('a reader without a password of its own cannot log in with one', async t => {
  const cluster = await privateCluster(t)
  const installation = emptyInstallation(t, cluster.address)
  const { database } = installation
  const { kwollect_password_ro: _, ...options } = installation.options
  t.is((await runSetup(t, { ...installation, options })).status, 0)
  for (const password of ['', database.password, database.passwordRo]) {
    await t.throwsAsync(
      withConnection(
        databaseUrl({ ...cluster.address, user: database.userRo, password }, database.name),
        sql => sql`select 1`,
      ),
    )
  }
})

test('the time-out of the reader is what the option says, also after a change', async t => {
  const installation = emptyInstallation(t)
  const timeout = async () => {
    const rows = await withConnection(installation.database.reader, sql => sql`show statement_timeout`)
    return rows[0]?.statement_timeout
  }
  await runSetup(t, installation)
  t.is(await timeout(), '5min')
  await runSetup(t, installation, { request_timeout_min: 7 })
  t.is(await timeout(), '7min')
})

test('no password and no secret is in the log of a server that logs everything', async t => {
  const cluster = await privateCluster(t, {
    settings: {
      log_statement: 'all',
      log_min_duration_statement: '0',
      log_parameter_max_length_on_error: '-1',
    },
  })
  const installation = emptyInstallation(t, cluster.address)
  const secrets = {
    jwt_secret: `jwt-${'s'.repeat(40)}`,
    kwollect_password: 'hidden-one',
    kwollect_password_ro: 'hidden-two',
  }
  t.is((await runSetup(t, installation, secrets)).status, 0)
  t.is((await runSetup(t, installation, { ...secrets, kwollect_password: 'hidden-three' })).status, 0)
  // An error comes with the parameters of its statement.
  await withConnection(databaseUrl(cluster.address, 'postgres'), sql =>
    sql.unsafe(`alter role ${installation.database.user} createdb`),
  )
  t.is((await runSetup(t, installation, { ...secrets, kwollect_password: 'hidden-four' })).status, 1)
  const log = readFileSync(cluster.logFile, 'utf8')
  t.regex(log, /configure_login/)
  for (const secret of [...Object.values(secrets), 'hidden-three', 'hidden-four', 'SCRAM-SHA-256$'])
    t.false(log.includes(secret), `${secret} is in the log`)
})

test('no password is in the process list, nor in pg_stat_activity, while a set-up runs', async t => {
  const cluster = await privateCluster(t)
  const installation = emptyInstallation(t, cluster.address)
  const url = databaseUrl(cluster.address, 'postgres')
  const holder = session(t, url)
  await holder`begin`
  await holder`lock table pg_catalog.pg_auth_members in exclusive mode`
  const options = join(temporaryFolder(t), 'setup.yaml')
  writePrivateFile(options, JSON.stringify(installation.options))
  const setup = await startProcess(t, process.execPath, [
    join(repository, 'scripts/kwollect-setup-db.ts'),
    options,
  ])
  const statement = await until('a set-up that waits for the lock', () =>
    withConnection(url, async sql => {
      const [row] = await sql<{ query: string }[]>`
        select query from pg_stat_activity
         where application_name = 'kwollect-setup-db' and wait_event_type = 'Lock'`
      return row?.query
    }),
  )
  const { database, server } = installation
  const shown = `${statement}\n${commandLine(setup.identity.pid).join(' ')}`
  for (const secret of [database.password, database.passwordRo, server.password])
    t.false(shown.includes(secret))
  await holder`rollback`
  t.is(await setup.ended, 'exit status 0')
})

test('--help and --version say what they are asked, need no option and show no secret', async t => {
  const help = await runScript('scripts/kwollect-setup-db.ts', ['--help'], {
    environment: { KWOLLECT_KWOLLECT_PASSWORD: 'hidden' },
  })
  t.is(help.status, 0)
  for (const option of ['--db_host', '--kwollect_password', '--request_timeout_min', '--rotate_jwt_secret'])
    t.true(help.stdout.includes(option))
  t.false(help.stdout.includes('hidden'))
  t.regex(
    (await runScript('scripts/kwollect-setup-db.ts', ['--version'])).stdout,
    /^kwollect-setup-db \d+\.\d+\.\d+\n+$/,
  )
})
