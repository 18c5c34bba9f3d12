import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ava from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { testDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { repository } from '../harness/processes.ts'
import { testWhere } from '../harness/server.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { spooledSamples, storedSamples } from '../sidecar/spool_witness.ts'
import { assertSame, differenceOf, seeded, sized } from './faults.ts'
import { siteOn } from './site.ts'

const steps = sized(4, 40)
const clockSteps = join(repository, 'test', 'faults', 'clock_steps.ts')
/** A leap second, a time server that corrects, a dead battery. */
const sizes = [1_000, 90_000, 3_600_000, 400 * 86_400_000]

const test = testWhere(ava.serial, snmpdMissing)

test('a clock that is set back and forward under kwollector ends no poll, and every value is stored once', async t => {
  t.timeout(600_000)
  const fault = seeded(t)
  const [database, agents] = await Promise.all([testDatabase(t), startSnmpd(t, { addresses: 2 })])
  const site = await siteOn(t, database, agents)
  const before = await storedSamples(database)
  const stepFile = join(temporaryFolder(t), 'step')
  const program = await site.start(['--import', clockSteps], { CLOCK_STEP_FILE: stepFile })
  await program.untilPrinted('stored batch')
  for (let count = 1; count <= steps; count += 1) {
    const size = sizes[fault.below(sizes.length)] ?? 0
    const step = (fault.below(2) === 0 ? -1 : 1) * Math.round(size * (0.5 + fault.random()))
    writeFileSync(stepFile, String(step))
    program.signal('SIGUSR2')
    await program.untilPrinted(`the clock is set by ${step} ms`)
    // Polling goes on with the new time, and what it brings is spooled and stored.
    const batches = () => program.output().split('stored batch').length
    const wanted = batches() + 3
    await until('three more batches', () => batches() >= wanted, 20_000)
    fault.progress(count, steps, 'steps')
  }
  program.signal('SIGTERM')
  t.is(await program.ended, 'exit status 0')

  // Not by leaving out what was there before: set back to that time, the clock may give the same value the same moment.
  const taken = [...before, ...spooledSamples(site.spoolFile)]
  const difference = differenceOf(taken, await storedSamples(database))
  fault.report({ steps, ...difference })
  assertSame(t, difference)
})
