import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import ava, { type ExecutionContext } from 'ava'
import type { Cluster } from '../../scripts/stack/cluster.ts'
import { until } from '../../scripts/stack/until.ts'
import { privateCluster } from '../harness/cluster.ts'
import { installedDatabase, type TestDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { type BackgroundProcess, repository, startProcess } from '../harness/processes.ts'
import { testWhere, withConnection } from '../harness/server.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { addWitness, randomNumbers, spooledSamples, storedSamples } from './spool_witness.ts'

const agents = 20
const kills = 50
const serverKills = 10
const periodMs = 100

/** kwollector's configuration for 20 agents, polled at 100 ms, and where its spool is. */
async function configure(t: ExecutionContext, cluster: Cluster, database: TestDatabase) {
  const { hosts, port, community } = await startSnmpd(t, { addresses: agents })
  const folder = temporaryFolder(t)
  const metricsDir = join(temporaryFolder(t), '/')
  const descriptions = hosts.flatMap((host, agent) =>
    // sysUpTime grows, snmpInPkts grows, sysName is no number and brings labels that differ from sample to sample
    ['1.3.6.1.2.1.1.3.0', '1.3.6.1.2.1.11.1.0', '1.3.6.1.2.1.1.5.0'].map((oid, metric) => ({
      name: `metric_${metric}`,
      device_id: `device-${agent}`,
      url: `snmp://${community}@${host}:${port}/${oid}`,
      update_every: periodMs,
      labels: { agent },
    })),
  )
  writeFileSync(join(metricsDir, 'agents.yaml'), JSON.stringify(descriptions))
  const file = join(folder, 'kwollector.yaml')
  const options = {
    metrics_dir: metricsDir,
    db_host: cluster.address.host,
    db_port: cluster.address.port,
    db_name: database.name,
    db_user: database.user,
    db_password: database.password,
    spool_dir: folder,
    log_level: 'debug',
  }
  writeFileSync(file, JSON.stringify(options), { mode: 0o600 })
  return { file, spoolFile: join(folder, 'spool.sqlite') }
}

function startKwollector(t: ExecutionContext, file: string): Promise<BackgroundProcess> {
  const script = join(repository, 'sidecar', 'kwollector.ts')
  return startProcess(t, process.execPath, [script, file], { name: 'kwollector' })
}

const killTest = testWhere(ava.serial, snmpdMissing)

killTest('50 SIGKILLs of kwollector and 10 of PostgreSQL lose no value and store none twice', async t => {
  t.timeout(240_000)
  const seed = Number(process.env.KWOLLECT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32))
  t.log(`KWOLLECT_TEST_SEED=${seed}`)
  const random = randomNumbers(seed)
  const cluster = await privateCluster(t, { durability: 'kept' })
  const database = await installedDatabase(t, cluster.address)
  const { file, spoolFile } = await configure(t, cluster, database)

  const first = await startKwollector(t, file)
  await first.untilPrinted('stored batch')
  await first.stop()
  await withConnection(database.admin, sql => sql`delete from metrics`)
  addWitness(spoolFile)

  for (let kill = 0; kill < kills; kill += 1) {
    const kwollector = await startKwollector(t, file)
    await kwollector.untilPrinted('are collected')
    // The moments of death: while it polls, spools, stores, or connects again.
    await wait(random() * 900)
    if (kill % (kills / serverKills) === 0) {
      await cluster.kill()
      await wait(random() * 500)
      if (random() < 0.5) kwollector.signal('SIGKILL')
      await cluster.start()
      await wait(random() * 900)
    }
    kwollector.signal('SIGKILL')
    await kwollector.ended
  }

  const last = await startKwollector(t, file)
  await last.untilPrinted('stored batch')
  last.signal('SIGTERM')
  t.is(await last.ended, 'exit status 0')
  await until('an empty spool', async () => {
    const drain = await startKwollector(t, file)
    await drain.untilPrinted('stored batch')
    await drain.stop()
    const spool = new DatabaseSync(spoolFile)
    const { count } = spool.prepare('select count(*) as count from batches').get() as { count: number }
    spool.close()
    return count === 0
  })

  const [spooled, stored] = [spooledSamples(spoolFile), await storedSamples(database)]
  t.log(`${stored.length} values in the database`)
  t.true(spooled.length > 1_000, `${spooled.length} values are too few to show anything`)
  t.is(new Set(stored).size, stored.length, 'a value is stored twice')
  t.deepEqual(stored, spooled)
})
