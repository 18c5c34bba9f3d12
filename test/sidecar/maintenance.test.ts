import test from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { startMaintenance } from '../../sidecar/maintenance.ts'
import type { Clock } from '../../sidecar/schedule.ts'
import { testDatabase } from '../harness/database.ts'
import { missingCommunityEdition, testWhere, withConnection } from '../harness/server.ts'

const apacheTest = testWhere(
  test,
  missingCommunityEdition() === undefined ? 'the community edition has background jobs for it' : undefined,
)

apacheTest('values past their retention are dropped once an hour, younger ones stay', async t => {
  const database = await testDatabase(t)
  const { server, user, password, name } = database
  await withConnection(database.admin, async sql => {
    await sql`call kwollect.keep_setting('retention_day', '7')`
    await sql`insert into metrics (timestamp, device_id, metric_id, value)
              values (now() - interval '30 days', 'node-1', 'old', 1), (now(), 'node-1', 'young', 2)`
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
  const lines: string[] = []
  const say = (sentence: string) => void lines.push(sentence)
  const log = { debug: say, info: say, warning: say, error: say }
  const address = { host: server.host, port: server.port, database: name, user, password }
  const maintenance = startMaintenance(address, clock, log)
  t.teardown(() => maintenance.stop())

  const left = await until('the drop of what is too old', () =>
    withConnection(database.reader, async sql => {
      const rows = await sql<{ metric_id: string }[]>`select metric_id from metrics`
      return rows.length === 1 && rows.map(row => row.metric_id)
    }),
  )
  t.deepEqual(left, ['young'])
  t.deepEqual(lines, [])
  t.is(hours, 2, 'the next run is planned')
})
