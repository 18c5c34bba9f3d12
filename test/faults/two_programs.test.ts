import { join } from 'node:path'
import ava from 'ava'
import { testDatabase } from '../harness/database.ts'
import { repository, run } from '../harness/processes.ts'
import { testWhere } from '../harness/server.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import {
  configure,
  spooledValues,
  startKwollector,
  stopKwollector,
  storedMetrics,
} from '../sidecar/kwollector_program.ts'

const test = testWhere(ava, snmpdMissing)
const wattsOid = '1.3.6.1.4.1.99999.1.1.0'

test('a second kwollector on the spool of another ends with a sentence, and the first goes on', async t => {
  const [database, agent] = await Promise.all([
    testDatabase(t),
    startSnmpd(t, { overrides: [[wattsOid, 'integer', '182']] }),
  ])
  const configuration = configure(t, database)
  const url = `snmp://public@${agent.host}:${agent.port}/${wattsOid}`
  configuration.describe('agent.yml', [{ name: 'watt', device_id: 'a', url, update_every: 200 }])
  const first = await startKwollector(t, configuration)
  await first.untilPrinted('stored batch 1')
  for (let second = 0; second < 3; second += 1) {
    const { status, stderr } = await run(process.execPath, [
      join(repository, 'sidecar', 'kwollector.ts'),
      configuration.file,
    ])
    t.is(status, 1)
    t.true(
      stderr.includes(`another kwollector uses the spool ${configuration.spoolDir}/spool.sqlite`),
      stderr,
    )
  }
  const before = spooledValues(first)
  await first.untilPrinted(`stored batch ${first.output().split('spooled batch').length + 1}`)
  await stopKwollector(t, first, database)
  t.true(spooledValues(first) > before)
  t.is((await storedMetrics(database)).length, spooledValues(first))
})
