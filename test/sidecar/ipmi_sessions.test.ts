import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ava from 'ava'
import { findProgram } from '../../scripts/stack/programs.ts'
import { until } from '../../scripts/stack/until.ts'
import { Collector } from '../../sidecar/collector.ts'
import type { IpmiAccess } from '../../sidecar/ipmi_url.ts'
import { accessLines } from '../../sidecar/protocols/ipmi_access_file.ts'
import { BmcJob } from '../../sidecar/protocols/ipmi_job.ts'
import type { Sample } from '../../sidecar/sample.ts'
import { systemClock } from '../../sidecar/schedule.ts'
import { parseDeviceUrl } from '../../sidecar/urls.ts'
import { temporaryFolder } from '../harness/folders.ts'
import type { Scope } from '../harness/scope.ts'
import { testWhere } from '../harness/server.ts'
import { ipmiMissing, type SimulatedBmc, sensorUrl, startBmc } from '../peers/ipmi_sim.ts'
import { startRelay } from '../peers/udp_relay.ts'
import { childrenRunning, describeSensor } from './ipmi_host.ts'
import { keptLog } from './samples.ts'

const test = testWhere(ava.serial, ipmiMissing)

const processes = () => childrenRunning('ipmi-sensors')

/** Set in the sixth byte of what is signed, as everything of an IPMI 2.0 session is once it is open (13.6). */
const AUTHENTICATED = 0x40

/** A collector that read a sensor of a BMC, and is in the middle of reading it again: the session is open. */
async function inMiddleOfPoll(t: Scope) {
  const bmc = await startBmc(t)
  const held: (() => void)[] = []
  let isHolding = false
  const relay = await startRelay(t, bmc, {
    onAnswer: (answer, to) => {
      if (isHolding && ((answer[5] ?? 0) & AUTHENTICATED) !== 0) held.push(() => to.client(answer))
      else to.client(answer)
    },
  })
  const samples: Sample[] = []
  const log = keptLog()
  const collector = new Collector({
    clock: systemClock,
    log,
    take: taken => void samples.push(...taken),
    ipmi: { sdrFolder: temporaryFolder(t), processes: 2 },
  })
  t.teardown(() => collector.stop())
  const url = sensorUrl({ host: '127.0.0.1', port: relay.port }, 4)
  const power = describeSensor(url, 'power', { updateEveryMs: 60_000 })
  collector.setDescriptions([power], new Set([power]))
  await until('the list of its sensors and a value', () => samples.length > 0 && processes().length === 0)
  const sessions = sessionCounter(t, bmc)
  if ((await sessions()) > 0) throw new Error('the first poll left a session')
  isHolding = true
  collector.setDescriptions([power], new Set([power]))
  await until('an answer in an open session', () => held.length > 0)
  if ((await sessions()) !== 1) throw new Error('no session is open')
  const goOn = () => {
    isHolding = false
    for (const send of held) send()
  }
  return { collector, samples, log, sessions, goOn }
}

function accessOf(sensor: string): IpmiAccess {
  const url = parseDeviceUrl(sensor)
  if (url.protocol !== 'ipmisensor') throw new TypeError(url.protocol)
  return url.access
}

/** @returns how to ask a BMC for the number of its open sessions, the one of the question itself left out */
function sessionCounter(scope: Scope, bmc: SimulatedBmc): () => Promise<number> {
  const file = join(temporaryFolder(scope), 'freeipmi.conf')
  writeFileSync(file, accessLines(accessOf(bmc.url(1)), new Map()), { mode: 0o600 })
  const program = findProgram('ipmi-raw') ?? 'ipmi-raw'
  // Get Session Info for the present session (IPMI 2.0, 22.20).
  const args = [`--config-file=${file}`, `--hostname=${bmc.host}:${bmc.port}`, '0', '0x06', '0x3d', '0x00']
  return async () => {
    const { stdout } = await promisify(execFile)(program, args)
    const active = /^rcvd: 3D 00 \w\w \w\w (\w\w)/.exec(stdout)?.[1]
    if (active === undefined) throw new Error(stdout)
    return Number.parseInt(active, 16) - 1
  }
}

test('a promotion that ends in the middle of a poll leaves no session on the BMC', async t => {
  const { collector, samples, sessions, goOn } = await inMiddleOfPoll(t)
  const before = samples.length
  collector.setDescriptions([])
  goOn()
  await until('the end of ipmi-sensors', () => processes().length === 0)
  t.is(await sessions(), 0)
  await collector.stop()
  t.is(samples.length, before + 1, 'the value of a poll that had begun is stored')
})

test('a program that stops in the middle of a poll leaves no session on the BMC', async t => {
  const { collector, sessions, goOn } = await inMiddleOfPoll(t)
  const stopped = collector.stop()
  goOn()
  await stopped
  t.is(processes().length, 0)
  t.is(await sessions(), 0)
})

test('a BMC that falls silent in the middle of a poll keeps no program from stopping', async t => {
  const { collector, log } = await inMiddleOfPoll(t)
  await collector.stop()
  await until('the end of ipmi-sensors', () => processes().length === 0)
  t.deepEqual(
    log.lines.filter(line => line.includes('given up')),
    [],
  )
})

// Whatever comes before the end of the process: with the last question answered, the process is killed.
for (const [what, line] of [
  ['a value', "4,Pwr Consumption,180.00,W,'OK'"],
  ['a record that the BMC no longer has', "Sensor Record ID '4' not found"],
] as const) {
  ava(
    `a poll that is stopped is not over when ipmi-sensors tells ${what}, but when it has ended`,
    async t => {
      const stopping = new AbortController()
      const job = new BmcJob({
        target: '127.0.0.1:623',
        access: accessOf(sensorUrl({ host: '127.0.0.1', port: 623 }, 4)),
        records: [4],
        company: 'alone',
        timeoutMs: 60_000,
        deadline: performance.now() + 60_000,
        signal: stopping.signal,
      })
      job.start(0)
      stopping.abort()
      job.hear(line)
      t.false(job.isSettled)
      job.end('exit status 0')
      const { rows, isUnknownRecord } = await job.answer
      t.is(rows.length, isUnknownRecord ? 0 : 1)
    },
  )
}
