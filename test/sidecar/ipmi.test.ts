import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ava from 'ava'
import { until } from '../../scripts/stack/until.ts'
import type { BmcRequest } from '../../sidecar/protocols/ipmi_dispatcher.ts'
import { HostUnreachable } from '../../sidecar/protocols/protocol.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { testWhere } from '../harness/server.ts'
import { usualSensors } from '../peers/ipmi_records.ts'
import { ipmiMissing, sensorUrl, startBmc, startBmcs } from '../peers/ipmi_sim.ts'
import { startRelay } from '../peers/udp_relay.ts'
import { describeSensor, newDispatcher, openHost, valuesOf } from './ipmi_host.ts'

const test = testWhere(ava, ipmiMissing)

test('sensors are read by record id and by name, in the first poll and in later ones', async t => {
  const bmc = await startBmc(t)
  const host = openHost(newDispatcher(t), bmc)
  const names = ['Inlet Temp', "A,1.00,C,'OK'"]
  for (const poll of ['first', 'second']) {
    const before = Date.now() * 1000
    const result = await host.read([1, 2, 3, 4, 5, 6, 7, 10, ...names])
    t.deepEqual(
      valuesOf(result),
      {
        1: 23,
        2: -5,
        3: 5640,
        4: 180,
        5: 0.6,
        6: 41,
        7: 43,
        10: 'Presence detected',
        'Inlet Temp': 23,
        "A,1.00,C,'OK'": 50,
      },
      poll,
    )
    t.deepEqual(result.missing, [])
    t.true(result.samples.every(({ timestamp }) => timestamp >= before && timestamp <= Date.now() * 1000))
  }
})

test('a value follows its sensor and is scaled', async t => {
  const bmc = await startBmc(t)
  const host = openHost(newDispatcher(t), bmc)
  const watts = describeSensor(bmc.url(4), 'watts', { scaleFactor: 0.1, labels: { psu: 'all' } })
  const first = await host.poll([watts])
  t.like(first.samples[0], {
    value: 18,
    series: { metricId: 'metric_watts', deviceId: 'node-1', labels: { psu: 'all' } },
  })
  bmc.write(4, 90)
  await until('the new value', async () => valuesOf(await host.poll([watts])).watts === 36)
  const again = await host.poll([watts])
  t.is(again.samples[0]?.series, first.samples[0]?.series, 'one object for one series')
})

test('what cannot be read costs no other sensor and says why', async t => {
  const bmc = await startBmc(t)
  const host = openHost(newDispatcher(t), bmc)
  for (const poll of ['first', 'second']) {
    const result = await host.read([1, 8, 77, 'Temp', 'temp'])
    t.deepEqual(valuesOf(result), { 1: 23 }, poll)
    t.deepEqual(
      result.missing.map(({ reason }) => reason),
      [
        'the sensor reads N/A, as while the machine is off',
        'the BMC has no sensor with the record id 77',
        '2 sensors are named Temp; write the record id of one in place of the name: 6, 7',
        'the BMC has no sensor named temp',
      ],
      poll,
    )
  }
})

test('an SDR that changed is read again, with the first poll after', async t => {
  const dispatcher = newDispatcher(t)
  const bmc = await startBmc(t)
  const writtenBefore = performance.now()
  const host = openHost(dispatcher, bmc)
  t.deepEqual(valuesOf(await host.read([1, 'Fan1 RPM'])), { 1: 23, 'Fan1 RPM': 5640 })
  await bmc.stop()
  const [inlet, outdoor, fan, ...others] = usualSensors
  if (!inlet || !outdoor || !fan) throw new Error('the usual sensors are less than usual')
  const sensors = [{ ...fan, number: 1 }, outdoor, { ...inlet, number: 3 }, ...others]
  // By IPMI's rules an SDR that was written in the same second is the same, and the BMC's seconds are its own.
  await until('another second of any clock', () => performance.now() - writtenBefore > 1_000)
  await startBmc(t, { sensors, at: bmc })
  t.deepEqual(valuesOf(await host.read(['Inlet Temp', 'Fan1 RPM'])), { 'Inlet Temp': 23, 'Fan1 RPM': 5640 })
})

test('an SDR is kept for the next run of the program', async t => {
  const relay = await startRelay(t, await startBmc(t))
  const sdrFolder = temporaryFolder(t)
  const requestsOfRun = async () => {
    const before = relay.requests.length
    const host = openHost(newDispatcher(t, { sdrFolder }), { host: '127.0.0.1', port: relay.port })
    t.deepEqual(valuesOf(await host.read([1])), { 1: 23 })
    return relay.requests.length - before
  }
  const [first, second] = [await requestsOfRun(), await requestsOfRun()]
  t.true(second < first / 2, `${first}, then ${second} requests`)
})

test('twenty BMCs that are due together share one process, stamped when it was started', async t => {
  const dispatcher = newDispatcher(t)
  const bmcs = await startBmcs(t, 20)
  const hosts = bmcs.map(bmc => openHost(dispatcher, bmc))
  const readAll = () => Promise.all(hosts.map(host => host.read([1, 4])))
  const stampsOf = (results: Awaited<ReturnType<typeof readAll>>) =>
    new Set(results.flatMap(({ samples }) => samples.map(({ timestamp }) => timestamp)))
  t.is(stampsOf(await readAll()).size, 20, 'a BMC that is not known yet is alone')
  const results = await readAll()
  for (const result of results) t.deepEqual(valuesOf(result), { 1: 23, 4: 180 })
  t.is(stampsOf(results).size, 1)
})

test('BMCs with passwords of their own are read at the same time', async t => {
  const dispatcher = newDispatcher(t)
  const passwords = ['first', "it's$2", '100%']
  const bmcs = await Promise.all(
    passwords.map(async password => ({ ...(await startBmc(t, { password })), password })),
  )
  const hosts = bmcs.map(bmc => openHost(dispatcher, bmc))
  for (const _ of ['first', 'second']) {
    const results = await Promise.all(hosts.map(host => host.read([1])))
    t.deepEqual(results.map(valuesOf), [{ 1: 23 }, { 1: 23 }, { 1: 23 }])
  }
})

test('settings of the site hold where the url says nothing', async t => {
  const bmc = await startBmc(t)
  const siteConfiguration = join(temporaryFolder(t), 'freeipmi.conf')
  writeFileSync(siteConfiguration, '# ours\nusername nobody\nworkaround-flags opensesspriv\n')
  const bare = (sensor: number | string) => sensorUrl(bmc, sensor).replace(/\?.*/, '')
  const host = openHost(newDispatcher(t, { siteConfiguration }), bmc, bare)
  t.deepEqual(valuesOf(await host.read([1])), { 1: 23 })
  const without = openHost(newDispatcher(t), bmc, bare)
  const error = await t.throwsAsync(without.read([1]), { instanceOf: HostUnreachable })
  t.regex(error?.message ?? '', /workaround=opensesspriv/)
})

test('IPMI 1.5 is spoken where the url says so', async t => {
  const bmc = await startBmc(t)
  const url = (sensor: number | string) => sensorUrl(bmc, sensor).replace(/\?.*/, '?driver=LAN')
  t.deepEqual(valuesOf(await openHost(newDispatcher(t), bmc, url).read([1])), { 1: 23 })
})

test('an SDR that takes longer than a poll is waited for, not begun anew', async t => {
  const bmc = await startBmc(t)
  const relay = await startRelay(t, bmc, {
    onAnswer: (answer, to) => void setTimeout(() => to.client(answer), 50),
  })
  const host = openHost(newDispatcher(t), { host: '127.0.0.1', port: relay.port })
  const read = () => host.read([1], 1500).then(valuesOf, (error: Error) => error.message)
  // On a busy machine a poll may be over before the session is open, and is one without an answer.
  const first = await until('an end of the first poll', async () => {
    const outcome = await read()
    return outcome === 'no answer to IPMI in 1.5 s' ? undefined : outcome
  })
  t.regex(`${first}`, /longer than a poll/)
  // The SDR takes more than twice as long: begun anew in each poll it would never come to its end.
  t.deepEqual(
    await until('the end of the SDR', async () => {
      const outcome = await read()
      return typeof outcome === 'string' ? undefined : outcome
    }),
    { 1: 23 },
  )
})

ava('a sensor that had a value is silent while it reads N/A', async t => {
  const row = { id: 1, name: 'Fan', states: undefined }
  const readings = [undefined, 7, undefined]
  const ask = async (_: BmcRequest) => ({
    rows: [{ ...row, reading: readings.shift() }],
    sentAt: 0,
    failure: undefined,
    isUnknownRecord: false,
    unreadable: [],
  })
  const host = openHost({ ask }, { host: 'bmc', port: 623 })
  const fan = describeSensor(sensorUrl({ host: 'bmc', port: 623 }, 1), 1)
  const outcomes = []
  for (const _ of ['off', 'on', 'off']) {
    const { samples, missing } = await host.poll([fan])
    outcomes.push([samples.length, missing.length])
  }
  t.deepEqual(outcomes, [
    [0, 1],
    [1, 0],
    [0, 0],
  ])
})
