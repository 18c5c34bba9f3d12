import { createHash } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { type EmptyInstallation, emptyInstallation, runSetup, uniqueName } from '../harness/database.ts'
import { databaseUrl, withConnection } from '../harness/server.ts'
import { session } from '../sql/session.ts'
import { startImport } from './import_program.ts'
import { fillKwollect1, kwollect1 } from './kwollect_1.ts'

/** Every column of every row in one order, hashed; what is null in a wide table is NaN or {} here. */
async function content(url: string): Promise<string> {
  return withConnection(url, async sql => {
    const rows = await sql`
      copy (
        select extract(epoch from timestamp), device_id, metric_id, coalesce(value, 'NaN'), coalesce(labels, '{}')
          from metrics
         where isfinite(timestamp)
         order by 1, 2, 3, 4, labels::text
      ) to stdout`.readable()
    const hash = createHash('sha256')
    let lines = 0
    for await (const chunk of rows) {
      hash.update(chunk)
      lines += chunk.toString().split('\n').length - 1
    }
    return `${lines} rows, ${hash.digest('hex')}`
  })
}

async function importInto(t: ExecutionContext, installation: EmptyInstallation, source: string) {
  const outcome = await runSetup(t, installation, { import_from: source })
  t.is(outcome.status, 0, outcome.stderr)
  return outcome
}

test('an import that is killed twice and stopped once, each time in the middle of a piece, ends with every value once', async t => {
  const source = await kwollect1(t)
  await fillKwollect1(source, 24)
  const installation = emptyInstallation(t)
  const { admin } = installation.database
  await runSetup(t, installation)
  // Piece n is noted, and its values stored but not committed, when it waits for lock n.
  await withConnection(admin, sql =>
    sql.unsafe(`
      create function wait_at_piece() returns trigger language plpgsql as
      'begin perform pg_advisory_xact_lock_shared(77, (select count(*) from kwollect.imported_pieces)::integer); return new; end';
      create trigger wait_at_piece before insert on kwollect.imported_pieces
        for each row execute function wait_at_piece()`),
  )
  const holder = session(t, admin)
  for (const piece of [0, 1, 2]) await holder`select pg_advisory_lock(77, ${piece}::integer)`
  for (const [piece, signal, ending] of [
    [0, 'SIGKILL', 'signal SIGKILL'],
    [1, 'SIGKILL', 'signal SIGKILL'],
    [2, 'SIGTERM', 'exit status 1'],
  ] as const) {
    const program = await startImport(t, installation, source)
    await until(`piece ${piece} that waits`, async () => {
      const waiting = await holder`
        select from pg_locks where locktype = 'advisory' and classid = 77 and objid = ${piece}::text::oid and not granted`
      return waiting.length > 0
    })
    program.signal(signal)
    t.is(await program.ended, ending)
    if (signal === 'SIGTERM')
      t.regex(program.output(), /stopped by SIGTERM: what was copied stays; run this again/)
    await holder`select pg_advisory_unlock(77, ${piece}::integer)`
    await until('the end of its session', async () => {
      const left = await holder`
        select from pg_stat_activity where datname = current_database() and application_name = 'kwollect-setup-db'`
      return left.length === 0
    })
    const [stored] = await holder<{ values: string; noted: string; pieces: string }[]>`
      select (select count(*) from kwollect.samples) as values
           , coalesce(sum(source_rows), 0) as noted
           , count(*) as pieces
        from kwollect.imported_pieces`
    t.is(stored?.values, stored?.noted)
    t.is(stored?.pieces, String(piece))
  }
  const { stdout } = await importInto(t, installation, source)
  t.regex(stdout, /All 207,360 values of .* are here, [\d,]+ of them new, compared by number and sum\.\n/)
  t.is(await content(admin), await content(source))
})

test('NaN, infinities, nulls, duplicates and labels of a sample are kept; what no table can hold costs no other', async t => {
  const source = await kwollect1(t)
  await withConnection(source, sql =>
    sql.unsafe(`
      insert into metrics values
        ('2023-05-01 00:00:00.000001Z', 'a', 'b', 'NaN', '{}')
      , ('2023-05-01 00:00:01Z', 'a', 'b', 'Infinity', '{}')
      , ('2023-05-01 00:00:02Z', 'a', 'b', '-Infinity', null)
      , ('2023-05-01 00:00:03Z', 'a', 'b', null, '{"_device_alias": "c"}')
      , ('2023-05-01 00:00:04Z', 'a', 'b', 0.1, '{"x": "1"}')
      , ('2023-05-01 00:00:04Z', 'a', 'b', 0.1, '{"x": "1"}')
      , ('2023-05-01 00:00:05Z', 'a', 'b', 1e308, '{"_metric_scrape_time": "1", "x": "1"}')
      , ('2023-05-01 00:00:05Z', 'a', 'b', 1e308, '{"_metric_scrape_time": "2", "x": "1"}')
      , ('2023-05-01 00:00:06Z', 'a', 'b', 1e308, '{"value_str": "a\\tb\\\\c"}')
      , ('4713-01-01 BC', 'a', 'b', 1, '{}')`),
  )
  const good = await content(source)
  await withConnection(source, sql =>
    sql.unsafe(`
      insert into metrics values
        ('infinity', 'a', 'b', 1, '{}')
      , ('2023-05-01 00:00:07Z', '', 'b', 2, '{}')
      , ('2023-05-01 00:00:08Z', 'a', 'b', 'NaN', '["list"]')
      , ('2023-05-01 00:00:09Z', 'a', 'b', 4, jsonb_build_object('long', repeat('x', 70000)))
      , ('2023-05-01 00:00:10Z', 'a', 'b', 5, jsonb_build_object('value_str', repeat('x', 70000)))
      , ('2023-05-01 00:00:11Z', 'new', 'b', 6, '{}')`),
  )
  const installation = emptyInstallation(t)
  const { stdout } = await importInto(t, installation, source)
  t.regex(stdout, /All 11 values .* 11 of them new, .*; 5 more that no table can hold/)
  await withConnection(installation.database.admin, async sql => {
    const letters = await sql<{ value: string; reason: string }[]>`
      select sample::json ->> 'value' as value, reason from kwollect.dead_letters order by 1`
    t.deepEqual(
      letters.map(({ value, reason }) => [value, /time|device_id|object|64_kb|64 KB/.exec(reason)?.[0]]),
      [
        ['1', 'time'],
        ['2', 'device_id'],
        ['4', '64_kb'],
        ['5', '64 KB'],
        ['NaN', 'object'],
      ],
    )
    await sql`delete from metrics where device_id = 'new'`
  })
  t.is(await content(installation.database.admin), good)
  // Once more: the same letters, not twice.
  await importInto(t, installation, source)
  const letters = await withConnection(
    installation.database.admin,
    sql => sql`select from kwollect.dead_letters`,
  )
  t.is(letters.length, 5)
})

test('a second import takes what came since, and late, and doubles nothing that came another way', async t => {
  const source = await kwollect1(t)
  await fillKwollect1(source, 1)
  const installation = emptyInstallation(t)
  await importInto(t, installation, source)
  const fresh = `
    insert into metrics values
      ('2023-05-01 12:00:00.5Z', 'late', 'b', 1, '{}')
    , ('2023-05-02 00:00:00Z', 'since', 'b', 'NaN', null)
    , ('2023-05-02 00:00:01Z', 'twice', 'b', 3, '{"x": "1"}')
    , ('2023-05-02 00:00:01Z', 'twice', 'b', 3, '{"x": "1"}')
    , ('1999-01-01 00:00:00Z', 'before', 'b', 3, '{"x": "1"}')`
  await withConnection(source, sql => sql.unsafe(fresh))
  await withConnection(
    installation.database.writer,
    sql =>
      sql`insert into metrics values ('2023-05-02 00:00:01Z', 'twice', 'b', 3, '{"x": "1"}'), (now(), 'own', 'b', 1, '{}')`,
  )
  const second = await importInto(t, installation, source)
  t.regex(second.stdout, /All 8,645 values .*, 4 of them new/)
  const third = await importInto(t, installation, source)
  t.regex(third.stdout, /All 8,645 values .*, 0 of them new/)
  await withConnection(installation.database.admin, sql => sql`delete from metrics where device_id = 'own'`)
  t.is(await content(installation.database.admin), await content(source))
})

test('a value that is lost on the way stops the import, and its piece is undone', async t => {
  const source = await kwollect1(t)
  await fillKwollect1(source, 1)
  const installation = emptyInstallation(t)
  const { admin } = installation.database
  await runSetup(t, installation)
  await withConnection(admin, sql =>
    sql.unsafe(`
      create function lose() returns trigger language plpgsql as 'begin return null; end';
      create trigger lose before insert on kwollect.samples
        for each row when (new.timestamp = '2023-05-01 12:00:00Z' and new.value <> 'NaN') execute function lose()`),
  )
  const { status, stderr } = await runSetup(t, installation, { import_from: source })
  t.is(status, 1)
  t.regex(
    stderr,
    /the source has 8640 rows with the sum .*, but 863\d rows with the sum .* arrived; what it has copied stays/,
  )
  const [left] = await withConnection(
    admin,
    sql =>
      sql`select (select count(*) from kwollect.samples) + (select count(*) from kwollect.imported_pieces) as rows`,
  )
  t.is(left?.rows, '0')
})

test('a role that may only read is enough; its password is in no message, no argument and no statement', async t => {
  const source = await kwollect1(t)
  await fillKwollect1(source, 1)
  const role = uniqueName('reader')
  const installation = emptyInstallation(t)
  const server = databaseUrl(installation.server, 'postgres')
  await withConnection(source, sql =>
    sql.unsafe(
      `create role ${role} login password 'hidden-right'; grant select on metrics, promoted_metrics, nodetime_per_job to ${role}`,
    ),
  )
  t.teardown(async () => {
    await withConnection(source, sql => sql.unsafe(`drop owned by ${role}`))
    await withConnection(server, sql => sql.unsafe(`drop role ${role}`))
  })
  const address = new URL(source)
  address.username = role
  address.password = 'hidden-wrong'
  const wrong = await runSetup(t, installation, { import_from: address.href })
  t.is(wrong.status, 1)
  t.regex(wrong.stderr, /^kwollect-setup-db: cannot import from .*: password authentication failed/)
  t.notRegex(wrong.stderr + wrong.stdout, /hidden/)
  const none = await withConnection(
    server,
    sql => sql`select from pg_database where datname = ${installation.database.name}`,
  )
  t.is(none.length, 0, 'nothing is made for a source that cannot be read')

  address.password = 'hidden-right'
  const right = await importInto(t, installation, address.href)
  t.regex(right.stdout, /All 8,640 values/)
  t.notRegex(right.stderr + right.stdout, /hidden/)
  const malformed = await runSetup(t, installation, { import_from: 'postgres//user:hidden-too@host/kwdb' })
  t.is(malformed.status, 2)
  t.regex(malformed.stderr, /import_from must be postgres:\/\//)
  t.notRegex(malformed.stderr, /hidden/)
})

test('promotions by hand are copied, and the jobs where their view stands on nothing that is only there', async t => {
  const source = await kwollect1(t)
  await withConnection(source, sql =>
    sql.unsafe(`
      create view promoted_metrics_per_job as select 1 as job_id, 'node-2'::text as node, '.*'::text as metric_id;
      insert into promoted_metrics values ('node-1', 'bmc_.*'), ('node-1', null), ('node-2', '.*');
      create or replace view nodetime_per_job as
      select 7 as job_id, timestamptz '2021-01-01' as start_time, null::timestamptz as stop_time, 'node-1'::text as node`),
  )
  const installation = emptyInstallation(t)
  const { stdout } = await importInto(t, installation, source)
  t.regex(stdout, /promoted_metrics: 2 rows were new/)
  t.regex(stdout, /nodetime_per_job is defined as in the source/)
  await withConnection(installation.database.reader, async sql => {
    const promoted = await sql`select device_id, metric_id from promoted_metrics order by 2`
    t.deepEqual(
      promoted.map(row => row.metric_id),
      ['bmc_.*', null],
    )
    t.deepEqual([...(await sql`select job_id, node from nodetime_by_job`)], [{ job_id: 7, node: 'node-1' }])
  })
})

test('a view of jobs that cannot be taken over is shown, with what to do', async t => {
  const source = await kwollect1(t)
  await withConnection(source, sql =>
    sql.unsafe(`
      create table my_jobs (id integer, began timestamptz, host text);
      insert into my_jobs values (1, now(), 'node-1');
      create or replace view nodetime_per_job as
      select id as job_id, began as start_time, null::timestamptz as stop_time, host as node from my_jobs`),
  )
  const { stdout } = await importInto(t, emptyInstallation(t), source)
  t.regex(stdout, /nodetime_per_job could not be taken over \(relation "public.my_jobs" does not exist\)/)
  t.regex(stdout, /FROM public\.my_jobs/)
})
