import test, { type ExecutionContext } from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { startMaintenance } from '../../sidecar/maintenance.ts'
import type { Clock } from '../../sidecar/schedule.ts'
import { testDatabase } from '../harness/database.ts'
import { missingCommunityEdition, testWhere, withConnection } from '../harness/server.ts'
import { keptLog } from './samples.ts'

const apacheTest = testWhere(
  test,
  missingCommunityEdition() === undefined ? 'the community edition has background jobs for it' : undefined,
)

/** One hour's run of the maintenance on a database with an old value and a young one. */
async function maintain(t: ExecutionContext, settings: Readonly<Record<string, string>>) {
  const database = await testDatabase(t)
  const { server, user, password, name } = database
  await withConnection(database.admin, async sql => {
    for (const [setting, value] of Object.entries(settings))
      await sql`call kwollect.keep_setting(${setting}, ${value})`
    await sql`insert into metrics (timestamp, device_id, metric_id, value)
              values (now() - interval '30 days', 'node-1', 'old', 1), (now() - interval '3 days', 'node-1', 'days', 1)
                   , (now(), 'node-1', 'young', 2)`
  })
  let hours = 0
  const clock: Clock = {
    now: () => Date.now(),
    after(_ms, callback) {
      hours += 1
      if (hours === 1) setImmediate(callback)
      return () => {}
    },
  }
  const log = keptLog()
  const address = { host: server.host, port: server.port, database: name, user, password }
  const maintenance = startMaintenance(address, clock, log)
  t.teardown(() => maintenance.stop())
  await until('the next run is planned', () => hours === 2)
  const left = await withConnection(
    database.reader,
    sql => sql<{ metric_id: string }[]>`select metric_id from metrics order by metric_id`,
  )
  return { left: left.map(row => row.metric_id), lines: log.lines }
}

apacheTest('values past their retention are dropped once an hour, younger ones stay', async t => {
  const { left, lines } = await maintain(t, { retention_day: '7' })
  t.deepEqual(left, ['days', 'young'])
  t.deepEqual(lines, [])
})

apacheTest('an archive that cannot be written is said and costs retention nothing', async t => {
  const settings = { retention_day: '7', chunk_compress_hour: '24', archive_tablespace: 'unmounted' }
  const { left, lines } = await maintain(t, settings)
  t.deepEqual(left, ['days', 'young'])
  t.deepEqual(lines, [
    'error old values cannot be moved to the archive: tablespace "unmounted" does not exist; next try in an hour',
  ])
})
