import type postgres from 'postgres'
import { reasonOf } from '../../sidecar/database.ts'
import type { Source } from './import_source.ts'

interface JobRelation {
  readonly name: string
  readonly isView: boolean
  /** As PostgreSQL prints it, every name with its schema. */
  readonly definition: string | null
}

/**
 * Takes the definition of nodetime_per_job over, where it stands on nothing that is only there; a view of the
 * administrator, or of OAR, that is here already stays.
 *
 * @returns what was done, or is to be done by hand, in sentences
 */
export async function importJobView(source: Source, target: postgres.Sql): Promise<string> {
  const [here] = await target<[{ origin: string }]>`select kwollect.job_source('nodetime_per_job') as origin`
  if (here.origin !== 'none') return 'nodetime_per_job stays as it is here.'
  let relation: JobRelation | undefined
  try {
    relation = await readRelation(source)
    if (relation === undefined || (await isEmpty(source, relation)))
      return 'nodetime_per_job stays empty, as it is in the source.'
    if (!relation.isView) throw new Error(`${relation.name} is a table there`)
    await define(target, relation.definition ?? '')
    return 'nodetime_per_job is defined as in the source.'
  } catch (error) {
    return `nodetime_per_job could not be taken over (${reasonOf(error)}): where its jobs are OAR's, run kwollect-setup-db-oar; else redefine the view (docs/schedulers.md).${definitionOf(relation)}`
  }
}

function definitionOf(relation: JobRelation | undefined): string {
  if (relation?.definition == null) return ''
  return ` Its definition in the source:\n${relation.definition}`
}

/** The second name is older: a kwollect 1.x has one or both. */
async function readRelation({ connection: { sql } }: Source): Promise<JobRelation | undefined> {
  return sql.begin(async reading => {
    // Names are printed without their schema where the search path has it.
    await reading`select set_config('search_path', 'pg_catalog', true)`
    const [row] = await reading<JobRelation[]>`
      select class.oid::regclass::text as name
           , class.relkind = 'v' as "isView"
           , case when class.relkind = 'v' then pg_get_viewdef(class.oid) end as definition
        from pg_class as class
       where class.oid = coalesce(to_regclass('public.nodetime_per_job'), to_regclass('public.nodetime_by_job'))`
    return row
  })
}

async function isEmpty({ connection: { sql } }: Source, { name }: JobRelation): Promise<boolean> {
  const rows = await sql`select from ${sql(name)} limit 1`
  return rows.length === 0
}

/** With the rights of the owner alone, and read once: what it stands on may be here under the same name, or not. */
async function define(target: postgres.Sql, definition: string): Promise<void> {
  await target.begin(async writing => {
    await writing`set local role kwollect_owner`
    await writing.unsafe(`create or replace view public.nodetime_per_job as ${definition}`)
    await writing`select from public.nodetime_per_job limit 1`
  })
}
