import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ava from 'ava'
import { freeUdpPort } from '../../scripts/stack/free_port.ts'
import { identify, isRunning } from '../../scripts/stack/process_identity.ts'
import { until } from '../../scripts/stack/until.ts'
import { Collector } from '../../sidecar/collector.ts'
import { HostUnreachable } from '../../sidecar/protocols/protocol.ts'
import type { Sample } from '../../sidecar/sample.ts'
import { systemClock } from '../../sidecar/schedule.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { testWhere } from '../harness/server.ts'
import { ipmiMissing, startBmc, startBmcs } from '../peers/ipmi_sim.ts'
import {
  childrenRunning,
  describeSensor,
  newDispatcher,
  openHost,
  type Place,
  valuesOf,
} from './ipmi_host.ts'
import { keptLog } from './samples.ts'

const test = testWhere(ava.serial, ipmiMissing)

const processes = () => childrenRunning('ipmi-sensors')

/** Why a poll failed, in words. */
async function failureOf(poll: Promise<unknown>): Promise<string> {
  return await poll.then(
    () => 'it succeeded',
    (error: unknown) => {
      if (error instanceof HostUnreachable) return error.message
      throw error
    },
  )
}

async function failureAt(t: Parameters<typeof newDispatcher>[0], bmc: Place): Promise<string> {
  return await failureOf(openHost(newDispatcher(t), bmc).read([1], 1000))
}

test('a wrong password, an unknown name and silence are told apart', async t => {
  const bmc = await startBmc(t)
  t.is(await failureAt(t, { ...bmc, password: 'wrong' }), 'it refuses the password')
  t.is(await failureAt(t, { host: 'bmc.invalid', port: 623 }), 'the name cannot be resolved')
  const nobody = { host: '127.0.0.1', port: await freeUdpPort() }
  t.is(await failureAt(t, nobody), 'no answer to IPMI in 1 s')
})

test('a wrong password beside a right one costs nothing', async t => {
  const dispatcher = newDispatcher(t)
  const [one, other] = await startBmcs(t, 2)
  if (!one || !other) throw new Error('no BMCs')
  const first = openHost(dispatcher, { ...one, password: 'wrong' })
  const second = openHost(dispatcher, other)
  const [wrong, right] = await Promise.all([failureOf(first.read([1])), second.read([1])])
  t.is(wrong, 'it refuses the password')
  t.deepEqual(valuesOf(right), { 1: 23 })
})

test('a BMC that dies delays none of those it shares a process with, and is found again', async t => {
  const dispatcher = newDispatcher(t)
  const bmcs = await startBmcs(t, 4)
  const hosts = bmcs.map(bmc => openHost(dispatcher, bmc))
  await Promise.all(hosts.map(host => host.read([1, 4])))
  const [victim] = bmcs
  const [deadHost, ...livingHosts] = hosts
  if (!victim || !deadHost) throw new Error('no BMCs')
  victim.signal('SIGSTOP')
  let deadSettled = false
  // The same records as the others: only then they share.
  const dead = failureOf(deadHost.read([1, 4], 3000)).finally(() => {
    deadSettled = true
  })
  const living = await Promise.all(livingHosts.map(host => host.read([1, 4])))
  t.false(deadSettled)
  t.is(new Set(living.flatMap(({ samples }) => samples.map(({ timestamp }) => timestamp))).size, 1)
  for (const result of living) t.deepEqual(valuesOf(result), { 1: 23, 4: 180 })
  t.is(await dead, 'no answer to IPMI in 3 s')
  victim.signal('SIGCONT')
  t.deepEqual(valuesOf(await deadHost.read([1])), { 1: 23 })
})

test('a stuck ipmi-sensors is killed at the time-out', async t => {
  const bmc = await startBmc(t)
  bmc.signal('SIGSTOP')
  const failure = failureOf(openHost(newDispatcher(t), bmc).read([1], 2000))
  const [stuck] = await until('ipmi-sensors to start', () => {
    const found = processes()
    return found.length > 0 ? found : undefined
  })
  if (stuck === undefined) throw new Error('no process')
  t.is(stuck.group, stuck.pid, 'a group of its own')
  process.kill(stuck.pid, 'SIGSTOP')
  t.is(await failure, 'no answer to IPMI in 2 s')
  await until('its end', () => processes().length === 0)
  t.pass()
})

for (const [what, end] of [
  ['is stuck', 'kill -STOP $$'],
  ['has ended', 'exit 0'],
] as const) {
  test(`what ipmi-sensors started is killed at the time-out where it ${what}`, async t => {
    const program = join(temporaryFolder(t, 0o755), 'ipmi-sensors')
    const childFile = join(temporaryFolder(t), 'child')
    writeFileSync(program, `#!/bin/sh\nsleep 3600 &\necho $! >${childFile}\n${end}\n`)
    chmodSync(program, 0o755)
    const host = openHost(newDispatcher(t, { program }), { host: '127.0.0.1', port: 623 })
    const failure = failureOf(host.read([1], 2000))
    const child = await until('its child', () =>
      identify(Number(existsSync(childFile) ? readFileSync(childFile, 'utf8') : 0)),
    )
    t.is(await failure, 'no answer to IPMI in 2 s')
    await until('the end of its child', () => !isRunning(child))
    t.pass()
  })
}

test('a program that stops ends the polls of silent BMCs and their processes before their time-out', async t => {
  const bmc = await startBmc(t)
  bmc.signal('SIGSTOP')
  const stopping = new AbortController()
  const failure = failureOf(openHost(newDispatcher(t), bmc).read([1], 60_000, stopping.signal))
  await until('ipmi-sensors to start', () => processes().length > 0)
  stopping.abort()
  t.is(await failure, 'the poll was stopped before the answer came')
  await until('its end', () => processes().length === 0)
})

test('a collector polls BMCs in their periods and leaves no process behind', async t => {
  const bmcs = await startBmcs(t, 3)
  const samples: Sample[] = []
  const collector = new Collector({
    clock: systemClock,
    log: keptLog(),
    take: taken => void samples.push(...taken),
    ipmi: { sdrFolder: temporaryFolder(t), processes: 2 },
  })
  t.teardown(() => collector.stop())
  const descriptions = bmcs.map((bmc, n) =>
    describeSensor(bmc.url(4), `of ${n}`, { updateEveryMs: 500, deviceId: `node-${n}` }),
  )
  collector.setDescriptions(descriptions)
  const countOf = (device: string) => samples.filter(({ series }) => series.deviceId === device).length
  await until('three values of each', () => descriptions.every(({ deviceId }) => countOf(deviceId) >= 3))
  await collector.stop()
  t.true(samples.every(({ value }) => value === 180))
  await until('the end of all processes', () => processes().length === 0)
})

test('without ipmi-sensors the message names the package', async t => {
  const dispatcher = newDispatcher(t, { program: join(temporaryFolder(t), 'ipmi-sensors') })
  const host = openHost(dispatcher, { host: '127.0.0.1', port: 623 })
  for (const _ of ['first', 'second']) {
    t.is(await failureOf(host.read([1])), 'ipmi-sensors is not installed (Debian: package freeipmi-tools)')
  }
})

test('a folder for SDRs that cannot be made is said', async t => {
  const file = join(temporaryFolder(t), 'file')
  writeFileSync(file, '')
  const dispatcher = newDispatcher(t, { sdrFolder: join(file, 'sdr') })
  t.regex(
    await failureOf(openHost(dispatcher, { host: '127.0.0.1', port: 623 }).read([1])),
    /cannot be started \(ENOTDIR/,
  )
})

test('with all processes busy a poll says so in time', async t => {
  const bmcs = await startBmcs(t, 9)
  const dispatcher = newDispatcher(t, { processes: 1 })
  for (const bmc of bmcs) bmc.signal('SIGSTOP')
  const stopping = new AbortController()
  const waiting = bmcs
    .slice(1)
    .map(bmc => failureOf(openHost(dispatcher, bmc).read([1], 60_000, stopping.signal)))
  const [bmc] = bmcs
  if (bmc === undefined) throw new Error('no BMC')
  t.regex(await failureOf(openHost(dispatcher, bmc).read([1], 300)), /busy for 0.3 s.*option worker/)
  stopping.abort()
  await Promise.all(waiting)
})
