import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientBase } from 'pg'

/** One file of sql/: what it makes is in its name, `<schema>/<object>.<kind>.sql`. */
export interface SqlFile {
  readonly path: string
  readonly schema: string
  readonly object: string
  readonly kind: string
  readonly text: string
  readonly sha256: string
  /** The edition of TimescaleDB that the file is for; all where absent. */
  readonly edition: Edition | undefined
  /** The object belongs to the administrator, or cannot be replaced, once it exists. */
  readonly whereAbsent: boolean
  /** The object stands on the tables of a connected OAR database. */
  readonly needsOar: boolean
}

/** As the server's setting `timescaledb.license` has it; 'timescale' is the community edition. */
export type Edition = 'apache' | 'timescale'

/**
 * The first line of a file that is not applied always: `-- apply: on the Apache edition, where absent`, or
 * `-- apply: where OAR is connected`.
 */
const directive =
  /^-- apply:(?: on the (Apache|community) edition)?,?( where absent)?( where OAR is connected)?\n/

/** A statement of a file failed: names the file and line, for the developer who wrote it. */
class SqlFileFailed extends Error {
  override name = 'SqlFileFailed'
}

/** Reads the files that sql/apply-order names, in its order. */
export function readSqlFiles(folder: string): readonly SqlFile[] {
  return readFileSync(join(folder, 'apply-order'), 'utf8')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(path => readSqlFile(folder, path))
}

function readSqlFile(folder: string, path: string): SqlFile {
  const parts = /^([^/]+)\/([^/.]+)\.([a-z_]+)\.sql$/.exec(path)
  if (parts === null) throw new SqlFileFailed(`sql/apply-order: ${path} is not <schema>/<object>.<kind>.sql`)
  const [, schema = '', object = '', kind = ''] = parts
  const text = readFileSync(join(folder, path), 'utf8')
  const sha256 = createHash('sha256').update(text).digest('hex')
  const [, forEdition, absent, oar] = directive.exec(text) ?? []
  const edition = forEdition === undefined ? undefined : forEdition === 'Apache' ? 'apache' : 'timescale'
  return {
    path,
    schema,
    object,
    kind,
    text,
    sha256,
    edition,
    whereAbsent: absent !== undefined,
    needsOar: oar !== undefined,
  }
}

/**
 * Re-applies all files if one differs from what was applied last, and drops the objects whose file is gone.
 * All, because a view that is replaced takes nothing of its grants and options with it, and because 150 files
 * take 0.3 s; applying only what changed would need the dependencies of everything.
 *
 * @returns how many files were applied: all or none
 */
export async function applySqlFiles(
  client: ClientBase,
  allFiles: readonly SqlFile[],
  edition: Edition,
): Promise<number> {
  const hasOar = await isOarConnected(client)
  const files = allFiles.filter(
    file => (file.edition === undefined || file.edition === edition) && (hasOar || !file.needsOar),
  )
  const { rows: applied } = await client.query<{ path: string; sha256: string }>(
    'select path, sha256 from kwollect.applied_files',
  )
  const known = new Map(applied.map(row => [row.path, row.sha256]))
  const gone = applied.filter(row => !files.some(file => file.path === row.path))
  const complete = (await missingObjects(client, files)).length === 0
  if (gone.length === 0 && complete && files.every(file => known.get(file.path) === file.sha256)) return 0

  // A function may use a view that stands further down.
  await client.query('set local check_function_bodies = off')
  for (const { path } of gone) await dropObject(client, path)
  const missing = await missingObjects(client, files)
  for (const file of files) {
    if (!file.whereAbsent || missing.includes(file)) await applyFile(client, file)
    await client.query(
      `insert into kwollect.applied_files (path, sha256) values ($1, $2)
       on conflict (path) do update set sha256 = excluded.sha256`,
      [file.path, file.sha256],
    )
  }
  return files.length
}

/** Whether kwollect-setup-db-oar has made its server (sql/oar/connect.procedure.sql). */
async function isOarConnected(client: ClientBase): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_catalog.pg_foreign_server where srvname = 'OAR database'`,
  )
  return rowCount !== 0
}

/** Files whose object somebody dropped; a trigger's file is named after its table or view. */
async function missingObjects(client: ClientBase, files: readonly SqlFile[]): Promise<readonly SqlFile[]> {
  const { rows } = await client.query<{ path: string }>(
    `select file.path
       from unnest($1::text[], $2::text[], $3::text[]) as file (path, schema, object)
      where not exists (
              select from pg_class
               where relnamespace = to_regnamespace(quote_ident(file.schema)) and relname = file.object
            )
        and not exists (
              select from pg_proc
               where pronamespace = to_regnamespace(quote_ident(file.schema)) and proname = file.object
            )`,
    [files.map(file => file.path), files.map(file => file.schema), files.map(file => file.object)],
  )
  return files.filter(file => rows.some(row => row.path === file.path))
}

async function applyFile(client: ClientBase, file: SqlFile): Promise<void> {
  try {
    await client.query(file.text)
  } catch (error) {
    const { message, position } = error as Error & { position?: string }
    const line = position === undefined ? '' : `:${file.text.slice(0, Number(position)).split('\n').length}`
    throw new SqlFileFailed(`sql/${file.path}${line}: ${message}`, { cause: error })
  }
}

async function dropObject(client: ClientBase, path: string): Promise<void> {
  const parts = /^([^/]+)\/([^/.]+)\.([a-z_]+)\.sql$/.exec(path)
  const [, schema = '', object = ''] = parts ?? []
  await client.query('call kwollect.drop_object($1, $2)', [schema, object])
  await client.query('delete from kwollect.applied_files where path = $1', [path])
}
