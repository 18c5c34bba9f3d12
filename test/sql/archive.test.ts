import { chownSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type postgres from 'postgres'
import { unprivilegedUser } from '../../scripts/stack/unprivileged.ts'
import { privateCluster } from '../harness/cluster.ts'
import { emptyInstallation, runSetup } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import type { Scope } from '../harness/scope.ts'
import { session } from './session.ts'

/** A folder that the server's user can write to, as `install -d -o postgres` makes it. */
function archiveFolder(scope: Scope): string {
  const folder = temporaryFolder(scope, 0o711)
  const user = unprivilegedUser('postgres')
  if (user) chownSync(folder, user.uid, user.gid)
  return folder
}

interface Place {
  readonly name: string
  readonly kind: string
  readonly tablespace: string
  /** Another one after each copy. */
  readonly file: number
}

/** Where the chunks of the samples lie, their indexes and their compressed halves. */
async function places(sql: postgres.Sql): Promise<Place[]> {
  return sql<Place[]>`
    with recursive chunk as (
      select format('%I.%I', chunk_schema, chunk_name)::regclass as oid, range_end < now() - interval '24 hours' as is_old, true as is_whole
        from timescaledb_information.chunks
       where hypertable_name = 'samples'
      union
      select format('%I.%I', half.schema_name, half.table_name)::regclass, chunk.is_old, false
        from chunk
        join _timescaledb_catalog.chunk as whole
          on format('%I.%I', whole.schema_name, whole.table_name)::regclass = chunk.oid
        join _timescaledb_catalog.chunk as half
          on half.id = whole.compressed_chunk_id
    )
    select class.relname as name
         , case when chunk.is_old then 'old ' else 'young ' end || case class.relkind when 'i' then 'index' else 'table' end as kind
         , coalesce(space.spcname, '') as tablespace
         , pg_relation_filenode(class.oid)::int as file
      from chunk
      left join pg_index as index on index.indrelid = chunk.oid and chunk.is_whole
      join pg_class as class on class.oid in (chunk.oid, index.indexrelid)
      left join pg_tablespace as space on space.oid = class.reltablespace
     group by 1, 2, 3, 4
     order by 1`
}

const elsewhere = (found: readonly Place[], tablespace: string) =>
  found.filter(({ kind, tablespace: actual }) => (actual === tablespace) !== kind.startsWith('old'))

test('old chunks and their indexes move to archive_path, compressed ones too, and keep their values', async t => {
  const cluster = await privateCluster(t)
  const installation = emptyInstallation(t, cluster.address)
  const archive_path = archiveFolder(t)
  const { status, stderr } = await runSetup(t, installation, { archive_path })
  t.is(status, 0, stderr)
  const sql = session(t, installation.database.admin)
  await sql`select _timescaledb_functions.stop_background_workers()`
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value)
    select public.time_bucket('6 hours', now()) - days * interval '1 day' + number * interval '1 second', 'node-1', 'm', number
      from unnest(array[0, 3, 10]) as days cross join generate_series(0, 99) as number`
  await sql`call kwollect.compress_old_chunks()`
  t.true((await places(sql)).every(({ tablespace }) => tablespace === ''))
  await sql`call kwollect.archive_old_chunks()`
  const name = `${installation.database.name}_archive`
  const moved = await places(sql)
  t.deepEqual(elsewhere(moved, name), [])
  t.true(new Set(moved.map(({ kind }) => kind)).size === 4, JSON.stringify(moved))
  const [sum] = await sql`select count(*)::int as rows, sum(value)::int as sum from metrics`
  t.deepEqual(sum, { rows: 300, sum: 3 * 4950 })

  await sql`call kwollect.archive_old_chunks()`
  t.deepEqual(await places(sql), moved, 'what is in the archive is not copied again')

  await sql`
    insert into metrics (timestamp, device_id, metric_id, value) values (now() - interval '3 days', 'node-1', 'late', 1)`
  t.is((await sql`select from metrics where metric_id = 'late'`).length, 1)
  await sql`call kwollect.keep_setting('retention_day', '1')`
  await sql`call kwollect.drop_expired_chunks()`
  t.is((await places(sql)).filter(({ kind }) => kind.startsWith('old')).length, 0)
})

test('without archive_path nothing moves, and an archive that is no longer an option is left as it is', async t => {
  const cluster = await privateCluster(t)
  const installation = emptyInstallation(t, cluster.address)
  const archive_path = archiveFolder(t)
  t.is((await runSetup(t, installation, { archive_path })).status, 0)
  const again = await runSetup(t, installation)
  t.is(again.status, 0, again.stderr)
  const sql = session(t, installation.database.admin)
  await sql`insert into metrics (timestamp, device_id, metric_id) values (now() - interval '9 days', 'node-1', 'm')`
  await sql`call kwollect.archive_old_chunks()`
  t.true((await places(sql)).every(({ tablespace }) => tablespace === ''))
})

test('a folder that the server cannot use is said in one sentence, and nothing is created', async t => {
  const cluster = await privateCluster(t)
  const installation = emptyInstallation(t, cluster.address)
  const archive_path = join(archiveFolder(t), 'absent')
  const { status, stderr } = await runSetup(t, installation, { archive_path })
  t.is(status, 1)
  t.regex(stderr, /PostgreSQL cannot use archive_path .*absent: /)
  const sql = session(t, `${installation.database.admin.replace(/\/[^/]*$/, '/postgres')}`)
  t.is((await sql`select from pg_tablespace where spcname like '%_archive'`).length, 0)
})
