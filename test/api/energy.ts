import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { startPostgrest, type TestApi } from '../harness/postgrest.ts'
import type { Scope } from '../harness/scope.ts'
import { session } from '../sql/session.ts'
import { request } from './client.ts'

/** A row of get_job_energy; device_id is null in the total of a metric. */
export interface Energy {
  readonly device_id: string | null
  readonly metric_id: string
  readonly source: 'power' | 'counter'
  readonly energy_joules: number | null
  readonly energy_watt_hours: number | null
  readonly duration_seconds: number
  readonly covered_share: number
  readonly longest_gap_seconds: number
  readonly samples: number
}

/** Seconds after {@link origin}, and a value that PostgreSQL's input function takes ("NaN", "Infinity"). */
export type Point = readonly [second: number, value: number]

/** Where the seconds of these tests begin. */
const origin = Date.UTC(2021, 0, 1, 12)

export const at = (second: number): string => new Date(origin + second * 1000).toISOString()

/** The administrator's own table of jobs behind nodetime_per_job, as the manual has it. */
const jobsTable = `
  create schema site;
  create table site.jobs (job_id integer, start_time timestamptz, stop_time timestamptz, node text);
  grant usage on schema site to kwollect_owner;
  grant select on site.jobs to kwollect_owner;
  create or replace view nodetime_per_job as select job_id, start_time, stop_time, node from site.jobs`

/** A database with a table of jobs, and the API in front of it. */
export interface EnergySite {
  readonly database: TestDatabase
  /** As the administrator. */
  readonly sql: postgres.Sql
  readonly api: TestApi
  /** A number that no other test of the file uses, for a job and in the names of its nodes. */
  newJob(): number
}

export async function energySite(scope: Scope): Promise<EnergySite> {
  const database = await testDatabase(scope)
  const sql = session(scope, database.admin)
  await sql.unsafe(jobsTable)
  let jobs = 0
  return { database, sql, api: await startPostgrest(scope, database), newJob: () => ++jobs }
}

/** Gives a node to a job for some seconds. */
export async function assign(
  sql: postgres.Sql,
  job: number,
  node: string,
  [from, upto]: readonly [number, number],
): Promise<void> {
  await sql`insert into site.jobs values (${job}, ${at(from)}, ${at(upto)}, ${node})`
}

/** A value each `step` seconds from `from` to `upto`, both included. */
export function sampled(
  from: number,
  upto: number,
  step: number,
  signal: (second: number) => number,
): Point[] {
  return Array.from({ length: Math.floor((upto - from) / step) + 1 }, (_, i) => {
    const second = from + i * step
    return [second, signal(second)]
  })
}

/** Stores the values of one series. */
export async function measure(
  sql: postgres.Sql,
  device: string,
  metric: string,
  points: readonly Point[],
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    select point.timestamp, ${device}, ${metric}, point.value::double precision, ${JSON.stringify(labels)}::text::jsonb
      from unnest(${points.map(([second]) => at(second))}::timestamptz[], ${points.map(([, value]) => String(value))}::text[])
           as point (timestamp, value)`
}

/** What get_job_energy answers over HTTP. */
export async function jobEnergy(api: TestApi, job: number, metrics?: string): Promise<Energy[]> {
  const parameters = new URLSearchParams({
    job_id: String(job),
    ...(metrics === undefined ? {} : { metrics }),
  })
  const { json, text } = await request(api, `/rpc/get_job_energy?${parameters}`)
  if (!Array.isArray(json)) throw new Error(text)
  return json as Energy[]
}
