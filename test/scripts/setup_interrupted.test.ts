import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Cluster } from '../../scripts/stack/cluster.ts'
import { writePrivateFile } from '../../scripts/stack/secret_file.ts'
import { until } from '../../scripts/stack/until.ts'
import { privateCluster } from '../harness/cluster.ts'
import { type EmptyInstallation, emptyInstallation, runSetup } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { type BackgroundProcess, repository, startProcess } from '../harness/processes.ts'
import { databaseUrl, withConnection } from '../harness/server.ts'
import { session } from '../sql/session.ts'
import { found, snapshot } from './setup_state.ts'

interface HeldUp {
  readonly setup: BackgroundProcess
  /** Lets the set-up, or what is left of it in the server, go on. */
  release(): Promise<void>
}

/**
 * Starts a set-up that is stopped in the middle of its transaction, with most of its work done: it has to make
 * roles, and another session holds the table of roles.
 */
async function heldUp(
  t: ExecutionContext,
  cluster: Cluster,
  installation: EmptyInstallation,
): Promise<HeldUp> {
  const url = databaseUrl(cluster.address, 'postgres')
  const holder = session(t, url)
  await holder`begin`
  await holder`lock table pg_catalog.pg_auth_members in exclusive mode`
  const setup = await startSetup(t, installation)
  await untilWaiting(url, installation.database.name)
  return {
    setup,
    release: async () => {
      await holder`rollback`
    },
  }
}

async function startSetup(t: ExecutionContext, installation: EmptyInstallation): Promise<BackgroundProcess> {
  const options = join(temporaryFolder(t), 'setup.yaml')
  writePrivateFile(options, JSON.stringify(installation.options))
  const script = join(repository, 'scripts/kwollect-setup-db.ts')
  return startProcess(t, process.execPath, [script, options, '--output_dir', installation.database.apiFolder])
}

async function untilWaiting(url: string, database: string): Promise<void> {
  await until(
    'a set-up that waits for a lock',
    () =>
      withConnection(url, async sql => {
        const waiting = await sql`
          select from pg_stat_activity
           where datname = ${database} and application_name = 'kwollect-setup-db' and wait_event_type = 'Lock'`
        return waiting.length > 0
      }),
    30_000,
  )
}

/** A server ends a session a moment after its client. */
async function untilGone(url: string): Promise<void> {
  await until('the end of the session of the set-up', () =>
    withConnection(url, async sql => {
      const left = await sql`select from pg_stat_activity where application_name = 'kwollect-setup-db'`
      return left.length === 0
    }),
  )
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} in the middle leaves neither database nor roles, while the lock is still held`, async t => {
    const cluster = await privateCluster(t)
    const installation = emptyInstallation(t, cluster.address)
    const { setup, release } = await heldUp(t, cluster, installation)
    t.deepEqual(await found(installation), [installation.database.name])
    setup.signal(signal)
    t.is(await setup.ended, 'exit status 1')
    t.is(setup.output(), `kwollect-setup-db: stopped by ${signal}: the database is as it was before.\n`)
    t.deepEqual(await found(installation), [])
    await release()
  })
}

test('SIGTERM in the middle of an update leaves the installation as it was, with no session of the set-up', async t => {
  const cluster = await privateCluster(t)
  const installation = emptyInstallation(t, cluster.address)
  await runSetup(t, installation)
  await withConnection(
    installation.database.admin,
    sql => sql`update kwollect.applied_files set sha256 = 'of old'`,
  )
  const before = await snapshot(installation)
  const holder = session(t, installation.database.admin)
  await holder`begin`
  await holder`lock table public.metrics in access share mode`
  const setup = await startSetup(t, installation)
  await untilWaiting(installation.database.admin, installation.database.name)
  setup.signal('SIGTERM')
  t.is(await setup.ended, 'exit status 1')
  // While the lock that it waited for is still held.
  await untilGone(installation.database.admin)
  await holder`rollback`
  t.is(await snapshot(installation), before)
})

test('SIGTERM while another set-up has the turn ends the wait at once', async t => {
  const cluster = await privateCluster(t)
  const first = await heldUp(t, cluster, emptyInstallation(t, cluster.address))
  const second = emptyInstallation(t, cluster.address)
  const waiting = await startSetup(t, second)
  await untilWaiting(databaseUrl(cluster.address, 'postgres'), 'postgres')
  waiting.signal('SIGTERM')
  t.is(await waiting.ended, 'exit status 1')
  t.deepEqual(await found(second), [])
  await first.release()
  t.is(await first.setup.ended, 'exit status 0')
})

test('after SIGKILL in the middle, an empty database at most is left, and the next run completes it', async t => {
  const cluster = await privateCluster(t)
  const installation = emptyInstallation(t, cluster.address)
  const { setup, release } = await heldUp(t, cluster, installation)
  setup.signal('SIGKILL')
  t.is(await setup.ended, 'signal SIGKILL')
  await release()
  await untilGone(databaseUrl(cluster.address, 'postgres'))
  t.deepEqual(await found(installation), [installation.database.name])
  const schemas = await withConnection(
    installation.database.admin,
    sql => sql`select from pg_namespace where nspname in ('kwollect', 'api', '_timescaledb_catalog')`,
  )
  t.is(schemas.length, 0)
  const { status, stderr } = await runSetup(t, installation)
  t.is(status, 0, stderr)
  await withConnection(
    installation.database.writer,
    sql => sql`insert into metrics (device_id, metric_id) values ('a', 'b')`,
  )
})
