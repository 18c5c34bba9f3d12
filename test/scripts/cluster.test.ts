import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { Cluster } from '../../scripts/stack/cluster.ts'
import { commandLine, isRunning } from '../../scripts/stack/process_identity.ts'
import { until } from '../../scripts/stack/until.ts'
import { privateCluster } from '../harness/cluster.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { startProcess } from '../harness/processes.ts'
import { databaseUrl, withConnection } from '../harness/server.ts'

test('a cluster answers over TCP to its password and to no other', async t => {
  const cluster = await privateCluster(t)
  t.deepEqual(await ask(cluster), [{ answer: 42 }])
  const stranger = { ...cluster.address, password: 'guessed' }
  const error = await t.throwsAsync(withConnection(databaseUrl(stranger, 'postgres'), sql => sql`select 1`))
  t.regex(String(error?.message), /password authentication failed/)
})

test('the password is in a file that only the server and root can read, and not in the process list', async t => {
  const cluster = await privateCluster(t)
  t.is(statSync(cluster.folder).mode & 0o777, 0o700)
  t.is(statSync(join(cluster.folder, 'password')).mode & 0o777, 0o600)
  const command = commandLine(cluster.server?.identity.pid ?? 0).join(' ')
  t.true(command.includes(cluster.dataFolder))
  t.false(command.includes(cluster.address.password))
})

test('the server does not run as root', async t => {
  const cluster = await privateCluster(t)
  const { uid } = statSync(`/proc/${cluster.server?.identity.pid}`)
  t.not(uid, 0)
})

test('a cluster comes back with its data after SIGKILL', async t => {
  const cluster = await privateCluster(t, { durability: 'kept' })
  await withConnection(databaseUrl(cluster.address, 'postgres'), async sql => {
    await sql`create table kept as select 7 as value`
  })
  await cluster.kill()
  await cluster.start()
  const rows = await withConnection(
    databaseUrl(cluster.address, 'postgres'),
    sql => sql`select value from kept`,
  )
  t.deepEqual([...rows], [{ value: 7 }])
})

test('a start ends the server that an earlier run left on the same data', async t => {
  const earlier = await privateCluster(t)
  const left = earlier.server?.identity
  const cluster = new Cluster({ folder: earlier.folder, durability: 'throw-away' })
  t.teardown(() => cluster.stop())
  await cluster.start()
  t.false(left && isRunning(left))
  t.deepEqual(await ask(cluster), [{ answer: 42 }])
})

test('a stranger with the process id of a dead server is left alone', async t => {
  const cluster = await privateCluster(t)
  await cluster.stop()
  const stranger = await startProcess(t, 'sleep', ['600'])
  writeFileSync(
    join(cluster.dataFolder, 'postmaster.pid'),
    `${stranger.identity.pid}\n${cluster.dataFolder}\n`,
  )
  await cluster.start()
  t.true(isRunning(stranger.identity))
  t.deepEqual(await ask(cluster), [{ answer: 42 }])
})

test('an initialisation that was interrupted is begun again', async t => {
  const folder = join(temporaryFolder(t, 0o711), 'cluster')
  const cluster = new Cluster({ folder, durability: 'throw-away' })
  t.teardown(() => cluster.stop())
  await cluster.start()
  await cluster.stop()
  rmSync(join(folder, 'data'), { recursive: true })
  writeFileSync(join(folder, 'data.partial'), 'half of it')
  await cluster.start()
  t.deepEqual(await ask(cluster), [{ answer: 42 }])
  t.false(readdirSync(folder).includes('data.partial'))
})

test('a folder whose path is too long for a socket gets its socket elsewhere', async t => {
  const folder = join(temporaryFolder(t, 0o711), 'd'.repeat(120))
  const cluster = new Cluster({ folder, durability: 'throw-away' })
  t.teardown(() => cluster.stop())
  await cluster.start()
  const { socketFolder } = cluster
  t.not(socketFolder, folder)
  t.is(statSync(socketFolder).mode & 0o777, 0o700)
  await cluster.stop()
  t.throws(() => statSync(socketFolder), { code: 'ENOENT' })
})

test('a server that cannot start says why with the end of its log', async t => {
  const folder = join(temporaryFolder(t, 0o711), 'cluster')
  const cluster = new Cluster({ folder, durability: 'throw-away', settings: { shared_buffers: 'plenty' } })
  await t.throwsAsync(cluster.start(), { name: 'ClusterFailed', message: /shared_buffers.*plenty/ })
})

test('the server ends when the process that started it is killed', async t => {
  const folder = join(temporaryFolder(t, 0o711), 'cluster')
  const module = join(import.meta.dirname, '..', '..', 'scripts', 'stack', 'cluster.ts')
  const program = `
    import { Cluster } from ${JSON.stringify(module)}
    const cluster = new Cluster({ folder: ${JSON.stringify(folder)}, durability: 'throw-away' })
    await cluster.start()
    console.log('server ' + JSON.stringify(cluster.server.identity))`
  const parent = await startProcess(t, process.execPath, ['--input-type=module', '--eval', program])
  await parent.untilPrinted(/server \{.*\}/)
  const server = JSON.parse(/server (\{.*\})/.exec(parent.output())?.[1] ?? '')
  t.true(isRunning(server))
  parent.signal('SIGKILL')
  await until('the end of the server', () => !isRunning(server))
  t.false(isRunning(server))
})

async function ask(cluster: Cluster): Promise<unknown[]> {
  return withConnection(databaseUrl(cluster.address, 'postgres'), async sql => [
    ...(await sql`select 42 as answer`),
  ])
}
