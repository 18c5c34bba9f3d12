import type postgres from 'postgres'
import { sentence, table } from './markdown.ts'

/** A view or table as the catalog describes it. */
interface Relation {
  readonly schema: string
  readonly name: string
  readonly comment: string
  readonly columns: readonly Column[]
  /** Privileges of the group roles: kwollect_reader, kwollect_writer. */
  readonly reader: readonly string[]
  readonly writer: readonly string[]
}

interface Column {
  readonly name: string
  readonly type: string
  /** Null where only the view that it comes from has one. */
  readonly comment: string | null
}

interface Routine {
  readonly name: string
  readonly comment: string
  readonly arguments: readonly Omit<Column, 'comment'>[]
  readonly result: string
  readonly readerMayCall: boolean
}

/** The page of views and tables for SQL. @param sql a connection to an installed database, as its administrator */
export async function sqlPage(sql: postgres.Sql): Promise<string> {
  const views = await relations(sql, 'public', null)
  const tables = await relations(sql, 'kwollect', ['dead_letters'])
  const describe = columnTexts(views)
  return `# Views for SQL

\`kwuser_ro\` and every member of \`kwollect_reader\` read them, \`kwuser\` and every member of \`kwollect_writer\` also write
where it says so. All are on the default search_path.

${table(
  ['view', 'what'],
  views.map(view => [`[${view.name}](#${view.name})`, firstLine(view.comment)]),
)}

${views.map(view => relationSection(view, describe)).join('\n\n')}

# Tables for the administrator

${tables.map(relation => relationSection(relation, describe)).join('\n\n')}
`
}

/** The page of what PostgREST serves. @param sql a connection to an installed database, as its administrator */
export async function httpPage(sql: postgres.Sql): Promise<string> {
  const functions = await routines(sql)
  const views = await relations(sql, 'api', null)
  return `# HTTP API

What PostgREST serves from the schema \`api\`; the root of the API gives the same as OpenAPI. [How to use it](../http.md).

${functions.map(functionSection).join('\n\n')}

${views
  .map(
    view =>
      `## GET /${view.name}\n\n${view.comment}\n\nColumns: those of [${view.name}](sql.md#${view.name}), ${view.columns.map(({ name }) => `\`${name}\``).join(', ')}.`,
  )
  .join('\n\n')}
`
}

function relationSection(relation: Relation, describe: (view: string, column: Column) => string): string {
  const name = relation.schema === 'public' ? relation.name : `${relation.schema}.${relation.name}`
  return `## ${name}\n\n${relation.comment}\n\n${rights(relation)}\n\n${columns(relation, describe)}`
}

/** A table's own comment explains its columns: migrations, which make tables, are not repeated for a comment. */
function columns(relation: Relation, describe: (view: string, column: Column) => string): string {
  const texts = relation.columns.map(column => describe(relation.name, column))
  if (relation.schema === 'kwollect')
    return `Columns: ${relation.columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ')}.`
  return table(
    ['column', 'type', 'what'],
    relation.columns.map(({ name, type }, index) => [`\`${name}\``, type, texts[index] ?? '']),
  )
}

function rights({ reader, writer }: Relation): string {
  const more = writer.filter(privilege => !reader.includes(privilege))
  if (reader.length === 0 && more.length === 0) return 'For the administrator alone.'
  return `Readers: ${reader.join(', ')}.${more.length === 0 ? '' : ` Writers also: ${more.join(', ')}.`}`
}

function functionSection(routine: Routine): string {
  const isPost = !routine.readerMayCall || routine.arguments.some(({ name }) => name === '')
  const given = routine.arguments.filter(({ name }) => name !== '')
  const list = given.map(({ name, type }) => `\`${name}\` ${type}`).join(', ')
  return [
    `## ${isPost ? 'POST' : 'GET'} /rpc/${routine.name}`,
    routine.comment,
    ...(list === '' ? [] : [`Arguments: ${list}.`]),
    `Returns: ${routine.result.replace(/^(SETOF|TABLE)\b/, word => word.toLowerCase())}.`,
    routine.readerMayCall ? 'Anybody may call it.' : 'Needs the API token.',
  ].join('\n\n')
}

/**
 * What a column means: its own comment, else that of the view which its own one selects from. Said once in SQL,
 * because seven views pass on the columns of metrics.
 */
function columnTexts(views: readonly Relation[]): (view: string, column: Column) => string {
  const known = (view: string, name: string) =>
    views.find(relation => relation.name === view)?.columns.find(column => column.name === name)?.comment
  return (view, { name, comment }) => {
    const origins = view.startsWith('metrics')
      ? ['metrics', 'nodetime_by_job']
      : ['nodetime_by_job', 'promoted_metrics', 'kwollectors']
    const text = comment ?? origins.map(origin => known(origin, name)).find(found => found != null)
    return text == null ? '' : sentence(text)
  }
}

function firstLine(comment: string): string {
  return comment.split('\n')[0] ?? ''
}

/** @param names these alone; null for all views of the schema that are not TimescaleDB's */
function relations(sql: postgres.Sql, schema: string, names: readonly string[] | null): Promise<Relation[]> {
  return sql<Relation[]>`
    select ${schema} as schema
         , class.relname as name
         , coalesce(obj_description(class.oid, 'pg_class'), '') as comment
         , (
             select json_agg(json_build_object(
                      'name', attribute.attname
                    , 'type', format_type(attribute.atttypid, attribute.atttypmod)
                    , 'comment', col_description(class.oid, attribute.attnum)
                    ) order by attribute.attnum)
               from pg_attribute as attribute
              where attribute.attrelid = class.oid
                and attribute.attnum > 0
                and not attribute.attisdropped
           ) as columns
         , array(select privilege from unnest(array['select', 'insert', 'update', 'delete']) as privilege
                  where has_table_privilege('kwollect_reader', class.oid, privilege)) as reader
         , array(select privilege from unnest(array['select', 'insert', 'update', 'delete']) as privilege
                  where has_table_privilege('kwollect_writer', class.oid, privilege)) as writer
      from pg_class as class
     where class.relnamespace = to_regnamespace(${schema})
       and case when ${names}::text[] is null then class.relkind = 'v' else class.relname = any (${names}) end
       and not exists (select from pg_depend where objid = class.oid and deptype = 'e')
     order by class.relname`
}

function routines(sql: postgres.Sql): Promise<Routine[]> {
  return sql<Routine[]>`
    select proc.proname as name
         , coalesce(obj_description(proc.oid, 'pg_proc'), '') as comment
         , coalesce((
             select json_agg(json_build_object(
                      'name', coalesce(proc.proargnames[position], '')
                    , 'type', format_type(type, null)
                    ) order by position)
               from unnest(proc.proargtypes::oid[]) with ordinality as argument (type, position)
           ), '[]') as arguments
         , pg_get_function_result(proc.oid) as result
         , has_function_privilege('kwollect_reader', proc.oid, 'execute') as "readerMayCall"
      from pg_proc as proc
     where proc.pronamespace = 'api'::regnamespace
       and proc.prorettype <> 'trigger'::regtype
       -- handlers of media types are no end points
       and not exists (select from pg_aggregate where aggfnoid = proc.oid)
     order by proc.proname`
}
