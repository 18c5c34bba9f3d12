import { setTimeout as wait } from 'node:timers/promises'
import ava from 'ava'
import type { Cluster } from '../../scripts/stack/cluster.ts'
import { privateCluster } from '../harness/cluster.ts'
import { installedDatabase } from '../harness/database.ts'
import { testWhere, withConnection } from '../harness/server.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { spooledSamples, storedSamples } from '../sidecar/spool_witness.ts'
import { assertSame, differenceOf, type Fault, seeded, sized } from './faults.ts'
import { type Site, siteOn } from './site.ts'

/** kwollectors that run, and die, side by side. */
const sites = sized(3, 4)
const kills = sized(51, 1_000)
/** One kill of PostgreSQL for so many of kwollector. */
const killsForServer = 10

/** Kills whatever runs at the moment of its death: starting, polling, spooling, storing or connecting again. */
async function killAgainAndAgain(site: Site, fault: Fault, isOver: () => boolean, onKill: () => void) {
  while (!isOver()) {
    const program = await site.start()
    if (fault.below(5) > 0) await program.untilPrinted('are collected')
    await wait(fault.random() * 1_200)
    program.signal('SIGKILL')
    await program.ended
    onKill()
  }
}

/** The server dies, with fsync on, as often as `due` says. @returns how often that was */
async function killServer(cluster: Cluster, fault: Fault, due: () => number, isOver: () => boolean) {
  let done = 0
  while (!isOver() || done < due()) {
    if (done >= due()) {
      await wait(20)
      continue
    }
    await cluster.kill()
    await wait(fault.random() * 500)
    await cluster.start()
    done += 1
  }
  return done
}

const killTest = testWhere(ava.serial, snmpdMissing)

killTest(
  `${kills} SIGKILLs of kwollector and every tenth of PostgreSQL lose no value and store none twice`,
  async t => {
    t.timeout(3_600_000)
    const fault = seeded(t)
    const [cluster, agents] = await Promise.all([
      privateCluster(t, { durability: 'kept' }),
      startSnmpd(t, { addresses: 10 }),
    ])
    const database = await installedDatabase(t, cluster.address)
    const all = await Promise.all(
      Array.from({ length: sites }, (_, site) => siteOn(t, database, agents, { prefix: `site-${site}` })),
    )
    await withConnection(database.admin, sql => sql`delete from metrics`)

    let killed = 0
    const isOver = () => killed >= kills
    const onKill = () => fault.progress(++killed, kills, 'kills')
    const [serverKills] = await Promise.all([
      killServer(cluster, fault, () => Math.floor(Math.min(killed, kills) / killsForServer), isOver),
      ...all.map(site => killAgainAndAgain(site, fault, isOver, onKill)),
    ])
    for (const site of all) await site.drain()

    const taken = all.flatMap(({ spoolFile }) => spooledSamples(spoolFile))
    const difference = differenceOf(taken, await storedSamples(database))
    fault.report({ kills: killed, 'kills of PostgreSQL': serverKills, ...difference })
    assertSame(t, difference)
    t.true(taken.length > kills * 5, `${taken.length} values are too few to show anything`)
  },
)
