import test from 'ava'
import { HostUnreachable } from '../../sidecar/protocols/protocol.ts'
import type { SnmpAgent } from '../../sidecar/protocols/snmp_agent.ts'
import { readElement } from '../../sidecar/protocols/snmp_ber.ts'
import { parseDeviceUrl } from '../../sidecar/urls.ts'
import { fileScope } from '../harness/scope.ts'
import { testWhere } from '../harness/server.ts'
import { type Snmpd, type SnmpdOptions, snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { type RelayRules, startRelay } from '../peers/udp_relay.ts'
import { openHost, reasonsOf, valuesOf } from './snmp_host.ts'

const snmpdTest = testWhere(test, snmpdMissing)
const file = fileScope(test)

const watts = '1.3.6.1.4.1.99999.1.1.0'
const AUTH = {
  md5: 'MD5',
  sha: 'SHA',
  sha224: 'SHA-224',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
}
const PRIV = { des: 'DES', aes: 'AES', aes256b: 'AES-256', aes256r: 'AES-256-C' }
const pairs = Object.keys(AUTH).flatMap(auth => Object.keys(PRIV).map(priv => [auth, priv] as const))

const options = {
  overrides: [[watts, 'integer', '182']],
  configuration: [
    ...Object.entries(AUTH).flatMap(([auth, authName]) =>
      Object.entries(PRIV).map(
        ([priv, privName]) =>
          `createUser ${auth}_${priv} ${authName} authpass123 ${privName} "priv pass/123"`,
      ),
    ),
    ...pairs.map(([auth, priv]) => `rouser ${auth}_${priv} noauth`),
    'createUser plain',
    'rouser plain noauth',
    'createUser strict SHA authpass123 AES privpass123',
    'rouser strict priv',
  ],
} satisfies SnmpdOptions

let agent: Snmpd
if (snmpdMissing === undefined) {
  test.before(async () => {
    agent = await startSnmpd(file, options)
  })
}

/** The agent that a url's user and query name, here or behind a relay. */
function accessOf(
  user: string,
  query = '',
  { host, port }: { host: string; port: number } = agent,
): SnmpAgent {
  const url = parseDeviceUrl(`snmpv3://${user}@${host}:${port}/1.3.6${query}`)
  if (url.protocol !== 'snmp') throw new TypeError(url.protocol)
  return url
}

const STRICT = '?auth=sha&authkey=authpass123&priv=aes&privkey=privpass123'
const SIGNED = '?auth=sha256&authkey=authpass123'

snmpdTest('every digest with every cipher reads a real agent', async t => {
  for (const [auth, priv] of pairs) {
    const query = `?auth=${auth}&authkey=authpass123&priv=${priv}&privkey=priv%20pass%2F123`
    const host = openHost(t, accessOf(`${auth}_${priv}`, query))
    for (const _ of ['discovery', 'known engine'])
      t.deepEqual(valuesOf(await host.read([watts])), { [watts]: 182 })
  }
})

snmpdTest('the levels noAuthNoPriv and authNoPriv read a real agent', async t => {
  for (const [user, query] of [
    ['plain', ''],
    ['sha256_aes', '?level=noAuthNoPriv'],
    ['sha256_aes', '?level=authNoPriv&auth=sha256&authkey=authpass123'],
  ] as const) {
    t.deepEqual(valuesOf(await openHost(t, accessOf(user, query)).read([watts])), { [watts]: 182 })
  }
})

for (const [what, user, query, reason] of [
  ['an unknown user', 'nobody', STRICT, 'the agent does not know the user'],
  ['an unknown user without keys', 'nobody', '', 'the agent does not know the user'],
  [
    'a wrong authkey',
    'strict',
    STRICT.replace('authpass123', 'authpass124'),
    'the agent finds the digest wrong: auth or authkey is not the one that it has for the user',
  ],
  [
    'a wrong auth protocol',
    'strict',
    STRICT.replace('sha', 'md5'),
    'the agent finds the digest wrong: auth or authkey is not the one that it has for the user',
  ],
  [
    'a wrong privkey',
    'strict',
    STRICT.replace('privpass123', 'privpass124'),
    'no answer in 0.3 s although the agent told its engine id (priv or privkey is wrong)',
  ],
  [
    'a level that the user was not made for',
    'plain',
    '?auth=sha&authkey=authpass123',
    'the agent does not offer the user this level: it lacks the auth or priv protocol',
  ],
] as const) {
  snmpdTest(`${what} is named`, async t => {
    const error = await t.throwsAsync(openHost(t, accessOf(user, query)).read([watts], 300), {
      instanceOf: HostUnreachable,
    })
    t.is(error?.message, reason)
  })
}

snmpdTest('a level too low for what is asked is named', async t => {
  const host = openHost(t, accessOf('strict', '?auth=sha&authkey=authpass123'))
  t.deepEqual(reasonsOf(await host.read([watts])), [
    `the agent does not let this community, or this user at this level, read ${watts}`,
  ])
})

type TestScope = Parameters<typeof openHost>[0]

/** A host behind a relay. */
async function behindRelay(t: TestScope, user: string, query: string, rules: RelayRules) {
  const relay = await startRelay(t, agent, rules)
  return { relay, host: openHost(t, accessOf(user, query, { host: '127.0.0.1', port: relay.port })) }
}

const strictBehind = (t: TestScope, rules: RelayRules = {}) => behindRelay(t, 'strict', STRICT, rules)

snmpdTest('the engine is discovered once', async t => {
  const { relay, host } = await strictBehind(t)
  for (let poll = 0; poll < 3; poll++) t.is((await host.read([watts])).samples.length, 1)
  t.is(relay.requests.length, 4)
})

const unreadable = [`the agent's answer for ${watts} cannot be read`]

snmpdTest('an answer changed on its way is no value, and the next one is', async t => {
  let bit = 0
  const { host } = await strictBehind(t, {
    onAnswer: (answer, to) => to.client(answer.fill((answer.at(-1) ?? 0) ^ bit, answer.length - 1)),
  })
  t.is((await host.read([watts])).samples.length, 1)
  bit = 1
  t.deepEqual(reasonsOf(await host.read([watts])), unreadable)
  bit = 0
  t.is((await host.read([watts])).samples.length, 1)
})

snmpdTest('what an answer with a wrong digest says of the engine is not believed', async t => {
  let isDamaged = false
  const { relay, host } = await behindRelay(t, 'sha256_aes', SIGNED, {
    onAnswer: (answer, to) => {
      if (isDamaged) answer[engineBootsIn(answer)] = 99
      to.client(answer)
    },
  })
  t.is((await host.read([watts])).samples.length, 1)
  isDamaged = true
  t.deepEqual(reasonsOf(await host.read([watts])), unreadable)
  isDamaged = false
  const before = relay.requests.length
  t.is((await host.read([watts])).samples.length, 1)
  const sizes = new Set(relay.requests.slice(before).map(({ length }) => length))
  t.is(sizes.size, 1, 'the engine is not asked again who it is, which is a shorter request')
})

/** Where the number stands that says how often the engine has booted. */
function engineBootsIn(answer: Buffer): number {
  const read = (at: number) => readElement(answer, at, answer.length)
  const version = read(read(0).start)
  const security = read(read(read(version.end).end).start)
  return read(read(security.start).end).start
}

snmpdTest('an answer whose flags say that it is not signed is no value for a user who signs', async t => {
  let flags = 1
  const { host } = await behindRelay(t, 'sha256_aes', SIGNED, {
    onAnswer: (answer, to) => {
      const at = answer.indexOf(Buffer.of(4, 1, 1))
      if (at !== -1) answer[at + 2] = flags
      to.client(answer)
    },
  })
  t.is((await host.read([watts])).samples.length, 1)
  flags = 0
  t.deepEqual(reasonsOf(await host.read([watts])), unreadable)
})

snmpdTest('an agent that restarted, with another engine or the same, is read at the next poll', async t => {
  const own = await startSnmpd(t, options)
  const host = openHost(t, accessOf('strict', STRICT, own))
  t.is((await host.read([watts])).samples.length, 1)
  await own.stop()
  await t.throwsAsync(host.read([watts], 100), { instanceOf: HostUnreachable })
  await startSnmpd(t, { ...options, at: own })
  t.deepEqual(valuesOf(await host.read([watts])), { [watts]: 182 })
})

snmpdTest('no message names a key', async t => {
  for (const query of [STRICT, STRICT.replace('sha', 'sha512'), STRICT.replace('aes', 'aes256b')]) {
    const secret = query.replaceAll('pass', 'Zq')
    const error = await t.throwsAsync(openHost(t, accessOf('strict', secret)).read([watts], 200))
    t.notRegex(`${error?.stack}`, /Zq/)
  }
})
