import type postgres from 'postgres'
import { reasonOf } from '../../sidecar/database.ts'
import type { Source } from './import_source.ts'

/**
 * Copies promoted_metrics, but for what jobs have promoted: update_promoted_metrics finds those again, and would never
 * take back what came by hand.
 *
 * @returns what was done, in a sentence
 */
export async function importPromotions(source: Source, target: postgres.Sql): Promise<string> {
  try {
    const promotions = await readPromotions(source)
    const [row] = await target<[{ added: string }]>`
      select kwollect.import_promotions(
               ${promotions.map(({ device_id }) => device_id)}::text[]
             , ${promotions.map(({ metric_id }) => metric_id)}::text[]
             ) as added`
    return `promoted_metrics: ${row.added} rows were new, of ${promotions.length} that no job has made.`
  } catch (error) {
    return `promoted_metrics was not copied (${reasonOf(error)}); insert what you need by hand.`
  }
}

interface Promotion {
  readonly device_id: string
  readonly metric_id: string | null
}

async function readPromotions({ connection: { sql } }: Source): Promise<readonly Promotion[]> {
  const [there] = await sql<[{ has_jobs: boolean }]>`
    select to_regclass('public.promoted_metrics_per_job') is not null as has_jobs`
  if (!there.has_jobs)
    return sql<Promotion[]>`select distinct device_id, metric_id from public.promoted_metrics`
  return sql<Promotion[]>`
    select device_id, metric_id from public.promoted_metrics
    except
    select node, metric_id from public.promoted_metrics_per_job`
}
