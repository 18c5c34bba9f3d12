import test from 'ava'
import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { fileScope } from '../harness/scope.ts'
import { refusal, session } from './session.ts'

const file = fileScope(test)
let database: TestDatabase
let admin: postgres.Sql

test.before(async () => {
  database = await testDatabase(file)
  admin = session(file, database.admin)
  // Rows to lose: an UPDATE or DELETE that reaches nothing would prove little.
  await admin`insert into metrics (device_id, metric_id, value) values ('kept', 'm', 1)`
  await admin`insert into promoted_metrics values ('kept', 'm')`
})

async function writableRelations(role: string): Promise<string[]> {
  const rows = await admin<{ granted: string }[]>`
    select class.oid::regclass || ' ' || privilege as granted
      from pg_class as class
     cross join unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) as privilege
     where class.relkind in ('r', 'v', 'm', 'p', 'f')
       and (has_table_privilege(${role}, class.oid, privilege)
            or privilege in ('INSERT', 'UPDATE', 'REFERENCES') and has_any_column_privilege(${role}, class.oid, privilege))
     union all
    select class.oid::regclass || ' ' || privilege
      from pg_class as class
     cross join unnest(array['USAGE', 'UPDATE']) as privilege
     where class.relkind = 'S'
       and has_sequence_privilege(${role}, class.oid, privilege)
     order by 1`
  return rows.map(row => row.granted)
}

/** What PostgreSQL itself lets everybody do: this view turns an UPDATE into set_config() of one's own session. */
const builtIn = ['pg_settings UPDATE']

test('the reader has no privilege to write on any relation of the catalog', async t => {
  t.deepEqual(await writableRelations(database.userRo), builtIn)
})

test('the user may insert metrics and change promotions, and write to no other relation', async t => {
  t.deepEqual((await writableRelations(database.user)).filter(granted => !builtIn.includes(granted)).sort(), [
    'metrics INSERT',
    'promoted_metrics DELETE',
    'promoted_metrics INSERT',
    'promoted_metrics UPDATE',
  ])
})

for (const login of ['reader', 'writer'] as const) {
  test(`what the ${login} may execute outside of PostgreSQL's own schemas does not write, called as it is`, async t => {
    const sql = session(t, database[login])
    const routines = await admin<{ name: string; call: string; own: boolean }[]>`
      select proc.oid::regprocedure::text as name
           , case proc.prokind when 'p' then 'call ' else 'select ' end
             || proc.oid::regproc || '('
             || (select coalesce(string_agg('null::' || format_type(
                     case when type.typtype = 'p' then case when type.typname in ('anyarray', 'anycompatiblearray') then 'int[]'::regtype::oid else 'int'::regtype::oid end else type.oid end, null), ', ' order by position), '')
                   from unnest(proc.proargtypes) with ordinality as argument (type, position)
                   join pg_type as type on type.oid = argument.type)
             || ')' as call
           , space.nspname in ('kwollect', 'api') as own
        from pg_proc as proc
        join pg_namespace as space on space.oid = proc.pronamespace
       where space.nspname not in ('pg_catalog', 'information_schema')
         and proc.prokind in ('f', 'p')
         and has_schema_privilege(${login === 'reader' ? database.userRo : database.user}, space.oid, 'USAGE')
         and has_function_privilege(${login === 'reader' ? database.userRo : database.user}, proc.oid, 'EXECUTE')`
    t.true(routines.length > 50)
    const wrote: string[] = []
    for (const { name, call } of routines.filter(({ own }) => login === 'reader' || !own)) {
      const hasWritten = await writesWhenCalled(sql, call)
      if (hasWritten) wrote.push(name)
    }
    t.deepEqual(wrote, [])
  })

  test(`nothing volatile of an extension may be executed by the ${login}, but what only looks so`, async t => {
    const role = login === 'reader' ? database.userRo : database.user
    const rows = await admin<{ name: string }[]>`
      select distinct proc.proname as name
        from pg_proc as proc
        join pg_depend as membership on membership.classid = 'pg_proc'::regclass and membership.objid = proc.oid
         and membership.deptype = 'e'
       where proc.provolatile = 'v'
         and has_function_privilege(${role}, proc.oid, 'EXECUTE')
         and membership.refobjid <> (select oid from pg_extension where extname = 'plpgsql')
       order by 1`
    t.deepEqual(
      rows.map(row => row.name),
      ['interpolate', 'locf', 'time_bucket_gapfill'],
    )
  })

  test(`the ${login} has no attribute, owns nothing, and is in no group but kwollect's`, async t => {
    const role = login === 'reader' ? database.userRo : database.user
    const [attributes] = await admin`
      select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls from pg_roles where rolname = ${role}`
    t.deepEqual(Object.values(attributes ?? {}), [false, false, false, false, false])
    const owned = await admin`
      select from pg_shdepend where refobjid = ${role}::regrole and deptype = 'o'`
    t.is(owned.length, 0)
    const groups = await admin<{ name: string }[]>`
      select rolname as name from pg_roles
       where pg_has_role(${role}, oid, 'MEMBER') and rolname <> ${role} order by 1`
    t.deepEqual(
      groups.map(group => group.name),
      login === 'reader'
        ? ['kwollect_reader']
        : ['kwollect_reader', 'kwollect_writer', database.userRo].sort(),
    )
  })
}

test('no background job belongs to a login role of the installation, and none can be added', async t => {
  for (const url of [database.reader, database.writer]) {
    const sql = session(t, url)
    t.is((await refusal(t, sql`select public.add_job('pg_catalog.now', '1h')`)).code, '42501')
    t.is((await refusal(t, sql`select public.drop_chunks('kwollect.samples', now())`)).code, '42501')
  }
  const jobs = await admin`
    select from timescaledb_information.jobs where owner::text in (${database.user}, ${database.userRo})`
  t.is(jobs.length, 0)
})

test('everybody else is kept out of the database', async t => {
  const [row] = await admin`
    select has_database_privilege('public', current_database(), 'CONNECT') as connect
         , has_database_privilege('public', current_database(), 'TEMPORARY') as temporary
         , has_schema_privilege('public', 'public', 'USAGE') as usage
         , has_schema_privilege('public', 'public', 'CREATE') as create`
  t.deepEqual(row, { connect: false, temporary: false, usage: false, create: false })
})

test('the reader cannot become another role', async t => {
  const sql = session(t, database.reader)
  for (const role of [database.user, 'kwollect_owner', 'kwollect_writer', database.server.user])
    t.is((await refusal(t, sql.unsafe(`set role ${role}`))).code, '42501')
  const writer = session(t, database.writer)
  for (const role of ['kwollect_owner', database.server.user])
    t.is((await refusal(t, writer.unsafe(`set role ${role}`))).code, '42501')
})

/** A transaction gets a number at its first write, however deep in a function that happens. */
async function writesWhenCalled(sql: postgres.Sql, call: string): Promise<boolean> {
  await sql`begin`
  try {
    await sql`savepoint before`
    try {
      await sql.unsafe(call)
    } catch {
      return false
    }
    const [row] = await sql`select pg_current_xact_id_if_assigned() is not null as written`
    return row?.written === true
  } finally {
    await sql`rollback`
  }
}
