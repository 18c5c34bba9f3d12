import test from 'ava'
import type { SnmpUrl } from '../../sidecar/snmp_url.ts'
import { BadUrl } from '../../sidecar/url_parts.ts'
import { hostKey, parseDeviceUrl } from '../../sidecar/urls.ts'

const KEYS = 'auth=sha256&authkey=authpass123&priv=aes&privkey=privpass123'
const IF_NAME = '1.3.6.1.2.1.31.1.1.1.1'
const IF_HC_IN = '1.3.6.1.2.1.31.1.1.1.6'

function parse(text: string): SnmpUrl {
  const url = parseDeviceUrl(text)
  if (url.protocol !== 'snmp') throw new TypeError(url.protocol)
  return url
}

test('snmpv1 and snmp differ in their version alone and are hosts of their own', t => {
  const [v1, v2c] = ['snmpv1://public@h/1.3.6', 'snmp://public@h/1.3.6'].map(parse)
  t.deepEqual(v1?.access, { version: 1, community: 'public' })
  t.deepEqual(v2c, { ...v1, access: { version: 2, community: 'public' } } as SnmpUrl)
  t.not(v1 && hostKey(v1), v2c && hostKey(v2c))
})

test('the level of a v3 user follows from the keys, and may be said', t => {
  const auth = { protocol: 'sha256', key: 'authpass123' } as const
  const priv = { protocol: 'aes', key: 'privpass123' } as const
  const user = { version: 3, user: 'kw@user' } as const
  const access = (query: string) => parse(`snmpv3://kw%40user@h:1161/1.3.6${query}`).access
  t.deepEqual(access(''), user)
  t.deepEqual(access('?level=noAuthNoPriv'), user)
  t.deepEqual(access('?auth=SHA256&authkey=authpass123'), { ...user, auth })
  t.deepEqual(access('?level=authNoPriv&auth=sha256&authkey=authpass123'), { ...user, auth })
  t.deepEqual(access(`?${KEYS}`), { ...user, auth, priv })
  t.deepEqual(access(`?level=authPriv&${KEYS}`), { ...user, auth, priv })
  t.like(access(`?${KEYS.replace('priv=aes', 'priv=aes256r')}`), { priv: { protocol: 'aes256r' } })
})

test('users and keys that differ are hosts of their own', t => {
  const urls = [
    '',
    '?auth=sha&authkey=authpass123',
    '?auth=sha&authkey=authpass124',
    '?auth=md5&authkey=authpass123',
  ]
  t.is(new Set(urls.map(query => hostKey(parse(`snmpv3://user@h/1.3${query}`)))).size, 4)
  t.is(
    hostKey(parse(`snmpv3://user@h/1.3?${KEYS}`)),
    hostKey(parse(`snmpv3://user@H/1.4?${KEYS}&level=authPriv`)),
  )
})

test('a template is the row of a table, inside an OID or at its end', t => {
  const row = { prefix: IF_HC_IN, table: IF_NAME, text: 'ethernet1/1', suffix: '' }
  const oid = (path: string) => parse(`snmp://public@h/${path}`).oid
  t.deepEqual(oid(`${IF_HC_IN}.{{ ${IF_NAME} == ethernet1/1 }}`), row)
  t.deepEqual(oid(`.${IF_HC_IN}.{{.${IF_NAME}==ethernet1/1}}`), row)
  t.deepEqual(oid(`${IF_HC_IN}.{{ ${IF_NAME} == ethernet1/1 }}.2.1`), { ...row, suffix: '2.1' })
  t.like(parse(`snmpv3://user@h/${IF_HC_IN}.{{ ${IF_NAME} == a?b }}?${KEYS}`), {
    oid: { ...row, text: 'a?b' },
    access: { priv: { protocol: 'aes' } },
  })
})

test('the text of a template may hold anything; blanks around it do not count, nor does one pair of quotes', t => {
  const text = (template: string) => {
    const { oid } = parse(`snmp://public@h/1.3.6.{{ 1.3.7 == ${template} }}`)
    return typeof oid === 'string' ? undefined : oid.text
  }
  t.is(text('Port 1 @ rack/7: x=y == z'), 'Port 1 @ rack/7: x=y == z')
  t.is(text('100%25 %7B%7B%7D%7D'), '100% {{}}')
  t.is(text('"Port 1"'), 'Port 1')
  t.is(text("'Port 1'"), 'Port 1')
  t.is(text('""Port 1""'), '"Port 1"')
  t.is(text('"Port 1'), '"Port 1')
})

const REFUSED: readonly (readonly [url: string, reason: RegExp])[] = [
  ['snmpv1://h/1.3', /must name the community: snmpv1:/],
  ['snmpv3://h/1.3', /must name the user/],
  ['snmpv3://@h/1.3', /user of 1 to 32 bytes/],
  [`snmpv3://${'u'.repeat(33)}@h/1.3`, /user of 1 to 32 bytes/],
  ['snmpv3://user@h/1.3?auth=sha&authkey=p@ss', /percent-encoded/],
  ['snmpv3://user@h/?auth=sha', /names no OID/],
  ['snmpv3://user@h/1.3?context=x', /takes level=, auth=, authkey=, priv=, privkey= behind the \?/],
  ['snmpv3://user@h/1.3?auth', /takes level=/],
  ['snmpv3://user@h/1.3?auth=sha&auth=md5', /auth= twice/],
  ['snmpv3://user@h/1.3?level=high', /level of noAuthNoPriv, authNoPriv or authPriv/],
  ['snmpv3://user@h/1.3?auth=sha', /auth= and authkey= for level authNoPriv/],
  ['snmpv3://user@h/1.3?authkey=authpass123', /auth= and authkey= for level authNoPriv/],
  [
    'snmpv3://user@h/1.3?level=authPriv&auth=sha&authkey=authpass123',
    /priv= and privkey= for level authPriv/,
  ],
  ['snmpv3://user@h/1.3?priv=aes&privkey=privpass123', /auth= and authkey= for level authPriv/],
  ['snmpv3://user@h/1.3?auth=sha3&authkey=authpass123', /auth=md5, sha, sha224, sha256, sha384, sha512/],
  [`snmpv3://user@h/1.3?${KEYS.replace('=aes', '=3des')}`, /priv=des, aes, aes256b, aes256r/],
  ['snmpv3://user@h/1.3?auth=sha&authkey=short', /authkey= with 8 characters/],
  ['snmpv3://user@h/1.3?auth=sha&authkey=100%longer', /bad % sequence in the authkey/],
  [`snmpv3://user@h/1.3?level=noAuthNoPriv&${KEYS}`, /does not use/],
  [`snmpv3://user@h/1.3?level=authNoPriv&${KEYS}`, /does not use/],
  ['snmp://public@h/1.3.{{ 1.3.6 = a }}', /one template of the form/],
  ['snmp://public@h/1.3.{{ 1.3.6 == a', /one template of the form/],
  ['snmp://public@h/1.3.{{ 1.3 == a }}.{{ 1.3 == b }}', /one template of the form/],
  ['snmp://public@h/1.3.{{ 1.3.6 ==  }}', /without a text/],
  ['snmp://public@h/1.3.{{ 1.3.6 == "" }}', /without a text/],
  ['snmp://public@h/1.3{{ 1.3.6 == a }}', /dot before its template/],
  ['snmp://public@h/{{ 1.3.6 == a }}.1.3', /dot before its template/],
  ['snmp://public@h/1.3.{{ 1.3.6 == a }}5', /dot before its template/],
  ['snmp://public@h/1.3.{{ ifName == a }}', /OID of a table column/],
  ['snmp://public@h/1.3.{{ 3.6 == a }}', /cannot exist/],
]

for (const [url, reason] of REFUSED) {
  test(`the url "${url}" is refused with its reason`, t => {
    t.throws(() => parseDeviceUrl(url), { instanceOf: BadUrl, message: reason })
  })
}
