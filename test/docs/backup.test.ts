import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { ServerAddress } from '../../scripts/stack/cluster.ts'
import { findServerPrograms } from '../../scripts/stack/programs.ts'
import { writePrivateFile } from '../../scripts/stack/secret_file.ts'
import { privateCluster } from '../harness/cluster.ts'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { repository, run } from '../harness/processes.ts'
import { databaseUrl, missingCommunityEdition, withConnection } from '../harness/server.ts'
import { blocksOf } from './markdown.ts'

test('a backup made and restored as docs/administration.md says gives a new server the same answers', async t => {
  const database = await testDatabase(t)
  await fill(database.admin)
  const before = await answers(database, database.server)
  t.true(before.every(rows => rows.length > 0))
  const [backUp, restore] = blocksOf(['docs/administration.md'], 'sh').map(({ text }) => text)
  const folder = temporaryFolder(t)
  await shell(t, folder, database.server, database.name, backUp ?? '')

  const { address } = await privateCluster(t)
  writePrivateFile(join(folder, 'setup.yaml'), JSON.stringify(setupOptions(database, address, folder)))
  const [roles = '', ...rest] = (restore ?? '').split(/(?<=\n)/)
  await shell(t, folder, address, database.name, roles)
  // The roles have the passwords of the old server, its administrator too.
  const restored = { ...address, password: database.server.password }
  await shell(t, folder, restored, database.name, rest.join(''))

  t.deepEqual(await answers(database, restored), before)
  const token = (place: string) => readFileSync(join(place, 'token'), 'utf8')
  t.is(token(folder), token(database.apiFolder))
  await withConnection(databaseUrl({ ...restored, ...login(database) }, database.name), async sql => {
    await sql`insert into metrics (device_id, metric_id, value) values ('node-3', 'm', 1)`
    t.is((await sql`select from metrics where device_id = 'node-3'`).length, 1)
  })
})

/** Two chunks, the older one compressed where the edition can; a sum, labels, a job's promotion. */
async function fill(admin: string): Promise<void> {
  await withConnection(admin, async sql => {
    await sql`
      insert into metrics (timestamp, device_id, metric_id, value, labels)
      select moment, device, 'bmc_power_watt', 180 + extract(minute from moment)
           , jsonb_build_object('_device_alias', 'rack', 'port', device)
        from unnest(array['node-1', 'node-2']) as device
       cross join generate_series(now() - interval '3 days', now() - interval '2 days', interval '5 minutes') as moment`
    await sql`insert into metrics (device_id, metric_id) values ('node-1', 'young')`
    await sql`insert into promoted_metrics values ('node-1', 'bmc_.*')`
    if (missingCommunityEdition() !== undefined) return
    await sql`call kwollect.refresh_summary()`
    await sql`call kwollect.compress_old_chunks()`
  })
}

/** What the reading role sees. */
function answers(database: TestDatabase, server: ServerAddress): Promise<readonly (readonly object[])[]> {
  const reader = { ...server, user: database.userRo, password: database.passwordRo }
  return withConnection(databaseUrl(reader, database.name), async sql => [
    await sql`select * from metrics order by timestamp, device_id`,
    await sql`select * from metrics_by_device where device_id = 'rack' order by timestamp, metric_id, labels`,
    await sql`select * from metrics_summary order by timestamp, device_id, metric_id`,
    await sql`select * from promoted_metrics`,
    await sql`select * from api.get_metrics(devices => 'node-1', start_time => '2020-01-01', end_time => '2100-01-01')`,
    await sql`show statement_timeout`,
  ])
}

/** Runs a block of the page as PostgreSQL's superuser, in a folder, up to the first command that fails. */
async function shell(
  t: ExecutionContext,
  folder: string,
  server: ServerAddress,
  name: string,
  block: string,
): Promise<void> {
  const commands = block
    .replaceAll('kwdb', name)
    .replace(
      'kwollect-setup-db /etc/kwollect',
      `'${process.execPath}' ${repository}/bin/kwollect-setup-db.ts .`,
    )
  const { status, stderr } = await run('bash', ['-e', '-c', commands], {
    folder,
    environment: {
      // The loader of the migrations keeps what it has read there.
      TMPDIR: folder,
      PATH: `${findServerPrograms().binFolder}:${process.env.PATH}`,
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: server.user,
      PGPASSWORD: server.password,
    },
  })
  t.is(status, 0, stderr)
}

function setupOptions(database: TestDatabase, server: ServerAddress, folder: string): object {
  return {
    db_host: server.host,
    db_port: server.port,
    db_admin: server.user,
    db_admin_password: database.server.password,
    kwollect_db_name: database.name,
    kwollect_user: database.user,
    kwollect_password: database.password,
    output_dir: folder,
  }
}

function login({ user, password }: TestDatabase): { readonly user: string; readonly password: string } {
  return { user, password }
}
