import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import { BadUrl } from '../../sidecar/url_parts.ts'
import { hostKey, hostName, parseDeviceUrl } from '../../sidecar/urls.ts'

const UPTIME = '1.3.6.1.2.1.1.3.0'

function refusal(text: string): string {
  try {
    parseDeviceUrl(text)
  } catch (error) {
    if (error instanceof BadUrl) return error.message
    throw error
  }
  return 'accepted'
}

test('an SNMP url gives host, port, community and OID', t => {
  const access = { version: 2, community: 'public' } as const
  const usual = { protocol: 'snmp', host: 'switch-1', port: 161, access, oid: UPTIME } as const
  t.deepEqual(parseDeviceUrl(`snmp://public@switch-1/${UPTIME}`), usual)
  t.deepEqual(parseDeviceUrl(`snmp://public@switch-1:1161/${UPTIME}`), { ...usual, port: 1161 })
  t.deepEqual(parseDeviceUrl(`SNMP://public@switch-1/.${UPTIME}`), usual, 'capitals and a leading dot')
  t.deepEqual(parseDeviceUrl(`snmp://public@[2001:db8::7]:1161/${UPTIME}`), {
    ...usual,
    host: '2001:db8::7',
    port: 1161,
  })
  t.deepEqual(parseDeviceUrl(`snmp://public@[fe80::1%25eth0]/${UPTIME}`), { ...usual, host: 'fe80::1%eth0' })
})

test('a community may hold anything, raw where kwollect 1.0 took it, else percent-encoded', t => {
  const community = (text: string) => {
    const url = parseDeviceUrl(`snmp://${text}@switch-1/${UPTIME}`)
    return url.protocol === 'snmp' && url.access.version === 2 ? [url.access.community, url.host] : undefined
  }
  t.deepEqual(community('p@ss'), ['p@ss', 'switch-1'])
  t.deepEqual(community('a/b:c?d#e'), ['a/b:c?d#e', 'switch-1'])
  t.deepEqual(community('p%40ss%25%2F'), ['p@ss%/', 'switch-1'])
  t.deepEqual(community('a+b'), ['a+b', 'switch-1'], 'a plus is no blank')
})

test('a Prometheus url gives host, port and the metrics to keep', t => {
  const all = { protocol: 'prometheus', host: 'node-1.site', port: 9100, metrics: [] } as const
  t.deepEqual(parseDeviceUrl('prometheus://node-1.site:9100/'), all)
  t.deepEqual(parseDeviceUrl('prometheus://node-1.site:9100'), all)
  t.deepEqual(parseDeviceUrl('prometheus://node-1.site'), all)
  t.deepEqual(parseDeviceUrl('prometheus://node-1.site/node_load1-node_load5-node_load1'), {
    ...all,
    metrics: ['node_load1', 'node_load5'],
  })
  t.deepEqual(parseDeviceUrl('prometheus://node-1.site/room%2Dtemperature'), {
    ...all,
    metrics: ['room-temperature'],
  })
})

const REFUSED: readonly (readonly [url: string, reason: RegExp])[] = [
  ['', /begin with a protocol/],
  ['public@switch-1', /begin with a protocol/],
  ['http://node-1/metrics', /an unknown protocol; supported: snmp \(v2c\), snmpv1, snmpv3, /],
  ['snmp://switch-1/1.3.6', /must name the community/],
  ['snmp://@switch-1/1.3.6', /empty community/],
  ['snmp://public@/1.3.6', /no host/],
  ['snmp://public@a b/1.3.6', /other characters/],
  ['snmp://public@::1/1.3.6', /port|brackets/],
  ['snmp://public@[switch-1]/1.3.6', /no IPv6 address/],
  ['snmp://public@h:0/1.3.6', /port from 1 to 65535/],
  ['snmp://public@h:65536/1.3.6', /port from 1 to 65535/],
  ['snmp://public@h:/1.3.6', /port from 1 to 65535/],
  ['snmp://public@h:1e3/1.3.6', /port from 1 to 65535/],
  ['snmp://public@h', /names no OID/],
  ['snmp://public@h/', /names no OID/],
  ['snmp://public@h/sysUpTime.0', /must end in an OID/],
  ['snmp://public@h/1.3.', /must end in an OID/],
  ['snmp://public@h/1..3', /must end in an OID/],
  ['snmp://public@h/1', /must end in an OID/],
  ['snmp://public@h/3.1', /cannot exist/],
  ['snmp://public@h/1.40', /cannot exist/],
  ['snmp://public@h/1.3.4294967296', /cannot exist/],
  ['snmp://100%@h/1.3', /bad % sequence in the community/],
  ['snmp://%ff@h/1.3', /bad % sequence in the community/],
  ['prometheus://user:calvin@h/', /takes no user or password/],
  ['prometheus://h/a,b', /- between them/],
  ['prometheus://h/a--b', /- between them/],
  ['prometheus://h/m?x=1', /- between them/],
]

for (const [url, reason] of REFUSED) {
  test(`the url "${url}" is refused with its reason`, t => {
    t.regex(refusal(url), reason)
  })
}

test('descriptions of one agent share a key, those of another do not', t => {
  const key = (text: string) => hostKey(parseDeviceUrl(text))
  t.is(key('snmp://public@switch-1/1.3.6'), key('snmp://public@Switch-1:161/1.3.7'))
  t.is(key('prometheus://node-1/a'), key('prometheus://node-1:9100/'))
  const others = [
    'snmp://public@h/1.3',
    'snmp://other@h/1.3',
    'snmp://public@h:1161/1.3',
    'snmp://public@g/1.3',
  ]
  t.is(new Set([...others, 'prometheus://h:161/'].map(key)).size, 5)
})

test('a host is named without its community, and with a port where that is unusual', t => {
  const name = (text: string) => hostName(parseDeviceUrl(text))
  t.is(name('snmp://public@switch-1/1.3'), 'switch-1')
  t.is(name('snmp://public@switch-1:1161/1.3'), 'switch-1:1161')
  t.is(name('snmp://public@[::1]:1161/1.3'), '[::1]:1161')
  t.is(name('prometheus://node-1:9100'), 'node-1')
})

const part = fc.constantFrom(
  'snmp',
  'snmpv3',
  'prometheus',
  '{{',
  '}}',
  '==',
  '?',
  '&',
  'authkey=',
  '://',
  '@',
  '/',
  ':',
  '%',
  '[',
  ']',
  '::1',
  '1.3.6',
  'h',
)
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.oneof(part, fc.string())).map(parts => parts.join('')),
)

testProp('any text is a url or a BadUrl', [anyText], (t, text) => {
  t.notThrows(() => refusal(text))
})

const community = fc.string({ unit: 'grapheme', minLength: 1 })

testProp('every community survives percent-encoding', [community], (t, secret) => {
  const url = parseDeviceUrl(`snmp://${encodeURIComponent(secret)}@switch-1/1.3.6`)
  t.like(url, { access: { community: secret } })
})

// A grapheme has up to 12 bytes, a user of SNMP v3 up to 32.
const user = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter(text => Buffer.byteLength(text) <= 32)
const key = fc.string({ unit: 'grapheme', minLength: 8 })

testProp('every user and key survives percent-encoding', [user, key, key], (t, name, authKey, privKey) => {
  const [user, authkey, privkey] = [name, authKey, privKey].map(encodeURIComponent)
  const url = `snmpv3://${user}@h/1.3?auth=sha&authkey=${authkey}&priv=aes&privkey=${privkey}`
  t.like(parseDeviceUrl(url), { access: { user: name, auth: { key: authKey }, priv: { key: privKey } } })
})

const scheme = fc.constantFrom('snmp', 'snmpv1', 'snmpv3', 'ipmisensor', 'prometheus', 'http', '')
const separator = fc.constantFrom('://', ':/', ':', '')
const secret = fc.stringMatching(/^Zq(?:[A-Za-z0-9@/:%#?[\]. -]|:\/\/){0,12}qZ$/)
const end = fc.constantFrom(
  '@h/x',
  '@h:x/1.3',
  '@/1.3',
  '@[x]/1.3',
  '@h',
  '%40h/1.3',
  '/1.3',
  '',
  '@h/1.3.{{ 1 == a }}',
  '@h/1.3.{{ 1.3 == a',
)

testProp(
  'no message shows the credentials, wherever the mistake is',
  [scheme, separator, secret, end],
  (t, protocol, middle, credentials, rest) => {
    t.notRegex(refusal(protocol + middle + credentials + rest), /zq|qz/i)
  },
  { numRuns: 1000 },
)

testProp(
  'no message shows a key, wherever the mistake is',
  [secret, fc.constantFrom('?authkey=', '?auth=sha&authkey=', '?auth=', '?level=', '?', '?privkey=a&x=')],
  (t, credentials, before) => {
    t.notRegex(refusal(`snmpv3://user@h/1.3${before}${credentials}`), /zq|qz/i)
  },
  { numRuns: 1000 },
)
