import { setTimeout as wait } from 'node:timers/promises'
import ava from 'ava'
import { privateCluster } from '../harness/cluster.ts'
import { installedDatabase } from '../harness/database.ts'
import { testWhere, withConnection } from '../harness/server.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { spooledSamples, storedSamples } from '../sidecar/spool_witness.ts'
import { assertSame, differenceOf, outageVariable, seeded, sized } from './faults.ts'
import { siteOn } from './site.ts'

/** How long PostgreSQL is away; `npm run test:faults -- --outage_s 600` sets it for the long run. */
const outageMs = sized(3, Number(process.env[outageVariable] ?? 600)) * 1000

const test = testWhere(ava.serial, snmpdMissing)

test(`PostgreSQL away for ${outageMs / 1000} s costs no value: polling goes on, and all of it is stored then`, async t => {
  t.timeout(outageMs + 600_000)
  const fault = seeded(t)
  const [cluster, agents] = await Promise.all([
    privateCluster(t, { durability: 'kept' }),
    startSnmpd(t, { addresses: 5 }),
  ])
  const database = await installedDatabase(t, cluster.address)
  const site = await siteOn(t, database, agents)
  await withConnection(database.admin, sql => sql`delete from metrics`)

  const program = await site.start()
  await program.untilPrinted('stored batch', 60_000)
  const began = Date.now()
  await cluster.stop()
  await wait(outageMs)
  const ended = Date.now()
  await cluster.start()
  await program.untilPrinted('the database stores again', 60_000)
  program.signal('SIGTERM')
  t.is(await program.ended, 'exit status 0')
  await site.drain()

  const taken = spooledSamples(site.spoolFile)
  const difference = differenceOf(taken, await storedSamples(database))
  const during = [...new Set(taken.map(sample => Number(sample.split(' ')[0]) / 1000))]
    .filter(time => time > began && time < ended)
    .sort((a, b) => a - b)
  const longestGap = during.reduce(
    (gap, time, index) => Math.max(gap, time - (during[index - 1] ?? began)),
    0,
  )
  fault.report({ 'seconds away': outageMs / 1000, 'moments polled meanwhile': during.length, ...difference })
  assertSame(t, difference)
  // Ten polls a second of five agents: only a program that stands still has such a gap.
  t.true(during.length > 0 && longestGap < 2_500, `${longestGap} ms without a poll`)
})
