import type { Readable } from 'node:stream'
import type postgres from 'postgres'
import { BadConfiguration } from '../../sidecar/config.ts'
import { Connection, type DatabaseAddress, reasonOf } from '../../sidecar/database.ts'
import { SetupRefused } from './prerequisites.ts'

/** A moment or a range of time as PostgreSQL prints it in UTC: a Date has no microseconds and no infinity. */
export interface Range {
  readonly start: string
  /** Does not belong to the range. From infinity to infinity are the rows without a finite time. */
  readonly end: string
}

/** What a range holds, as PostgreSQL prints it. */
export interface Figures {
  readonly rows: string
  /** Of finite values; exact, since the two sides add in another order. */
  readonly sum: string
  readonly nans: string
}

/** A connection, or a transaction on it. */
type Session = postgres.Sql | postgres.TransactionSql

/** The database of a kwollect 1.x, which is only read. */
export interface Source {
  readonly connection: Connection
  /** See {@link databaseId}. */
  readonly id: string
  /** "kwdb at old.example.org:5432", for messages. */
  readonly name: string
}

export const timeless: Range = { start: 'infinity', end: 'infinity' }

/**
 * Reads `postgres://user:password@host:port/database`; the host may be the folder of a socket, percent-encoded or
 * as `?host=`.
 *
 * @throws {BadConfiguration} without a word of the text, which holds a password
 */
export function parseSourceUrl(text: string): DatabaseAddress {
  const refused = new BadConfiguration(
    'import_from must be postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded; no parameter but ?host=FOLDER of a socket is known.',
  )
  try {
    const url = new URL(text)
    const host = decodeURIComponent(url.searchParams.get('host') ?? url.hostname)
    const database = decodeURIComponent(url.pathname.slice(1))
    url.searchParams.delete('host')
    const isComplete = /^postgres(ql)?:$/.test(url.protocol) && host !== '' && database !== ''
    if (!isComplete || url.search !== '' || url.username === '') throw refused
    return {
      host: host.replace(/^\[(.*)\]$/, '$1'),
      port: Number(url.port || 5432),
      database,
      user: decodeURIComponent(url.username),
      password: url.password === '' ? undefined : decodeURIComponent(url.password),
    }
  } catch {
    throw refused
  }
}

/**
 * Connects, and looks at everything that could stop the import later.
 *
 * @throws {SetupRefused} where it is no kwollect database, or may not be read
 */
export async function openSource(address: DatabaseAddress): Promise<Source> {
  const connection = new Connection(address, { name: 'kwollect-setup-db', onNotice: () => {} })
  const name = `${address.database} at ${address.host}:${address.port}`
  const { sql } = connection
  try {
    await sql`set session characteristics as transaction isolation level repeatable read, read only`
    await setForm(sql)
    const id = await databaseId(sql)
    await sql`select timestamp, device_id, metric_id, value, labels from public.metrics limit 0`
    return { connection, id, name }
  } catch (error) {
    await connection.end()
    throw new SetupRefused(`cannot import from ${name}: ${explain(error, address.user)}`)
  }
}

function explain(error: unknown, user: string): string {
  switch ((error as { code?: string }).code) {
    case '42P01':
    case '42703':
      return 'it has no table public.metrics with the columns timestamp, device_id, metric_id, value and labels, so it is no database of kwollect 1.x.'
    case '42501':
      return `${reasonOf(error)}; let it read: "grant select on metrics, promoted_metrics, nodetime_per_job to ${user}" there.`
    default:
      return `${reasonOf(error)}.`
  }
}

/** @returns what tells a database from every other, whatever its address: the server's system identifier and its name */
export async function databaseId(sql: postgres.Sql): Promise<string> {
  const [row] = await sql<[{ id: string }]>`
    select format('%s/%s', (select system_identifier from pg_control_system()), current_database()) as id`
  return row.id
}

/** Times print alike on both sides, to be compared as text. */
export async function setForm(sql: postgres.Sql): Promise<void> {
  await sql`select set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO', false)`
}

/** @returns whether an index finds a time; without one each piece reads the whole table */
export async function hasTimeIndex({ connection: { sql } }: Source): Promise<boolean> {
  const rows = await sql`
    select
      from pg_index
      join pg_attribute on attrelid = indrelid and attnum = indkey[0]
     where indrelid = 'public.metrics'::regclass and attname = 'timestamp' and indpred is null`
  return rows.length > 0
}

/** @returns the first and the last finite time, or undefined where there is none */
export async function sourceExtent({ connection: { sql } }: Source): Promise<Range | undefined> {
  const [row] = await sql<[{ start: string | null; end: string | null }]>`
    select min(timestamp)::text as start
         , max(timestamp)::text as end
      from public.metrics
     where timestamp > '-infinity' and timestamp < 'infinity'`
  return row.start === null || row.end === null ? undefined : { start: row.start, end: row.end }
}

/**
 * Cuts the next piece off a range: about `rows` rows, more where so many have one and the same time.
 *
 * @returns where it ends
 */
export async function endOfPiece(
  { connection: { sql } }: Source,
  range: Range,
  rows: number,
): Promise<string> {
  const [row] = await sql<[{ end: string }]>`
    with piece as (
      select ${range.start}::text::timestamptz as range_start
           , ${range.end}::text::timestamptz as range_end
           , (select timestamp
                from public.metrics
               where isfinite(timestamp)
                 and timestamp >= ${range.start}::text::timestamptz
                 and timestamp < ${range.end}::text::timestamptz
               order by timestamp
              offset ${rows}
               limit 1) as next_start
    )
    select case
             when next_start > range_start then next_start
             when next_start is null then range_end
             else coalesce((select min(timestamp)
                              from public.metrics
                             where timestamp > ${range.start}::text::timestamptz
                               and timestamp < ${range.end}::text::timestamptz), range_end)
           end::text as end
      from piece`
  return row.end
}

/** @returns the condition for the rows of a range, in SQL, by the server: COPY takes no parameters */
async function condition(sql: Session, { start, end }: Range): Promise<string> {
  if (start === 'infinity') return `timestamp is null or timestamp in ('-infinity', 'infinity')`
  const [row] = await sql<[{ text: string }]>`
    select format('isfinite(timestamp) and timestamp >= %L and timestamp < %L', ${start}::text, ${end}::text) as text`
  return row.text
}

/** @returns number and sum of the rows of a range; a value that is null counts as NaN, which it becomes */
export async function figuresOf(sql: Session, range: Range): Promise<Figures> {
  const [row] = await sql.unsafe<[Figures]>(
    `select count(*)::text as rows
          , coalesce(sum(case when value not in ('NaN', 'Infinity', '-Infinity') then value::numeric end), 0)::text as sum
          , (count(*) filter (where value is null or value = 'NaN'))::text as nans
       from public.metrics
      where ${await condition(sql, range)}`,
  )
  return row
}

/** @returns the rows of a range in PostgreSQL's binary format, as `arriving_rows` takes them */
export async function copyOut(sql: Session, range: Range): Promise<Readable> {
  return sql
    .unsafe(
      `copy (
         select timestamp::timestamptz
              , device_id::text
              , metric_id::text
              , coalesce(value, 'NaN')::double precision
              , coalesce(labels::text, '{}')
           from public.metrics
          where ${await condition(sql, range)}
       ) to stdout (format binary)`,
    )
    .readable()
}
