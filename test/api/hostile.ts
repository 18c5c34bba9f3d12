import { fc } from '@fast-check/ava'
import type postgres from 'postgres'

/** Pieces that end strings, statements, identifiers, URLs and documents of the languages on the way. */
const pieces = [
  "'",
  "''",
  '"',
  '`',
  '\\',
  '\\x',
  '$$',
  '$kwollect$',
  '$1',
  '%s%I%L',
  ';',
  '--',
  '/*',
  '*/',
  ',',
  '.',
  '{',
  '}',
  '(',
  ')',
  '[',
  '*',
  '?',
  '&',
  '=',
  '#',
  '%00',
  '%',
  '_',
  '\u0000',
  '\u0001',
  '\n',
  '\r\n',
  '\t',
  '\u00a0',
  '\u202e',
  '\ufeff',
  '\ud800',
  '\u{1F600}',
  'é',
  'e\u0301',
  'null',
  'NaN',
  'true',
  '__proto__',
  'node-1',
  'drop table executed',
  'pg_sleep(9)',
  '; create table public.executed (); --',
  '$$; create table public.executed (); $$',
  "'); create table public.executed (); --",
  "' || public.kwollect_executed() || '",
  '" || public.kwollect_executed() || "',
] as const

const piled = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 20 })), {
  maxLength: 12,
})

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: piled.map(parts => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)

const odd = [
  '0',
  '-0',
  '1e400',
  '-1e400',
  '1e-400',
  '0x10',
  '1_000',
  '9'.repeat(400),
  'NaN',
  '-Infinity',
  '∞',
  '１２',
]

export const hostileTime: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...odd, 'infinity', '-infinity', 'now', 'epoch', 'today', 'allballs', 'tomorrow', '24:00'),
  fc.constantFrom(
    '4714-11-24 BC',
    '294276-12-31T23:59:59.999999Z',
    '0000-00-00',
    '2021-02-30',
    '2021-06-30T23:59:60Z',
  ),
  fc.constantFrom(
    '2021-01-01T00:00:00+99:99',
    '2021-01-01 00:00 Mars/Phobos',
    '290000-01-01',
    '-4000-01-01',
    '99999-1',
  ),
  fc.double().map(String),
  fc.date({ noInvalidDate: true }).map(date => date.toISOString()),
  hostileText,
)

const hostileLeaf = fc.oneof(
  hostileText,
  hostileTime,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
)

/** JSON of any form, and often of nearly the right one. */
export const hostileJson: fc.Arbitrary<string> = fc
  .oneof(
    fc.record(
      { devices: fc.oneof(fc.array(hostileLeaf, { maxLength: 5 }), hostileLeaf), job_id: hostileLeaf },
      { requiredKeys: [] },
    ),
    items(),
    fc.array(items(), { maxLength: 4 }),
    fc.jsonValue({ maxDepth: 6 }),
    fc.dictionary(hostileText, hostileLeaf, { maxKeys: 4 }),
  )
  .map(value => JSON.stringify(value))

/** Arrays of items that are often stored: what is odd about them is their text. */
export const oddItems: fc.Arbitrary<string> = fc
  .array(
    fc.record(
      {
        device_id: hostileText,
        metric_id: hostileText,
        value: fc.double(),
        labels: fc.dictionary(hostileText, hostileLeaf, { maxKeys: 2 }),
      },
      { requiredKeys: ['device_id', 'metric_id'] },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map(value => JSON.stringify(value))

function items(): fc.Arbitrary<unknown> {
  return fc.record(
    {
      device_id: fc.oneof(fc.constant('node-1'), hostileLeaf),
      metric_id: fc.oneof(fc.constant('m'), hostileLeaf),
      value: hostileLeaf,
      timestamp: fc.oneof(hostileTime, fc.double()),
      labels: fc.oneof(fc.dictionary(hostileText, hostileLeaf, { maxKeys: 3 }), hostileLeaf),
    },
    { requiredKeys: ['device_id', 'metric_id'] },
  )
}

const ofType: Readonly<Record<string, fc.Arbitrary<string>>> = {
  text: hostileText,
  'timestamp with time zone': hostileTime,
  json: hostileJson,
  boolean: fc.constantFrom('true', 'false', 'on', '2', '', 'maybe'),
  integer: fc.oneof(fc.integer().map(String), fc.constantFrom(...odd, '2147483648'), hostileText),
}

/** An argument of an API function as the catalog has it. */
export interface Argument {
  /** Empty where the function takes one argument without a name. */
  readonly name: string
  readonly type: string
}

export interface Routine {
  readonly name: string
  readonly arguments: readonly Argument[]
}

/** @returns what is called with: the arguments that are given, as text */
export function hostileArguments(
  routine: Routine,
): fc.Arbitrary<Readonly<Record<string, string | undefined>>> {
  const entries = routine.arguments.map(({ name, type }): [string, fc.Arbitrary<string>] => {
    const likely = /_time$/.test(name) ? hostileTime : ofType[type]
    if (likely === undefined)
      throw new Error(`${routine.name}(${name} ${type}): no hostile values of this type`)
    return [name, likely]
  })
  // One without a name has no default either: it is always given.
  return fc.record(Object.fromEntries(entries), {
    requiredKeys: entries.some(([name]) => name === '') ? [''] : [],
  })
}

/** The functions of the API, by the catalog, with and without those that write. */
export async function apiFunctions(sql: postgres.Sql, kind: 'reading' | 'writing'): Promise<Routine[]> {
  const rows = await sql<Routine[]>`
    select proc.proname as name
         , coalesce((
             select json_agg(json_build_object(
                      'name', coalesce(proc.proargnames[argument.position], '')
                    , 'type', format_type(argument.type, null)
                    ) order by argument.position)
               from unnest(proc.proargtypes::oid[]) with ordinality as argument (type, position)
           ), '[]') as arguments
      from pg_proc as proc
     where proc.pronamespace = 'api'::regnamespace
       and proc.prokind = 'f'
       and (proc.provolatile = 'v') = ${kind === 'writing'}`
  return [...rows]
}

/**
 * A hash of everything that a database holds: definitions, rights, rows; what PostgreSQL only counts is left out. Of roles
 * those that have a right here: tests beside this one make others on the same server.
 */
export async function checksum(sql: postgres.Sql): Promise<string> {
  const [row] = await sql<{ sum: string }[]>`
    with concerned as (
      select dependency.refobjid as role_oid
        from pg_shdepend as dependency
        join pg_database as here
          on here.datname = current_database()
       where dependency.refclassid = 'pg_authid'::regclass
         and (dependency.dbid = here.oid or dependency.classid = 'pg_database'::regclass and dependency.objid = here.oid)
    )
    select md5(string_agg(part, '|' order by part)) as sum
      from (
             select 'class ' || oid || relname || coalesce(relacl::text, '') || relkind::text as part
               from pg_class where relnamespace <> 'pg_toast'::regnamespace
             union all
             select 'proc ' || md5(proc::text) from pg_proc as proc
             union all
             select 'rule ' || md5(rule::text) from pg_rewrite as rule
             union all
             select 'role ' || rolname || rolsuper || rolcanlogin || rolcreaterole
               from pg_roles where oid in (select role_oid from concerned)
             union all
             select 'setting ' || setting::text
               from pg_db_role_setting as setting where setrole in (select role_oid from concerned)
             union all
             select 'rows ' || relation.oid::regclass || md5(query_to_xml(
                      format('select count(*), sum(hashtextextended(stored::text, 0)) from %s as stored', relation.oid::regclass)
                    , true, false, '')::text)
               from pg_class as relation
              where relation.relkind = 'r'
                and relation.relnamespace in ('kwollect'::regnamespace, 'public'::regnamespace)
           ) as parts`
  return row?.sum ?? ''
}
