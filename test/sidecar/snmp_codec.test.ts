import { testProp } from '@fast-check/ava'
import test from 'ava'
import fc from 'fast-check'
import { element, integer, objectIdentifier, readOid, Tag } from '../../sidecar/protocols/snmp_ber.ts'
import { communityMessages } from '../../sidecar/protocols/snmp_community.ts'
import type { Request, Varbind } from '../../sidecar/protocols/snmp_pdu.ts'
import { userMessages } from '../../sidecar/protocols/snmp_user.ts'
import { snmpOracle } from '../peers/snmp_oracle.ts'

// @fast-check/ava puts the seed into the title of each property.
const RESPONSE = 0xa2
const REPORT = 0xa8

const arc = fc.oneof(
  fc.nat(300),
  fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  fc.constantFrom(127, 128, 16_383, 16_384),
)
const oid = fc
  .tuple(fc.nat(2), fc.nat(39), fc.array(arc, { minLength: 1, maxLength: 20 }))
  .map(([first, second, rest]) => [first, second, ...rest].join('.'))
const version = fc.constantFrom<1 | 2>(1, 2)

/** The request as it is, turned into the answer with these fields behind its request id. */
function answerTo(request: Buffer, ...fields: Buffer[]): Buffer {
  const header = request.subarray(request[1] === 0x82 ? 4 : request[1] === 0x81 ? 3 : 2)
  const communityEnd = 3 + 2 + (header[4] ?? 0)
  const pdu = header.subarray(communityEnd)
  const idAt = pdu[1] === 0x82 ? 4 : pdu[1] === 0x81 ? 3 : 2
  const id = pdu.subarray(idAt, idAt + 2 + (pdu[idAt + 1] ?? 0))
  return element(Tag.Sequence, header.subarray(0, communityEnd), element(RESPONSE, id, ...fields))
}

testProp('an OID survives its bytes', [oid], (t, text) => {
  const bytes = objectIdentifier(text)
  t.is(readOid(bytes, { start: bytes.length < 130 ? 2 : 3, end: bytes.length }), text)
})

testProp(
  'requests have the bytes that net-snmp sends',
  [version, fc.array(oid, { minLength: 1, maxLength: 60 }), fc.integer({ min: 2, max: 100 })],
  (t, version, oids, rows) => {
    const oracle = snmpOracle(version, 'public')
    const messages = communityMessages({ version, community: 'public' })
    const check = (theirs: Buffer, request: Request) => {
      const id = messages.idOf(answerTo(theirs, integer(0), integer(0), element(Tag.Sequence)))
      t.deepEqual(messages.encode(request, id ?? 0), theirs)
    }
    const [first = ''] = oids
    check(
      oracle.request((session, done) => session.get(oids, done)),
      { kind: 'get', oids },
    )
    check(
      oracle.request((session, done) => session.getNext([first], done)),
      { kind: 'next', oid: first, rows: 1 },
    )
    if (version === 2) {
      check(
        oracle.request((session, done) => session.getBulk([first], 0, rows, done)),
        {
          kind: 'next',
          oid: first,
          rows,
        },
      )
    }
  },
)

const octets = (maxLength: number) => fc.uint8Array({ maxLength }).map(bytes => Buffer.from(bytes))
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const valueElement = fc.oneof(
  int32.map(integer),
  fc
    .tuple(fc.constantFrom(Tag.Counter32, Tag.Gauge32, Tag.TimeTicks), fc.nat(2 ** 32 - 1))
    .map(([tag, value]) => {
      const bytes = Buffer.alloc(5)
      bytes.writeUInt32BE(value, 1)
      const spare = bytes.findIndex((byte, at) => byte !== 0 || (bytes[at + 1] ?? 0x80) >= 0x80)
      return element(tag, bytes.subarray(spare))
    }),
  fc
    .tuple(fc.constantFrom(Tag.OctetString, Tag.Opaque), octets(300))
    .map(([tag, bytes]) => element(tag, bytes)),
  fc.uint8Array({ minLength: 1, maxLength: 9 }).map(bytes => element(Tag.Counter64, bytes)),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map(bytes => element(Tag.IpAddress, bytes)),
  oid.map(objectIdentifier),
  fc.constantFrom(Tag.Null, Tag.NoSuchObject, Tag.NoSuchInstance, Tag.EndOfMibView).map(tag => element(tag)),
)

testProp(
  'answers are read as net-snmp reads them, whether the OIDs are those asked or others',
  [version, fc.array(fc.tuple(oid, fc.option(oid), valueElement), { minLength: 1, maxLength: 20 })],
  (t, version, entries) => {
    const oids = entries.map(([asked]) => asked)
    const oracle = snmpOracle(version, 'public')
    const request = oracle.request((session, done) => session.get(oids, done))
    const list = entries.map(([asked, other, value]) =>
      element(Tag.Sequence, objectIdentifier(other ?? asked), value),
    )
    const answer = answerTo(request, integer(0), integer(0), element(Tag.Sequence, ...list))
    const messages = communityMessages({ version, community: 'public' })
    messages.encode({ kind: 'get', oids }, 1)
    const ours = messages.read(answer, { kind: 'get', oids }, 7)
    const theirs = oracle.read(answer)
    t.deepEqual(ours, { kind: 'varbinds', sentAt: 7, varbinds: theirs as Varbind[] })
  },
)

test('an OID that ends like the one asked is another OID', t => {
  const asked = '1.3.9.6.3.43.6.1'
  const messages = communityMessages({ version: 2, community: 'public' })
  const request = messages.encode({ kind: 'get', oids: [asked] }, 2 ** 24)
  const varbind = element(Tag.Sequence, Buffer.of(Tag.Oid, 3, 43, 6, 1), integer(5))
  const answer = answerTo(request, integer(0), integer(0), element(Tag.Sequence, varbind))
  const read = messages.read(answer, { kind: 'get', oids: [asked] }, 0)
  t.like(read, { kind: 'varbinds', varbinds: [{ oid: '1.3.6.1', value: 5 }] })
})

test('a value that cannot be read costs no other of the answer', t => {
  const messages = communityMessages({ version: 2, community: 'public' })
  const oids = ['1.3.1', '1.3.2', '1.3.3', '1.3.4', '1.3.5']
  const request = messages.encode({ kind: 'get', oids }, 2 ** 24)
  const values = [
    element(Tag.Integer),
    element(Tag.Counter32, Buffer.from('0100000000', 'hex')),
    element(Tag.IpAddress, Buffer.of(1, 2, 3)),
    element(0x99, Buffer.of(1)),
    integer(5),
  ]
  const list = oids.map((oid, index) =>
    element(Tag.Sequence, objectIdentifier(oid), values[index] ?? integer(0)),
  )
  const answer = answerTo(request, integer(0), integer(0), element(Tag.Sequence, ...list))
  const read = messages.read(answer, { kind: 'get', oids }, 0)
  const read0 =
    read !== 'ask again' && read.kind === 'varbinds' ? read.varbinds.map(({ value }) => value) : []
  t.deepEqual(read0, [undefined, undefined, undefined, undefined, 5])
})

const user = {
  version: 3,
  user: 'kw',
  auth: { protocol: 'sha', key: 'authpass123' },
  priv: { protocol: 'aes', key: 'privpass123' },
} as const

/** The Report in which an agent tells its engine. */
function engineReport(id: number): Buffer {
  const empty = element(Tag.OctetString)
  const engineId = element(Tag.OctetString, Buffer.from('80001f8804646d', 'hex'))
  const security = element(Tag.Sequence, engineId, integer(3), integer(700), empty, empty, empty)
  const counter = element(Tag.Sequence, objectIdentifier('1.3.6.1.6.3.15.1.1.4.0'), integer(1))
  const pdu = element(REPORT, integer(id), integer(0), integer(0), element(Tag.Sequence, counter))
  const flags = element(Tag.OctetString, Buffer.of(0))
  return element(
    Tag.Sequence,
    integer(3),
    element(Tag.Sequence, integer(id), integer(65_507), flags, integer(3)),
    element(Tag.OctetString, security),
    element(Tag.Sequence, engineId, empty, pdu),
  )
}

const get = { kind: 'get', oids: ['1.3.6.1.2.1.1.3.0'] } as const

/** Messages of each kind, and an answer or request of that kind to be damaged. */
function subjects() {
  const v2c = communityMessages({ version: 2, community: 'public' })
  const varbind = element(Tag.Sequence, objectIdentifier(get.oids[0]), integer(5))
  const answer = answerTo(v2c.encode(get, 2 ** 24), integer(0), integer(0), element(Tag.Sequence, varbind))
  const v3 = userMessages(user)
  const report = engineReport(2 ** 24)
  v3.read(report, get, 0)
  return [
    { messages: v2c, sample: answer },
    { messages: v3, sample: report },
    { messages: v3, sample: v3.encode(get, 2 ** 24) },
    { messages: userMessages(user), sample: report },
  ]
}

const damage = fc.record({
  changes: fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
  cut: fc.option(fc.nat(200)),
  tail: fc.oneof(
    octets(20),
    fc.constantFrom(0x30, 0x80, 0xff).map(byte => Buffer.alloc(65_000, byte)),
  ),
})

testProp(
  'no bytes make a reader throw',
  [damage],
  (t, { changes, cut, tail }) => {
    for (const { messages, sample } of subjects()) {
      const bytes = Buffer.concat([sample.subarray(0, cut ?? sample.length), tail])
      for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte
      t.notThrows(() => {
        messages.idOf(bytes)
        messages.read(bytes, get, 0)
        messages.encode(get, 2 ** 24)
      })
    }
  },
  { numRuns: 1000 },
)

test('lengths that are indefinite, too long or past the end are refused', t => {
  const { messages, sample } = subjects()[0] ?? {}
  for (const [at, hex] of [
    [0, '3080'],
    [0, '3085'],
    [0, '30ff'],
    [0, '307f'],
  ] as const) {
    const bytes = Buffer.from(sample ?? '')
    bytes.write(hex, at, 'hex')
    t.deepEqual(messages?.read(bytes, get, 0), { kind: 'unreadable' }, hex)
  }
})
