import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import type { IpmiUrl } from '../../sidecar/ipmi_url.ts'
import { BadUrl } from '../../sidecar/url_parts.ts'
import { hostKey, hostName, parseDeviceUrl, phaseKey } from '../../sidecar/urls.ts'

function parse(text: string): IpmiUrl {
  const url = parseDeviceUrl(text)
  if (url.protocol !== 'ipmisensor') throw new TypeError(url.protocol)
  return url
}

const usual = {
  user: 'root',
  password: 'calvin',
  driver: 'LAN_2_0',
  privilege: undefined,
  cipher: undefined,
  workarounds: undefined,
} as const

test('an ipmisensor url gives host, port, credentials and the sensor by id or name', t => {
  const url = { protocol: 'ipmisensor', host: 'bmc-1', port: 623, access: usual } as const
  t.deepEqual(parse('ipmisensor://root:calvin@bmc-1/20'), { ...url, sensor: 20 })
  t.deepEqual(parse('ipmisensor://root:calvin@bmc-1:1623/020'), { ...url, port: 1623, sensor: 20 })
  t.is(parse('ipmisensor://root:calvin@bmc-1/Inlet Temp').sensor, 'Inlet Temp')
  t.is(parse('ipmisensor://root:calvin@bmc-1/CPU1%2FTemp%3F%40').sensor, 'CPU1/Temp?@')
  t.is(parse('ipmisensor://root:calvin@[2001:db8::7]/1').host, '2001:db8::7')
})

test('a user ends at the first colon, a password at the last @', t => {
  t.like(parse('ipmisensor://root:p@ss:w/rd?&#@bmc-1/20').access, { user: 'root', password: 'p@ss:w/rd?&#' })
  t.like(parse('ipmisensor://:@bmc-1/20').access, { user: '', password: '' })
})

test('what follows the ? says how the BMC is spoken to', t => {
  const access = (query: string) => parse(`ipmisensor://root:calvin@bmc-1/20?${query}`).access
  t.deepEqual(access('driver=lan&privilege=operator&cipher=17&workaround=opensesspriv,authcap'), {
    ...usual,
    driver: 'LAN',
    privilege: 'OPERATOR',
    cipher: 17,
    workarounds: ['opensesspriv', 'authcap'],
  })
  t.deepEqual(access(''), usual)
})

const REFUSED: readonly (readonly [rest: string, reason: RegExp])[] = [
  ['bmc-1/20', /must name user and password/],
  ['root@bmc-1/20', /must name user and password/],
  ['root:calvin@bmc-1', /names no sensor/],
  ['root:calvin@bmc-1/?driver=LAN', /names no sensor/],
  ['root:calvin@bmc-1/65536', /65535 or less/],
  ['root:calvin@[fe80::1%eth0]/20', /zone/],
  ['root:calvin@bmc-1/Fan?1', /driver=, privilege=, cipher=, workaround= behind the \?/],
  ['root:calvin@bmc-1/20?driver=LAN&driver=LAN', /driver= twice/],
  ['root:calvin@bmc-1/20?driver=KCS', /one of driver=LAN_2_0, LAN$/],
  ['root:calvin@bmc-1/20?privilege=oem', /one of privilege=USER, OPERATOR, ADMIN$/],
  ['root:calvin@bmc-1/20?cipher=x', /number in cipher=/],
  ['root:calvin@bmc-1/20?workaround=a b', /commas between them in workaround=/],
  ['seventeen-letters:calvin@bmc-1/20', /user of more than 16 bytes/],
  ['root:123456789012345678901@bmc-1/20', /password of more than 20 bytes/],
  ['root:12345678901234567@bmc-1/20?driver=LAN', /password of more than 16 bytes/],
  ['root:a%0Ab@bmc-1/20', /password with a NUL or the end of a line/],
]

for (const [rest, reason] of REFUSED) {
  test(`the url "ipmisensor://${rest}" is refused with its reason`, t => {
    const error = t.throws(() => parse(`ipmisensor://${rest}`), { instanceOf: BadUrl })
    t.regex(error?.message ?? '', reason)
    t.notRegex(error?.message ?? '', /calvin|seventeen|1234567/)
  })
}

test('a BMC is a host for each access, and is named without it', t => {
  const urls = [
    'root:calvin@bmc-1/20',
    'root:calvin@BMC-1:623/21',
    'root:other@bmc-1/20',
    'root:calvin@bmc-1/20?driver=LAN',
  ]
  const [first, same, ...others] = urls.map(rest => hostKey(parse(`ipmisensor://${rest}`)))
  t.is(first, same)
  t.is(new Set([first, ...others]).size, 3)
  t.is(hostName(parse('ipmisensor://root:calvin@bmc-1/20')), 'bmc-1')
})

test('a hundred BMCs of one access are due at few moments, those of another at others', t => {
  const keys = (password: string) =>
    Array.from({ length: 100 }, (_, n) => phaseKey(parse(`ipmisensor://root:${password}@bmc-${n}/20`)))
  const [ours, others] = [new Set(keys('calvin')), new Set(keys('other'))]
  t.true(ours.size > 8 && ours.size <= 16, `${ours.size} moments`)
  t.is([...ours, ...others].length, new Set([...ours, ...others]).size)
})

const secret = fc
  .string({ unit: 'binary-ascii', minLength: 1, maxLength: 16 })
  .filter(text => !/[\0\r\n]/.test(text))
const sensor = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !/^\d+$/.test(text))

testProp(
  'user, password and name survive percent-encoding',
  [secret, secret, sensor],
  (t, user, password, name) => {
    const [a, b, c] = [user, password, name].map(encodeURIComponent)
    t.like(parse(`ipmisensor://${a}:${b}@bmc-1/${c}`), { access: { user, password }, sensor: name })
  },
)
