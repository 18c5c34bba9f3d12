import { readdirSync } from 'node:fs'
import ava from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { testDatabase } from '../harness/database.ts'
import { testWhere } from '../harness/server.ts'
import { startExporter } from '../peers/exporter.ts'
import { silentNameServerMissing, startSilentNameServer } from '../peers/silent_name_server.ts'
import { configure, startKwollector, stopKwollector, storedMetrics } from './kwollector_program.ts'

const test = testWhere(ava, silentNameServerMissing)

test('names that no name server answers for delay no other, nor the database, nor the end', async t => {
  const [database, nameServer] = await Promise.all([testDatabase(t), startSilentNameServer(t)])
  const exporter = await startExporter(t, (_request, response) => {
    // A new connection, and a look-up, for each poll.
    response.setHeader('connection', 'close').end('good 1\n')
  })
  const configuration = configure(t, database, { db_host: 'localhost' })
  configuration.describe('exporters.yml', [
    ...Array.from({ length: 50 }, (_, index) => ({
      name: 'dead',
      device_id: `dead-${index}`,
      url: `prometheus://dead-${index}.example.org:9100/`,
      update_every: 1000,
    })),
    {
      name: 'good',
      device_id: 'good',
      url: `prometheus://localhost:${exporter.port}/`,
      update_every: 1000,
    },
  ])
  const program = await startKwollector(t, configuration, {}, nameServer.wrap)
  await until('questions for all dead names', () => nameServer.questions() > 100, 20_000)
  await until('values', async () => (await storedMetrics(database, 'prom_good')).length > 3, 20_000)
  await program.untilPrinted(/the name dead-\d+\.example\.org cannot be resolved/)
  t.true(readdirSync(`/proc/${program.identity.pid}/task`).length > 128)
  await stopKwollector(t, program, database)
})
