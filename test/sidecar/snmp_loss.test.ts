import test from 'ava'
import { learn, newRoundTrip, retryAfter } from '../../sidecar/protocols/snmp_exchange.ts'
import { testWhere } from '../harness/server.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { startRelay } from '../peers/udp_relay.ts'
import { openHost } from './snmp_host.ts'

const snmpdTest = testWhere(test, snmpdMissing)

const enterprise = '1.3.6.1.4.1.99999.1'

snmpdTest('a request is answered although its first datagram and its second answer are lost', async t => {
  const oids = Array.from({ length: 120 }, (_, index) => `${enterprise}.${index}.0`)
  const agent = await startSnmpd(t, {
    overrides: oids.map((oid, index) => [oid, 'integer', `${index}`] as const),
  })
  // The first poll is undisturbed, so that the agent's usual time is known and the test short.
  let copies = -1
  const relay = await startRelay(t, agent, {
    onRequest: (request, to) => {
      if (copies >= 0) copies++
      if (copies % 3 !== 1) to.agent(request)
    },
    onAnswer: (answer, to) => {
      if (copies < 0 || copies % 3 === 0) to.client(answer)
    },
  })
  const host = openHost(t, { ...agent, host: '127.0.0.1', port: relay.port })
  await host.read(oids.slice(0, 1))
  copies = 0
  const { samples, missing } = await host.read(oids, 8000)
  t.deepEqual([samples.length, missing.length], [120, 0])
  t.is(relay.requests.length, 1 + 9)
})

test('an agent never heard of is asked again after a second, or a quarter of a short time', t => {
  t.is(retryAfter(newRoundTrip(), 5000), 1000)
  t.is(retryAfter(newRoundTrip(), 800), 200)
  t.is(retryAfter(newRoundTrip(), 80), 20)
})

test('a quick agent is asked again after 200 ms, or a quarter of a short time', t => {
  const roundTrip = newRoundTrip()
  for (let answer = 0; answer < 20; answer++) learn(roundTrip, 2)
  t.is(retryAfter(roundTrip, 4000), 200)
  t.is(retryAfter(roundTrip, 80), 20)
})

test('a slow agent is given its usual time and four deviations, and never all that is left', t => {
  const roundTrip = newRoundTrip()
  learn(roundTrip, 600)
  t.is(retryAfter(roundTrip, 5000), 600 + 4 * 300, 'after one answer the deviation is half of it')
  for (let answer = 0; answer < 100; answer++) learn(roundTrip, 600)
  t.true(retryAfter(roundTrip, 5000) >= 600 && retryAfter(roundTrip, 5000) < 610)
  t.is(retryAfter(roundTrip, 800), 400)
})
