import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { emptyInstallation, runSetup } from '../harness/database.ts'
import { runScript } from '../harness/processes.ts'
import { missingCommunityEdition, withConnection } from '../harness/server.ts'
import { found, snapshot } from './setup_state.ts'

test('an empty server gets the database, both roles and a schema that stores and shows a value', async t => {
  const installation = emptyInstallation(t)
  const { database } = installation
  const { status, stdout, stderr } = await runSetup(t, installation)
  t.is(status, 0, stderr)
  t.true(stdout.startsWith(`Database ${database.name} created.\n`))
  t.deepEqual(await found(installation), [database.name, database.user, database.userRo].sort())
  await withConnection(
    database.writer,
    sql => sql`insert into metrics (device_id, metric_id, value) values ('a', 'b', 1)`,
  )
  const rows = await withConnection(
    database.reader,
    sql => sql`select device_id, value from metrics_by_device`,
  )
  t.deepEqual([...rows], [{ device_id: 'a', value: 1 }])
})

test('a second run changes nothing: schema, rows, roles and settings are the same to the letter', async t => {
  const installation = emptyInstallation(t)
  await runSetup(t, installation)
  await withConnection(
    installation.database.writer,
    sql => sql`insert into metrics (device_id, metric_id) values ('a', 'b')`,
  )
  const before = await snapshot(installation)
  t.regex(before, /CREATE VIEW public\.metrics /)
  t.regex(before, /jwt_secret/)
  t.true(before.includes(`ALTER ROLE ${installation.database.userRo} SET statement_timeout`))
  const { status, stdout, stderr } = await runSetup(t, installation)
  t.is(status, 0, stderr)
  t.true(stdout.startsWith(`Database ${installation.database.name} is up to date.\n`))
  t.is(await snapshot(installation), before)
})

test('three set-ups at once all succeed, and leave what one leaves', async t => {
  const installation = emptyInstallation(t)
  const outcomes = await Promise.all([1, 2, 3].map(() => runSetup(t, installation)))
  t.deepEqual(
    outcomes.map(({ status, stderr }) => [status, stderr]),
    Array(3).fill([0, '']),
  )
  t.is(outcomes.filter(({ stdout }) => stdout.includes('created')).length, 1)
  const before = await snapshot(installation)
  await runSetup(t, installation)
  t.is(await snapshot(installation), before)
})

test('set-ups of two databases at once, whose group roles are the same ones, both succeed', async t => {
  const installations = [emptyInstallation(t), emptyInstallation(t)]
  const outcomes = await Promise.all(installations.map(installation => runSetup(t, installation)))
  t.deepEqual(
    outcomes.map(({ status, stderr }) => [status, stderr]),
    Array(2).fill([0, '']),
  )
})

test('an installation that has lost a view of ours gets it back, and keeps its values', async t => {
  const installation = emptyInstallation(t)
  const { database } = installation
  await runSetup(t, installation)
  await withConnection(
    database.writer,
    sql => sql`insert into metrics (device_id, metric_id, value) values ('a', 'b', 7)`,
  )
  await withConnection(database.admin, sql => sql`drop view metrics_by_device cascade`)
  const { status, stdout, stderr } = await runSetup(t, installation)
  t.is(status, 0, stderr)
  t.regex(stdout, /updated: 0 migrations, \d+ SQL files/)
  const rows = await withConnection(database.reader, sql => sql`select value from metrics_by_device`)
  t.deepEqual([...rows], [{ value: 7 }])
})

test('an object whose file is gone from sql/ is dropped', async t => {
  const installation = emptyInstallation(t)
  const { database } = installation
  await runSetup(t, installation)
  const before = await snapshot(installation)
  // As an older version leaves it: the object, and its file in the list of what was applied.
  await withConnection(database.admin, async sql => {
    await sql.unsafe(`
      set role kwollect_owner;
      create view public.retired as select 1 as one;
      create function kwollect.retired_too() returns int language sql immutable return 1;
      insert into kwollect.applied_files values
        ('public/retired.view.sql', 'of old'), ('kwollect/retired_too.function.sql', 'of old')`)
  })
  const { status, stderr } = await runSetup(t, installation)
  t.is(status, 0, stderr)
  t.is(await snapshot(installation), before)
})

test("the administrator's nodetime_per_job is never replaced, even when all of sql/ is applied again", async t => {
  const installation = emptyInstallation(t)
  const { database } = installation
  await runSetup(t, installation)
  await withConnection(database.admin, async sql => {
    await sql`
      create or replace view nodetime_per_job as
      select 7 as job_id, timestamptz '2021-01-01' as start_time, null::timestamptz as stop_time, 'node-1' as node`
    await sql`update kwollect.applied_files set sha256 = 'of old'`
  })
  const { status, stdout, stderr } = await runSetup(t, installation)
  t.is(status, 0, stderr)
  t.regex(stdout, /updated/)
  for (const view of ['nodetime_per_job', 'nodetime_by_job']) {
    const rows = await withConnection(database.reader, sql => sql`select job_id, node from ${sql(view)}`)
    t.deepEqual([...rows], [{ job_id: 7, node: 'node-1' }])
  }
})

test('a nodetime_per_job that was dropped is made again; one made anew without grants becomes readable', async t => {
  const installation = emptyInstallation(t)
  const { database } = installation
  await runSetup(t, installation)
  const before = await snapshot(installation)
  await withConnection(database.admin, sql => sql`drop view nodetime_per_job cascade`)
  await runSetup(t, installation)
  t.is(await snapshot(installation), before)
  await withConnection(database.admin, async sql => {
    await sql`drop view nodetime_per_job cascade`
    await sql`
      create view nodetime_per_job as
      select 8 as job_id, now() as start_time, now() as stop_time, 'node-2' as node`
  })
  const { status, stderr } = await runSetup(t, installation)
  t.is(status, 0, stderr)
  for (const url of [database.reader, database.writer]) {
    const rows = await withConnection(url, sql => sql`select job_id, node from nodetime_by_job`)
    t.deepEqual([...rows], [{ job_id: 8, node: 'node-2' }])
  }
})

test('postgrest.conf and token are written for their owner alone, over whatever lay there', async t => {
  const installation = emptyInstallation(t)
  const folder = installation.database.apiFolder
  await runSetup(t, installation)
  for (const name of ['postgrest.conf', 'token']) t.is(statSync(join(folder, name)).mode & 0o777, 0o600)
  t.regex(
    readFileSync(join(folder, 'postgrest.conf'), 'utf8'),
    /^db-uri = "postgres:.*\n.*\n.*\njwt-secret = ".{64}"\n$/,
  )
})

test('without output_dir, the configuration and the token are printed between rules', async t => {
  const installation = emptyInstallation(t)
  const { status, stdout, stderr } = await runScript('scripts/kwollect-setup-db.ts', [], {
    environment: Object.fromEntries(
      Object.entries(installation.options).map(([name, value]) => [
        `KWOLLECT_${name.toUpperCase()}`,
        String(value),
      ]),
    ),
  })
  t.is(status, 0, stderr)
  const between = stdout.split(/^-{10,}$/m)
  t.is(between.length, 5)
  t.regex(
    between[1] ?? '',
    /^\ndb-uri = ".*"\ndb-schemas = "api"\ndb-anon-role = ".*_ro"\njwt-secret = ".*"\n$/,
  )
  t.regex(between[3] ?? '', /^\n[\w-]+\.[\w-]+\.[\w-]+\n$/)
})

test('one line says what the Apache edition lacks, and none on the community edition', async t => {
  const { stdout } = await runSetup(t, emptyInstallation(t))
  const lines = stdout.split('\n').filter(line => line.includes('Apache edition'))
  t.is(lines.length, missingCommunityEdition() === undefined ? 0 : 1)
})
