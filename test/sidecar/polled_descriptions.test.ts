import test from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { Collector } from '../../sidecar/collector.ts'
import { PolledDescriptions } from '../../sidecar/polled_descriptions.ts'
import type { Sample } from '../../sidecar/sample.ts'
import { systemClock } from '../../sidecar/schedule.ts'
import { testDatabase } from '../harness/database.ts'
import { withConnection } from '../harness/server.ts'
import { type Exporter, startExporter } from '../peers/exporter.ts'
import { keptLog } from './samples.ts'
import { describe } from './snmp_host.ts'
import { addressOf, keptPromotions } from './storing.ts'

function optional(deviceId: string, { host, port }: Exporter) {
  const url = { protocol: 'prometheus', host, port, metrics: [] } as const
  return describe('', { deviceId, url, optional: true, updateEveryMs: 3_600_000 })
}

test('a promotion does not wait for a host that hangs and is wanted no more', async t => {
  const database = await testDatabase(t)
  let abandoned = 0
  const hanging = await startExporter(t, request => {
    request.once('close', () => {
      abandoned += 1
    })
  })
  const good = await startExporter(t, (_request, response) => void response.end('good 1\n'))
  const log = keptLog()
  const taken: Sample[] = []
  const collector = new Collector({
    clock: systemClock,
    log,
    take: samples => void taken.push(...samples),
    ipmi: { sdrFolder: 'never made', processes: 1 },
  })
  t.teardown(() => collector.stop())
  const descriptions = new PolledDescriptions(addressOf(database), keptPromotions(t), collector, log)
  t.teardown(() => descriptions.stop())
  descriptions.use([optional('hanging', hanging), optional('good', good)], [])
  const promote = (device: string) =>
    withConnection(database.writer, async sql => {
      await sql`delete from promoted_metrics`
      await sql`insert into promoted_metrics (device_id) values (${device})`
    })

  await promote('hanging')
  await until('a request that hangs', () => hanging.connections() === 1)
  await promote('nobody')
  await until('its end', () => log.lines.at(-1)?.includes('0 of 2 optional metrics are promoted'))
  await promote('good')
  await until('a value', () => taken.length > 0)
  await until('the request is given up', () => abandoned === 1)
  // Its poll, which had 5 s, was not waited for, nor has it failed: it was not wanted any more.
  t.like(
    collector.status().find(({ devices }) => devices.includes('hanging')),
    { polls: 0, failedPolls: 0, up: undefined },
  )
})
