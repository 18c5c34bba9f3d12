import test from 'ava'
import { testWhere } from '../harness/server.ts'
import { type Row, snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { startRelay } from '../peers/udp_relay.ts'
import { countOf, openHost, reasonsOf, valuesOf } from './snmp_host.ts'

const snmpdTest = testWhere(test, snmpdMissing)

const enterprise = '1.3.6.1.4.1.99999.1'
const rows = Array.from(
  { length: 30 },
  (_, index): Row => [`${enterprise}.${index}.0`, 'integer', `${index}`],
)
const present = rows.map(([oid]) => oid)
const absent = [`${enterprise}.5.1`, `${enterprise}.77.0`, '1.3.6.1.4.1.1.2.3']

/** A v1 host behind a relay, and a way to let minutes pass. */
async function v1Host(
  t: Parameters<typeof openHost>[0],
  blame: (answer: Buffer) => Buffer = answer => answer,
) {
  const agent = await startSnmpd(t, { overrides: rows })
  const relay = await startRelay(t, agent, { onAnswer: (answer, to) => to.client(blame(answer)) })
  let now = 0
  const access = { version: 1, community: agent.community } as const
  const host = openHost(t, { host: '127.0.0.1', port: relay.port, access }, { monotonic: () => now })
  const pass = (ms: number) => {
    now += ms
  }
  return { host, relay, pass }
}

const everyValue = Object.fromEntries(rows.map(([oid, , value]) => [oid, Number(value)]))
const everyReason = absent.map(oid => `the agent has no ${oid}`)

snmpdTest(
  'OIDs that a v1 agent lacks cost no other; said of them in two polls, it is not asked again for minutes',
  async t => {
    const { host, relay, pass } = await v1Host(t)
    const oids = [...absent.slice(0, 1), ...present, ...absent.slice(1)]
    const read = async () => {
      const sent = relay.requests.length
      const result = await host.read(oids)
      t.deepEqual(valuesOf(result), everyValue)
      t.deepEqual(reasonsOf(result), everyReason)
      return countOf(relay.requests.slice(sent))
    }
    t.is(
      await read(),
      1 + 2 * absent.length,
      'the agent names the missing one; it and the others are asked again',
    )
    t.is(await read(), 1 + absent.length, 'one answer may be damaged or forged; they are asked alone')
    for (const ms of [0, 299_000]) {
      pass(ms)
      t.is(await read(), 1)
    }
    pass(2_000)
    for (const requests of [1 + absent.length, 1 + absent.length, 1]) t.is(await read(), requests)
  },
)

snmpdTest(
  'an OID that a v1 agent has again, as after its start, is asked together with the others',
  async t => {
    const [oid = '', ...others] = present
    let isStarting = true
    const { host, relay } = await v1Host(t, answer => (isStarting ? refusing(answer) : answer))
    t.deepEqual(reasonsOf(await host.read([oid])), [`the agent has no ${oid}`])
    isStarting = false
    for (const requests of [2, 1]) {
      const before = relay.requests.length
      t.deepEqual(valuesOf(await host.read([oid, ...others])), everyValue)
      t.is(countOf(relay.requests.slice(before)), requests)
    }
  },
)

/** The answer with the error-status noSuchName. */
function refusing(answer: Buffer): Buffer {
  const changed = Buffer.from(answer)
  const status = changed.indexOf(Buffer.of(2, 1, 0, 2, 1, 0))
  return changed.fill(2, status + 2, status + 3)
}

snmpdTest('a v1 agent that blames no OID, or an innocent one, loses none', async t => {
  for (const index of [0, 1, 200]) {
    const { host } = await v1Host(t, answer => {
      const errorIndex = answer.indexOf(Buffer.of(2, 1, 2, 2, 1)) + 5
      const changed = Buffer.from(answer)
      if (errorIndex > 4) changed[errorIndex] = index
      return changed
    })
    const result = await host.read([...present, ...absent])
    t.deepEqual(valuesOf(result), everyValue, `error-index ${index}`)
    t.deepEqual(reasonsOf(result), everyReason)
  }
})
