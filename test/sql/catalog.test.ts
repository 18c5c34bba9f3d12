import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type postgres from 'postgres'
import { testDatabase } from '../harness/database.ts'
import { repository } from '../harness/processes.ts'
import { fileScope } from '../harness/scope.ts'
import { session } from './session.ts'

const file = fileScope(test)
let admin: postgres.Sql

test.before(async () => {
  admin = session(file, (await testDatabase(file)).admin)
})

/** Small SQL functions that the planner puts into the query, which a pinned search_path would prevent. */
const inlined = [
  'kwollect.named_series',
  'kwollect.read_metrics',
  'kwollect.read_rates',
  'kwollect.read_single',
  'kwollect.sample_label_keys',
  'kwollect.series_labels',
  'kwollect.single_samples',
  'kwollect.summand',
  'kwollect.summary_value',
]

/** Commits by itself, which PostgreSQL permits only without a SET of its own; it names everything in full. */
const committing = ['kwollect.refresh_summary']

/** Names of our routines, and of the views and tables of the API, for which a condition holds. */
async function offenders(condition: string): Promise<string[]> {
  const rows = await admin.unsafe<{ name: string }[]>(`
    select proc.oid::regproc::text as name
      from pg_proc as proc
     where proc.pronamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
       and (${condition})
     order by 1`)
  return rows.map(row => row.name)
}

test('every function pins its search_path, but those that are inlined or commit', async t => {
  t.deepEqual(
    await offenders(`coalesce(not 'search_path=pg_catalog, pg_temp' = any (proc.proconfig), true)`),
    [...committing, ...inlined].sort(),
  )
})

test('a function that runs with the rights of its owner always pins its search_path', async t => {
  t.deepEqual(
    await offenders(`proc.prosecdef and coalesce(not proc.proconfig::text like '%search_path=%', true)`),
    [],
  )
})

test('an inlined function names everything in full, and only operators of PostgreSQL', async t => {
  const bodies = await admin<{ body: string }[]>`
    select pg_get_functiondef(oid) as body from pg_proc where oid = any (${inlined}::regproc[])`
  for (const { body } of bodies) t.notRegex(body, /\b(from|join|select)\s+(?!lateral\b)[a-z_]+\b(?!\.)/i)
  t.is(bodies.length, inlined.length)
})

test('no function or procedure may be executed by everybody', async t => {
  t.deepEqual(
    await offenders(`exists (
      select from aclexplode(coalesce(proc.proacl, acldefault('f', proc.proowner))) as acl where acl.grantee = 0)`),
    [],
  )
})

test('every function and procedure has a comment, and none has a namesake', async t => {
  t.deepEqual(await offenders(`obj_description(proc.oid, 'pg_proc') is null`), [])
  t.deepEqual(
    await offenders(`exists (select from pg_proc as twin
      where twin.pronamespace = proc.pronamespace and twin.proname = proc.proname and twin.oid <> proc.oid)`),
    [],
  )
})

test('every table and view has a comment, and belongs to a role that cannot log in', async t => {
  const rows = await admin`
    select class.oid::regclass::text as name
      from pg_class as class
      join pg_roles as owner on owner.oid = class.relowner
     where class.relnamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace, 'public'::regnamespace)
       and class.relkind in ('r', 'v', 'm', 'p', 'f')
       and class.oid <> to_regclass('kwollect.migrations')
       and not exists (select from pg_depend where objid = class.oid and deptype = 'e')
       and (obj_description(class.oid, 'pg_class') is null or owner.rolcanlogin)`
  t.deepEqual([...rows], [])
})

test('everything that SQL users see of kwollect may be read by the reader and the user', async t => {
  const rows = await admin`
    select class.oid::regclass::text as name
      from pg_class as class
     cross join unnest(array['kwollect_reader', 'kwollect_writer']) as role
     where class.relnamespace in ('public'::regnamespace, 'api'::regnamespace)
       and class.relkind in ('r', 'v', 'm')
       and not exists (select from pg_depend where objid = class.oid and deptype = 'e')
       and not has_table_privilege(role, class.oid, 'select')`
  t.deepEqual([...rows], [])
})

const sqlFolder = join(repository, 'sql')

function sqlFiles(): string[] {
  return readdirSync(sqlFolder, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.sql'))
}

test('sql/apply-order names each file that exists, once, and no other', t => {
  const named = readFileSync(join(sqlFolder, 'apply-order'), 'utf8')
    .split('\n')
    .filter(line => line.trim() !== '' && !line.startsWith('#'))
  t.deepEqual(named.toSorted(), sqlFiles().toSorted())
})

test('the file of a function or view is named after what it makes, states its volatility and starts with why', t => {
  for (const path of sqlFiles()) {
    const text = readFileSync(join(sqlFolder, path), 'utf8')
    const [, schema, object, kind] = /^(\w+)\/(\w+)\.(\w+)\.sql$/.exec(path) ?? []
    t.true(text.startsWith('-- '), `${path} begins without a comment`)
    if (kind === 'function') {
      t.regex(text, new RegExp(`^create or replace function ${schema}\\.${object}\\(`, 'm'), path)
      t.regex(
        text,
        /^\s*(immutable|stable|volatile)\b|\b(immutable|stable|volatile)( parallel safe)?$/m,
        path,
      )
    }
    if (kind === 'procedure')
      t.regex(text, new RegExp(`^create or replace procedure ${schema}\\.${object}\\(`, 'm'), path)
    if (kind === 'view')
      t.regex(text, new RegExp(`^create (or replace )?view ${schema}\\.${object}\\b`, 'm'), path)
    if (kind === 'function' || kind === 'procedure')
      t.regex(text, /^revoke all on (function|procedure) .* from public;$/m, path)
  }
})

test('every migration leaves the transaction to the set-up', t => {
  const migrations = readdirSync(join(repository, 'migrations'))
  t.true(migrations.length > 5)
  for (const name of migrations) {
    const text = readFileSync(join(repository, 'migrations', name), 'utf8')
    t.regex(text, /^ {2}pgm\.noTransaction\(\)/m, name)
    t.regex(name, /^\d{4}_\w+\.ts$/)
  }
  const numbers = migrations.map(name => name.slice(0, 4))
  t.is(new Set(numbers).size, numbers.length)
})
