import postgres from 'postgres'
import type { ServerAddress } from './cluster.ts'

/**
 * Gives the nodes a job that runs as long as `npm start` does, so that a job can be asked for at once. The one of the
 * run before has ended with its last value. Where the administrator of this stack has put jobs of their own into
 * nodetime_per_job, nothing is done.
 *
 * @returns the number of the job; undefined where there is none
 */
export async function startDemoJob(
  address: ServerAddress,
  database: string,
  nodes: readonly string[],
): Promise<number | undefined> {
  const { host, port, user, password } = address
  const sql = postgres({ host, port, user, password, database, max: 1, onnotice: () => undefined })
  try {
    return await sql.begin(async transaction => {
      const isOurs = await serveDemoJobs(transaction)
      return isOurs ? beginJob(transaction, nodes) : undefined
    })
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** @returns false where the view has another origin */
async function serveDemoJobs(sql: postgres.TransactionSql): Promise<boolean> {
  const [found] = await sql<{ source: string; isOurs: boolean }[]>`
    select kwollect.job_source('nodetime_per_job') as source
         , pg_get_viewdef('public.nodetime_per_job'::regclass) like '%demo_jobs%' as "isOurs"`
  if (found?.isOurs) return true
  if (found?.source !== 'none') return false
  await sql`
    create table public.demo_jobs (job_id integer, start_time timestamptz, stop_time timestamptz, node text)`
  await sql`comment on table public.demo_jobs is 'Jobs that npm start made up, one each time.'`
  // The view reads with the rights of its owner.
  await sql`grant select on public.demo_jobs to kwollect_owner`
  await sql`
    create or replace view public.nodetime_per_job as
    select job_id, start_time, stop_time, node from public.demo_jobs`
  return true
}

async function beginJob(sql: postgres.TransactionSql, nodes: readonly string[]): Promise<number> {
  await sql`
    update public.demo_jobs as job
       set stop_time = greatest(job.start_time, (select max(metrics.timestamp) from public.metrics where metrics.device_id = job.node))
     where job.stop_time is null`
  const [begun] = await sql<{ id: number }[]>`
    insert into public.demo_jobs (job_id, start_time, node)
    select (select coalesce(max(job_id), 0) + 1 from public.demo_jobs), now(), node from unnest(${[...nodes]}::text[]) as node
    returning job_id as id`
  return begun?.id ?? 0
}
