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

/**
 * Insufficient privilege, a view that nobody can write to, what TimescaleDB does for nobody. Anything else,
 * a mistake in the statement above all, proves nothing.
 */
const refusals = ['42501', '55000', '0A000', 'TS101']

interface Relation {
  readonly name: string
  readonly kind: string
  readonly column: string
}

/** Every table, view, hypertable, chunk and sequence of the database, PostgreSQL's own too. */
async function relations(): Promise<readonly Relation[]> {
  return admin<Relation[]>`
    select class.oid::regclass::text as name
         , class.relkind as kind
         , coalesce(quote_ident((select attname from pg_attribute where attrelid = class.oid and attnum > 0 and not attisdropped and attidentity = '' and attgenerated = '' order by attnum limit 1)), '') as column
      from pg_class as class
     where class.relkind in ('r', 'v', 'm', 'p', 'f', 'S')
     order by 1`
}

/** Every way to write to a relation, tried in a transaction that is rolled back. */
function writes({ name, kind, column }: Relation): string[] {
  if (kind === 'S')
    return [`select nextval('${name}')`, `select setval('${name}', 1)`, `alter sequence ${name} restart`]
  return [
    ...(column === '' ? [] : [`update ${name} set ${column} = ${column}`, `copy ${name} from stdin`]),
    `insert into ${name} default values`,
    `delete from ${name}`,
    `lock table ${name} in exclusive mode`,
    `alter table ${name} rename to stolen`,
    ...(kind === 'v'
      ? [`drop view ${name}`, `comment on view ${name} is 'mine'`]
      : [`truncate ${name}`, `drop table ${name}`, `comment on table ${name} is 'mine'`]),
  ]
}

test('every attempt of the reader to write to a relation is refused', async t => {
  const reader = session(t, database.reader)
  const before = await counts()
  const outcomes: string[] = []
  for (const relation of await relations()) {
    for (const statement of writes(relation)) {
      const code = await attempt(reader, statement)
      if (!refusals.includes(code ?? '')) outcomes.push(`${statement}: ${code ?? 'worked'}`)
    }
  }
  t.deepEqual(outcomes, ['lock table pg_settings in exclusive mode: worked'])
  t.deepEqual(await counts(), before)
})

for (const login of ['reader', 'writer'] as const) {
  test(`every kind of DDL is refused to the ${login}, in every schema`, async t => {
    const sql = session(t, database[login])
    const schemas = await admin<{ name: string }[]>`select quote_ident(nspname) as name from pg_namespace`
    const outcomes: string[] = []
    for (const statement of [...schemas.flatMap(({ name }) => definitions(name)), ...databaseWide])
      if (!refusals.includes((await attempt(sql, statement)) ?? '')) outcomes.push(statement)
    for (const statement of outsideTransactions)
      t.is((await refusal(t, sql.unsafe(statement))).code, '42501', statement)
    t.deepEqual(outcomes, [])
  })

  test(`the ${login} cannot make large objects, temporary tables or files, nor run programs`, async t => {
    const sql = session(t, database[login])
    for (const statement of [
      'select lo_create(0)',
      'select lo_creat(-1)',
      `select lo_from_bytea(0, 'x')`,
      `select lo_import('/etc/hostname')`,
      'create temporary table mine (x int)',
      'create temporary sequence mine',
      'select 1 as x into temporary mine',
      `copy (select 1) to '/tmp/mine'`,
      `copy (select 1) to program 'true'`,
      `select pg_read_file('/etc/hostname')`,
    ])
      t.is((await refusal(t, sql.unsafe(statement))).code, '42501', statement)
  })
}

function definitions(schema: string): string[] {
  return [
    `create table ${schema}.mine (x int)`,
    `create view ${schema}.mine as select 1 as x`,
    `create materialized view ${schema}.mine as select 1 as x`,
    `create sequence ${schema}.mine`,
    `create function ${schema}.mine() returns int language sql return 1`,
    `create procedure ${schema}.mine() language sql as ''`,
    `create type ${schema}.mine as (x int)`,
    `create domain ${schema}.mine as int`,
    `create operator ${schema}.=== (leftarg = int, rightarg = int, function = int4eq)`,
    `create collation ${schema}.mine (locale = 'C')`,
    `create text search dictionary ${schema}.mine (template = simple)`,
    `create statistics ${schema}.mine on timestamp, value from kwollect.samples`,
    `alter schema ${schema} rename to stolen`,
    `drop schema ${schema} cascade`,
  ]
}

const databaseWide = [
  'create schema mine',
  'create extension hstore',
  'create extension dblink',
  'create role mine',
  `create foreign data wrapper mine`,
  'create publication mine',
  'create event trigger mine on ddl_command_end execute function kwollect.announce_promotions()',
  'create cast (int as text) with inout',
  'alter database template1 connection limit 1',
  'create index mine on kwollect.series (device_id)',
  'create trigger mine after insert on metrics for each statement execute function kwollect.announce_promotions()',
  'create rule mine as on insert to metrics do instead nothing',
  'alter view metrics rename to stolen',
  'drop view metrics cascade',
  'drop function api.get_metrics cascade',
  'drop owned by kwollect_owner',
  'reassign owned by kwollect_owner to current_user',
]

/** PostgreSQL looks for a transaction first: these are tried without. */
const outsideTransactions = [
  'create database mine',
  `create tablespace mine location '/tmp'`,
  'alter system set work_mem = 1',
  'drop database template1',
]

/** @returns the error's code, undefined where the statement would have worked; undone in any case */
async function attempt(sql: postgres.Sql, statement: string): Promise<string | undefined> {
  await sql`begin`
  try {
    if (statement.startsWith('copy ')) await sql.unsafe(statement).writable()
    else await sql.unsafe(statement)
    return undefined
  } catch (error) {
    return (error as postgres.PostgresError).code
  } finally {
    await sql`rollback`
  }
}

async function counts(): Promise<unknown> {
  return [
    ...(await admin`select (select count(*) from metrics) as metrics, (select count(*) from promoted_metrics) as promoted`),
  ]
}
