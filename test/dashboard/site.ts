import type postgres from 'postgres'
import { testDatabase } from '../harness/database.ts'
import { startPostgrest, type TestApi } from '../harness/postgrest.ts'
import type { Scope } from '../harness/scope.ts'
import { session } from '../sql/session.ts'

/** A database with known values behind a PostgREST. */
export interface Site {
  readonly api: TestApi
  readonly admin: postgres.Sql
  /** Address of the page, with a view behind "#" where given. */
  page(view?: Readonly<Record<string, string>>): string
}

/** When the values of {@link makeSite} begin; they end ten minutes later. */
export const begin = '2026-01-10T12:00:00Z'
export const end = '2026-01-10T12:10:00Z'
/** The whole of them. */
export const wholeTime = { start_time: begin, end_time: end }

/**
 * Three nodes whose values are known: node-1 has 100 W, node-2 200 W but nothing from the 5th to the 8th minute, node-10
 * 1000 W, each second; temperatures each 10 s; a counter of 1000 bytes a second. Job 7 had node-1 and node-2 for
 * these ten minutes, job 9 a node of which nothing is known.
 */
export async function makeSite(scope: Scope): Promise<Site> {
  const database = await testDatabase(scope)
  const admin = session(scope, database.admin)
  await admin`
    insert into metrics (timestamp, device_id, metric_id, value)
    select ${begin}::timestamptz + make_interval(secs => second), 'node-' || number, 'power_watt', watt
      from (values (1, 100), (2, 200), (10, 1000)) as node (number, watt)
     cross join generate_series(0, 600) as second
     where not (number = 2 and second > 300 and second < 480)
     union all
    select ${begin}::timestamptz + make_interval(secs => second), 'node-' || number, 'cpu_temp_celsius', 40 + number + second / 600.0
      from unnest(array[1, 2, 10]) as number
     cross join generate_series(0, 600, 10) as second
     union all
    select ${begin}::timestamptz + make_interval(secs => second), 'node-1', 'network_bytes_total', 1000 * second
      from generate_series(0, 600, 10) as second`
  await admin`create table site_jobs (job_id integer, start_time timestamptz, stop_time timestamptz, node text)`
  await admin`
    insert into site_jobs
    values (7, ${begin}, ${end}, 'node-1'), (7, ${begin}, ${end}, 'node-2'), (9, ${begin}, ${end}, 'node-99')`
  await admin`grant select on site_jobs to kwollect_owner`
  await admin`
    create or replace view nodetime_per_job as select job_id, start_time, stop_time, node from site_jobs`
  const api = await startPostgrest(scope, database)
  return { api, admin, page: view => pageOf(api.url, view) }
}

/** The address of the page behind a PostgREST, or behind a proxy of it. */
export function pageOf(url: string, view: Readonly<Record<string, string>> = {}): string {
  return `${url}/rpc/dashboard#${new URLSearchParams(view)}`
}
