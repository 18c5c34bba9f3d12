import test from 'ava'
import { testDatabase } from '../harness/database.ts'
import { startPostgrest } from '../harness/postgrest.ts'
import { withConnection } from '../harness/server.ts'
import { request } from './client.ts'

test('times without an offset are UTC over HTTP, whatever the time zone of the server', async t => {
  const database = await testDatabase(t)
  await withConnection(database.admin, async sql => {
    await sql`alter database ${sql(database.name)} set timezone = 'Asia/Tokyo'`
    await sql`insert into metrics (timestamp, device_id, metric_id, value)
              values ('2021-01-01 12:00:00+00', 'node-1', 'watt', 1)`
  })
  const api = await startPostgrest(t, database)
  const paths = [
    '/rpc/get_metrics?devices=node-1&start_time=2021-01-01T11:59:00&end_time=2021-01-01T12:01:00',
    '/metrics_by_device?device_id=eq.node-1&timestamp=gte.2021-01-01T11:59:00&timestamp=lt.2021-01-01T12:01:00',
    '/rpc/available_metrics?at=2021-01-01T12:00:30',
  ]
  for (const path of paths) {
    const { json } = await request(api, path)
    t.is((json as unknown[]).length, 1, path)
  }
})
