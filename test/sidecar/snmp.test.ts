import test from 'ava'
import { HostUnreachable } from '../../sidecar/protocols/protocol.ts'
import { testWhere } from '../harness/server.ts'
import { passSubtree, type Row, snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { snmpsimMissing, startSnmpsim } from '../peers/snmpsim.ts'
import { startRelay } from '../peers/udp_relay.ts'
import { countOf, describe, openHost, reasonsOf, valuesOf } from './snmp_host.ts'

const snmpdTest = testWhere(test, snmpdMissing)
const snmpsimTest = testWhere(test, snmpsimMissing)

const enterprise = '1.3.6.1.4.1.99999.1'
const sysUpTime = '1.3.6.1.2.1.1.3.0'

/** `count` integers, the value of each its number. */
function integers(count: number): Row[] {
  return Array.from({ length: count }, (_, index) => [`${enterprise}.${index}.0`, 'integer', String(index)])
}

/** What an agent answers that refuses a request as a whole: the request with another tag and an error-status. */
function errorAnswer(request: Buffer, status: number): Buffer {
  const answer = Buffer.from(request)
  answer[answer.indexOf(Buffer.of(2, 1, 0, 2, 1, 0)) + 2] = status
  answer[answer.indexOf(0xa0)] = 0xa2
  return answer
}

snmpdTest('every type of a real snmpd becomes its number or its text', async t => {
  const table: [string, string, string, number | string][] = [
    ['1.0', 'counter64', '18446744073709551615', 2 ** 64],
    ['2.0', 'string', '23.5', 23.5],
    ['3.0', 'gauge', '4294967295', 4_294_967_295],
    ['4.0', 'timeticks', '424242', 424_242],
    ['5.0', 'integer', '-7', -7],
    ['6.0', 'counter', '4294967295', 4_294_967_295],
    ['7.0', 'integer64', '-9000000000', -9_000_000_000],
    ['8.0', 'octet', '32 33 2e 35', 23.5],
    ['9.0', 'opaque', '9f 78 04 41 bc 00 00', 23.5],
    ['10.0', 'ipaddress', '10.0.0.1', '10.0.0.1'],
    ['11.0', 'objectid', '.1.3.6.1.2.1', '1.3.6.1.2.1'],
    ['12.0', 'octet', 'de ad 00 ef', 'de:ad:00:ef'],
    ['13.0', 'string', 'on line', 'on line'],
  ]
  const rows = table.map(([suffix, type, value]) => [`${passSubtree}.${suffix}`, type, value] as const)
  const agent = await startSnmpd(t, { passTable: rows })
  const host = openHost(t, agent)
  const result = await host.read(rows.map(([oid]) => oid))
  t.deepEqual(
    valuesOf(result),
    Object.fromEntries(table.map(([suffix, , , value]) => [`${passSubtree}.${suffix}`, value])),
  )
  t.deepEqual(result.missing, [])
})

snmpsimTest('every type of a snmpsim device becomes its number or its text', async t => {
  const table: [string, string, number | string][] = [
    ['2', '-42', -42],
    ['4', '23.5 C', '23.5 C'],
    ['4', '', ''],
    ['4x', 'deadbeef00ff', 'de:ad:be:ef:00:ff'],
    ['6', '1.3.6.1.2.1', '1.3.6.1.2.1'],
    ['64', '10.0.0.1', '10.0.0.1'],
    ['65', '4294967295', 4_294_967_295],
    ['66', '101', 101],
    ['67', '123456789', 123_456_789],
    ['68x', '9f780441bc0000', 23.5],
    ['70', '18446744073709551615', 2 ** 64],
  ]
  const oids = table.map((_, index) => `${enterprise}.${index}.0`)
  const simulator = await startSnmpsim(t, {
    switch: table.map(([tag, value], index) => [`${enterprise}.${index}.0`, tag, value]),
  })
  const result = await openHost(t, { ...simulator, community: 'switch' }).read(oids)
  t.deepEqual(valuesOf(result), Object.fromEntries(table.map(([, , value], index) => [oids[index], value])))
})

snmpdTest('an OID that the agent lacks costs only itself', async t => {
  const agent = await startSnmpd(t, { overrides: integers(2) })
  const host = openHost(t, agent)
  const result = await host.read([`${enterprise}.0.0`, '1.3.6.1.4.1.1.2.3', `${enterprise}.1.0`])
  t.deepEqual(valuesOf(result), { [`${enterprise}.0.0`]: 0, [`${enterprise}.1.0`]: 1 })
  t.deepEqual(reasonsOf(result), ['the agent has no 1.3.6.1.4.1.1.2.3'])
})

snmpdTest('120 OIDs are three requests', async t => {
  const agent = await startSnmpd(t, { overrides: integers(120) })
  const relay = await startRelay(t, agent)
  const result = await openHost(t, { ...agent, host: '127.0.0.1', port: relay.port }).read(
    integers(120).map(([oid]) => oid),
  )
  t.deepEqual(
    valuesOf(result),
    Object.fromEntries(integers(120).map(([oid, , value]) => [oid, Number(value)])),
  )
  t.is(countOf(relay.requests), 3)
})

snmpdTest(
  'descriptions with one OID share a varbind and keep their own series, scale and labels',
  async t => {
    const agent = await startSnmpd(t, { overrides: [[`${enterprise}.1.0`, 'integer', '182']] })
    const relay = await startRelay(t, agent)
    const host = openHost(t, { ...agent, host: '127.0.0.1', port: relay.port })
    const watts = describe(`${enterprise}.1.0`, { name: 'watts', labels: { outlet: '1' } })
    const kilowatts = describe(`${enterprise}.1.0`, {
      name: 'kilowatts',
      deviceId: 'pdu-1',
      scaleFactor: 0.001,
    })
    const { samples } = await host.poll([watts, kilowatts])
    t.deepEqual(
      samples.map(({ series, value }) => ({ ...series, value })),
      [
        { deviceId: 'switch-3', metricId: 'watts', labels: { outlet: '1' }, value: 182 },
        { deviceId: 'pdu-1', metricId: 'kilowatts', labels: {}, value: 182 * 0.001 },
      ],
    )
    t.is(relay.requests[0]?.toString('latin1').split('\x2b\x06\x01\x04\x01\x86\x8d\x1f').length, 2)
    const again = await host.poll([watts, kilowatts])
    t.true(again.samples.every(({ series }, index) => series === samples[index]?.series))
  },
)

snmpdTest('a sample is stamped with the microsecond at which its request was sent', async t => {
  const agent = await startSnmpd(t)
  const host = openHost(t, agent, { now: () => 1_700_000_000_123.456 })
  const { samples } = await host.read([sysUpTime])
  t.deepEqual(
    samples.map(({ timestamp }) => timestamp),
    [1_700_000_000_123_456],
  )
})

snmpsimTest('an agent may take its time', async t => {
  const slow = `${enterprise}.1.0`
  const simulator = await startSnmpsim(t, { slow: [[slow, '2:delay', 'value=7,wait=400,deviation=0']] })
  const result = await openHost(t, { ...simulator, community: 'slow' }).read([slow])
  t.deepEqual(valuesOf(result), { [slow]: 7 })
})

snmpdTest('an answer later than the retry still counts, with the time of its own request', async t => {
  const agent = await startSnmpd(t)
  const relay = await startRelay(t, agent, {
    onRequest: (_, to) => relay.requests[1] && to.agent(relay.requests[0] ?? Buffer.of()),
  })
  const sent: number[] = []
  const now = () => sent[sent.push(Date.now()) - 1] ?? 0
  const host = openHost(t, { ...agent, host: '127.0.0.1', port: relay.port }, { now })
  const { samples } = await host.read([sysUpTime], 1000)
  t.is(sent.length, 2)
  t.deepEqual(
    samples.map(({ timestamp }) => timestamp),
    [(sent[0] ?? 0) * 1000],
  )
})

snmpdTest('a lost request is sent again within the poll', async t => {
  const agent = await startSnmpd(t)
  const relay = await startRelay(t, agent, {
    onRequest: (request, to) => relay.requests.length > 1 && to.agent(request),
  })
  const result = await openHost(t, { ...agent, host: '127.0.0.1', port: relay.port }).read([sysUpTime], 1000)
  t.is(result.samples.length, 1)
  t.is(relay.requests.length, 2)
})

snmpdTest('what came before the agent fell silent is kept', async t => {
  const agent = await startSnmpd(t, { overrides: integers(120) })
  // By their last OID: on a busy machine an answer may come late, and the same part is asked for again before.
  const parts = new Set<string>()
  const relay = await startRelay(t, agent, {
    onRequest: (request, to) =>
      parts.add(request.subarray(-10).toString('hex')).size <= 2 && to.agent(request),
  })
  const host = openHost(t, { ...agent, host: '127.0.0.1', port: relay.port })
  const result = await host.read(
    integers(120).map(([oid]) => oid),
    1_000,
  )
  t.is(result.samples.length, 80)
  t.deepEqual(reasonsOf(result), Array(40).fill('no answer within the 1 s of the poll'))
})

snmpdTest('a stopped agent is unreachable until it goes on', async t => {
  const agent = await startSnmpd(t)
  const host = openHost(t, agent)
  agent.signal('SIGSTOP')
  const error = await t.throwsAsync(host.read([sysUpTime], 400), { instanceOf: HostUnreachable })
  t.is(error?.message, 'no answer in 0.4 s (dead, filtered, or the community is wrong)')
  agent.signal('SIGCONT')
  t.is((await host.read([sysUpTime])).samples.length, 1)
})

snmpdTest('a wrong community is named as a possible cause and never printed', async t => {
  const agent = await startSnmpd(t)
  const host = openHost(t, { ...agent, community: 'hush-hush' })
  const error = await t.throwsAsync(host.read([sysUpTime], 300), { instanceOf: HostUnreachable })
  t.is(error?.message, 'no answer in 0.3 s (dead, filtered, or the community is wrong)')
})

snmpdTest(
  'an answer too big for the agent is asked for in smaller parts, and the size is remembered',
  async t => {
    const long = 'x'.repeat(200)
    const rows = integers(40).map(([oid]) => [oid, 'octet_str', long] as const)
    const agent = await startSnmpd(t, { overrides: rows, configuration: ['[snmp] sendMessageMaxSize 2600'] })
    const relay = await startRelay(t, agent)
    let now = 0
    const pass = (ms: number) => {
      now += ms
    }
    const device = { ...agent, host: '127.0.0.1', port: relay.port }
    const host = openHost(t, device, { monotonic: () => now })
    const oids = rows.map(([oid]) => oid)
    for (const requests of [6, 6, 4, 4]) {
      const before = relay.requests.length
      t.is((await host.read(oids)).samples.length, 40)
      t.is(
        countOf(relay.requests.slice(before)),
        requests,
        '40 and 20 are too big, 10 fit; believed when said twice',
      )
    }
    pass(301_000)
    const before = relay.requests.length
    t.is((await host.read(oids)).samples.length, 40)
    t.is(countOf(relay.requests.slice(before)), 6, 'after five minutes it is tried again')
  },
)

snmpdTest('one answer that says too big makes the requests of no later poll smaller', async t => {
  const agent = await startSnmpd(t, { overrides: integers(40) })
  const relay = await startRelay(t, agent, {
    onRequest: (request, to) =>
      relay.requests.length === 1 ? to.client(errorAnswer(request, 1)) : to.agent(request),
  })
  const host = openHost(t, { ...agent, host: '127.0.0.1', port: relay.port })
  for (const requests of [3, 1]) {
    const before = relay.requests.length
    t.is((await host.read(integers(40).map(([oid]) => oid))).samples.length, 40)
    t.is(countOf(relay.requests.slice(before)), requests)
  }
})

snmpdTest(
  'an OID that spoils the whole request costs only itself and is asked alone from then on',
  async t => {
    const agent = await startSnmpd(t, { overrides: integers(20) })
    const bad = Buffer.from('2b06010401868d1f010700', 'hex')
    const relay = await startRelay(t, agent, {
      onRequest: (request, to) =>
        request.includes(bad) ? to.client(errorAnswer(request, 5)) : to.agent(request),
    })
    const host = openHost(t, { ...agent, host: '127.0.0.1', port: relay.port })
    const oids = integers(20).map(([oid]) => oid)
    const found = await host.read(oids)
    const requestsOfSearch = relay.requests.length
    const remembered = await host.read(oids)
    for (const result of [found, remembered]) {
      t.is(result.samples.length, 19)
      t.deepEqual(reasonsOf(result), [`the agent refuses ${enterprise}.7.0: genErr`])
    }
    t.is(countOf(relay.requests.slice(requestsOfSearch)), 2)
  },
)

snmpdTest('20 agents are polled at once', async t => {
  const agent = await startSnmpd(t, { addresses: 20, overrides: integers(60) })
  const oids = integers(60).map(([oid]) => oid)
  const hosts = agent.hosts.map(host => openHost(t, { ...agent, host }))
  const results = await Promise.all(hosts.map(host => host.read(oids)))
  t.deepEqual(
    results.map(({ samples }) => samples.length),
    Array(20).fill(60),
  )
})
