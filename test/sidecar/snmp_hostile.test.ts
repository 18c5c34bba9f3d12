import test from 'ava'
import fc from 'fast-check'
import { HostUnreachable } from '../../sidecar/protocols/protocol.ts'
import { testWhere } from '../harness/server.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { type RelayRules, startRelay } from '../peers/udp_relay.ts'
import { countOf, openHost, reasonsOf, valuesOf } from './snmp_host.ts'

const snmpdTest = testWhere(test, snmpdMissing)

const watts = '1.3.6.1.4.1.99999.1.1.0'
const place = '1.3.6.1.4.1.99999.1.2.0'
const overrides = [
  [watts, 'integer', '182'],
  [place, 'octet_str', 'rack 7'],
] as const

/** A host behind a relay that can be told to misbehave. */
async function hostBehind(t: Parameters<typeof openHost>[0], rules: RelayRules) {
  const agent = await startSnmpd(t, { overrides })
  const relay = await startRelay(t, agent, rules)
  return openHost(t, { ...agent, host: '127.0.0.1', port: relay.port })
}

snmpdTest('garbage from the agent before each answer costs nothing', async t => {
  const host = await hostBehind(t, {
    onAnswer: (answer, to) => {
      for (const garbage of [
        Buffer.of(),
        Buffer.of(0x30),
        Buffer.alloc(60_000, 0x30),
        Buffer.from('HTTP/1.1 400'),
      ]) {
        to.client(garbage)
      }
      to.client(answer)
      to.client(answer)
    },
  })
  for (const _ of ['first', 'second']) t.deepEqual(valuesOf(await host.read([watts])), { [watts]: 182 })
})

snmpdTest('answers to requests that were never sent, and of other SNMP versions, are ignored', async t => {
  const host = await hostBehind(t, {
    onAnswer: (answer, to) => {
      const requestId = answer.indexOf(Buffer.of(0xa2)) + 2
      for (let bit = 0; bit < 8; bit++) {
        const other = Buffer.from(answer)
        const last = requestId + 1 + (answer[requestId + 1] ?? 0)
        other[last] = (other[last] ?? 0) ^ (1 << bit)
        to.client(other)
      }
      const version3 = Buffer.from(answer)
      version3[version3.indexOf(Buffer.of(2, 1, 1)) + 2] = 3
      to.client(version3)
      to.client(answer)
    },
  })
  t.deepEqual(valuesOf(await host.read([watts])), { [watts]: 182 })
})

snmpdTest('an answer from another port is refused although its request id is right', async t => {
  const host = await hostBehind(t, { onAnswer: (answer, to) => to.clientFromElsewhere(answer) })
  await t.throwsAsync(host.read([watts], 300), { instanceOf: HostUnreachable })
})

snmpdTest('an answer cut short never becomes a value', async t => {
  let missing = 0
  const host = await hostBehind(t, {
    onAnswer: (answer, to) => to.client(answer.subarray(0, answer.length - missing)),
  })
  for (const oid of [watts, place]) {
    for (missing = 1; missing < 20; missing++) {
      const reasons = reasonsOf(await host.read([oid]))
      t.deepEqual(reasons, [`the agent's answer for ${oid} cannot be read`], `${missing} bytes are missing`)
    }
  }
})

snmpdTest('an answer about another OID never becomes a value', async t => {
  const host = await hostBehind(t, {
    onAnswer: (answer, to) => {
      const other = Buffer.from(answer)
      other[other.indexOf(Buffer.from('868d1f0101', 'hex')) + 4] = 9
      to.client(other)
    },
  })
  t.deepEqual(reasonsOf(await host.read([watts])), [`the agent answered with another OID than ${watts}`])
})

snmpdTest('an answer with another community is not taken, and neither is printed', async t => {
  const host = await hostBehind(t, {
    onAnswer: (answer, to) =>
      to.client(Buffer.from(answer.toString('latin1').replace('public', 'secret'), 'latin1')),
  })
  t.deepEqual(reasonsOf(await host.read([watts])), [`the agent's answer for ${watts} cannot be read`])
})

snmpdTest('after any damaged answers the same host reads on', async t => {
  const seed = Date.now() % 2 ** 31
  t.log(`seed ${seed}`)
  const damage = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { minLength: 1, maxLength: 8 })
  const damages = fc.sample(damage, { numRuns: 300, seed })
  let changes: readonly (readonly [number, number])[] = []
  const host = await hostBehind(t, {
    onAnswer: (answer, to) => {
      const damaged = Buffer.from(answer)
      for (const [at, byte] of changes) if (at < damaged.length) damaged[at] = byte
      to.client(damaged)
      to.client(answer)
    },
  })
  for (changes of damages) {
    const result = await host.read([watts])
    t.is(result.samples.length + result.missing.length, 1)
  }
  changes = []
  t.deepEqual(valuesOf(await host.read([watts])), { [watts]: 182 })
})

snmpdTest('no byte of an answer can be changed so that a later poll has no value', async t => {
  let change: ((answer: Buffer) => void) | undefined
  let size = 1
  const host = await hostBehind(t, {
    onAnswer: (answer, to) => {
      size = answer.length
      const changed = Buffer.from(answer)
      change?.(changed)
      to.client(changed)
      to.client(answer)
    },
  })
  for (let at = 0; at < size; at++) {
    for (let byte = 0; byte < 256; byte++) {
      change = answer => answer.fill(byte, at, at + 1)
      await host.read([watts])
      change = undefined
      const { [watts]: value } = valuesOf(await host.read([watts]))
      if (value !== 182) return t.fail(`${byte} in the place of byte ${at}`)
    }
  }
  t.true(size > 40)
})

snmpdTest(
  'OIDs whose answers were once damaged are asked together again from the poll after next',
  async t => {
    let missing = 3
    const agent = await startSnmpd(t, { overrides })
    const relay = await startRelay(t, agent, {
      onAnswer: (answer, to) => to.client(answer.subarray(0, answer.length - missing)),
    })
    const host = openHost(t, { ...agent, host: '127.0.0.1', port: relay.port })
    t.is((await host.read([watts, place])).missing.length, 2)
    missing = 0
    for (const requests of [2, 1, 1]) {
      const before = relay.requests.length
      t.deepEqual(valuesOf(await host.read([watts, place])), { [watts]: 182, [place]: 'rack 7' })
      t.is(countOf(relay.requests.slice(before)), requests)
    }
  },
)

snmpdTest('an agent that ended is named as such and is read again once it is restarted', async t => {
  const agent = await startSnmpd(t, { overrides })
  const host = openHost(t, agent)
  t.deepEqual(valuesOf(await host.read([watts])), { [watts]: 182 })
  await agent.stop()
  const error = await t.throwsAsync(host.read([watts], 300), { instanceOf: HostUnreachable })
  t.is(error?.message, `no SNMP agent listens on UDP port ${agent.port} (ECONNREFUSED)`)
  await startSnmpd(t, { overrides, at: agent })
  t.deepEqual(valuesOf(await host.read([watts])), { [watts]: 182 })
})

snmpdTest('a name is looked up once, and again after a failed poll', async t => {
  const agent = await startSnmpd(t, { overrides })
  const addresses = ['127.0.0.99', agent.host]
  let lookups = 0
  const lookup = async () => [{ address: addresses[lookups++] ?? agent.host, family: 4 }] as const
  const host = openHost(t, { ...agent, host: 'switch-3' }, { lookup })
  await t.throwsAsync(host.read([watts], 200), { instanceOf: HostUnreachable })
  for (const _ of ['moved', 'kept']) t.deepEqual(valuesOf(await host.read([watts])), { [watts]: 182 })
  t.is(lookups, 2)
})

test('an unknown name and name servers that never answer are named', async t => {
  const unknown = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })
  const agent = { host: 'switch-3', port: 161, community: 'public' }
  const lost = openHost(t, agent, { lookup: () => Promise.reject(unknown) })
  await t.throwsAsync(lost.read([watts], 100), {
    message: 'the name switch-3 cannot be resolved (ENOTFOUND)',
  })
  const hanging = openHost(t, agent, { lookup: () => new Promise(() => {}) })
  await t.throwsAsync(hanging.read([watts], 100), {
    message: 'the name switch-3 cannot be resolved (ETIMEOUT)',
  })
})

snmpdTest('an address that no socket can be had for is left as soon as the name says another', async t => {
  const agent = await startSnmpd(t, { overrides })
  const addresses = ['255.255.255.255', agent.host]
  const lookup = async () => [{ address: addresses.shift() ?? agent.host, family: 4 }] as const
  const host = openHost(t, { ...agent, host: 'switch-3' }, { lookup })
  await t.throwsAsync(host.read([watts], 100), { message: 'the request cannot be sent (EACCES)' })
  t.deepEqual(valuesOf(await host.read([watts])), { [watts]: 182 })
})

snmpdTest('a poll that is stopped ends at once with what it has', async t => {
  const stop = new AbortController()
  const host = await hostBehind(t, { onRequest: () => stop.abort() })
  const stopped = ['the poll was stopped before the answer came']
  t.deepEqual(reasonsOf(await host.read([watts], 100_000, stop.signal)), stopped)
  t.deepEqual(reasonsOf(await host.read([watts], 100_000, stop.signal)), stopped)
})

snmpdTest('closing a host ends its polls, before the request is sent and after', async t => {
  const stopped = ['the poll was stopped before the answer came']
  const asked = await hostBehind(t, { onRequest: () => asked.close() })
  t.deepEqual(reasonsOf(await asked.read([watts], 100_000)), stopped)
  const fresh = await hostBehind(t, {})
  const poll = fresh.read([watts], 100_000)
  fresh.close()
  t.deepEqual(reasonsOf(await poll), stopped)
  t.deepEqual(reasonsOf(await fresh.read([watts], 100_000)), stopped)
})
