import { testProp } from '@fast-check/ava'
import test from 'ava'
import fc from 'fast-check'
import { ObjectType } from 'net-snmp'
import { toReading } from '../../sidecar/protocols/snmp_values.ts'

// @fast-check/ava puts the seed into the title of each property.
const octets = (value: string | readonly number[]) =>
  toReading({
    type: ObjectType.OctetString,
    value: typeof value === 'string' ? Buffer.from(value) : Buffer.from(value),
  })
const counter64 = (hex: string) => toReading({ type: ObjectType.Counter64, value: Buffer.from(hex, 'hex') })
const opaque = (hex: string) => toReading({ type: ObjectType.Opaque, value: Buffer.from(hex, 'hex') })

test('integers, counters, gauges and centiseconds are taken as they are', t => {
  for (const type of [ObjectType.Integer, ObjectType.Counter32, ObjectType.Gauge32, ObjectType.TimeTicks]) {
    t.deepEqual(toReading({ type, value: 4_294_967_295 }), { value: 4_294_967_295 })
  }
  t.deepEqual(toReading({ type: ObjectType.Integer, value: -42 }), { value: -42 })
})

test('a Counter64 of any length is the nearest double', t => {
  t.deepEqual(counter64('00'), { value: 0 })
  t.deepEqual(counter64('ff'), { value: 255 })
  t.deepEqual(counter64('ffffffffffff'), { value: 2 ** 48 - 1 })
  t.deepEqual(counter64('1fffffffffffff'), { value: Number.MAX_SAFE_INTEGER })
  t.deepEqual(counter64('ffffffffffffffff'), { value: 2 ** 64 })
  t.deepEqual(counter64('00ffffffffffffffff'), { value: 2 ** 64 })
  t.deepEqual(counter64('008000000000000001'), { value: 2 ** 63 })
})

test('a Counter64 that is no 64-bit number is shown as its bytes', t => {
  t.deepEqual(counter64('01ffffffffffffffff'), { value: Number.NaN, text: '01:ff:ff:ff:ff:ff:ff:ff:ff' })
  t.deepEqual(counter64(''), { value: Number.NaN, text: '' })
})

testProp(
  'a Counter64 is rounded once, as BigInt does',
  [fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })],
  (t, number) => {
    const hex = number.toString(16)
    t.is(counter64(hex.padStart(hex.length + (hex.length % 2), '0')).value, Number(number))
  },
)

test('opaque floats, doubles and 64-bit integers are numbers', t => {
  t.deepEqual(opaque('9f780441bc0000'), { value: 23.5 })
  t.deepEqual(opaque('9f79084037800000000000'), { value: 23.5 })
  t.deepEqual(opaque('9f7a05fde78ee600'), { value: -9_000_000_000 })
  t.deepEqual(opaque('9f7a08fffffffde78ee600'), { value: -9_000_000_000 })
  t.deepEqual(opaque('9f7b08ffffffffffffffff'), { value: 2 ** 64 })
  t.deepEqual(opaque('9f7b0900ffffffffffffffff'), { value: 2 ** 64 })
  t.deepEqual(opaque('9f76012a'), { value: 42 })
})

test('an opaque value of another form is shown as its bytes', t => {
  t.is(opaque('9f780341bc00').text, '9f:78:03:41:bc:00')
  t.is(opaque('9f780541bc0000').text, '9f:78:05:41:bc:00:00')
  t.is(opaque('0203010203').text, '02:03:01:02:03')
  t.is(opaque('9f').text, '9f')
})

test('a string that is a decimal number is that number', t => {
  const numbers: [string, number][] = [
    ['23.5', 23.5],
    [' 23.5\r\n', 23.5],
    ['-4e3', -4000],
    ['+1.5E-3', 0.0015],
    ['.5', 0.5],
    ['5.', 5],
    ['007', 7],
    ['23.5\0', 23.5],
  ]
  for (const [text, value] of numbers) t.deepEqual(octets(text), { value }, JSON.stringify(text))
})

test('a string that only JavaScript takes for a number stays text', t => {
  for (const text of [
    '',
    ' ',
    '0x10',
    '0b1',
    'Infinity',
    '-inf',
    'nan',
    '1_000',
    '1e999',
    '23.5 C',
    '1,5',
    '--1',
    '1e',
  ]) {
    t.deepEqual(octets(text), { value: Number.NaN, text }, JSON.stringify(text))
  }
})

test('bytes that are no printable text are shown in hexadecimal', t => {
  t.is(octets([0xde, 0xad, 0xbe, 0xef]).text, 'de:ad:be:ef')
  t.is(octets([0x41, 0x00, 0x42]).text, '41:00:42')
  t.is(octets([0x41, 0x1b, 0x5b]).text, '41:1b:5b')
  t.is(octets([0xc2, 0x85]).text, 'c2:85')
})

test('text with several lines, accents and characters outside the BMP is kept', t => {
  const text = 'Cisco IOS\r\n\tÉdition 15 °C 🧊'
  t.is(octets(text).text, text)
})

test('text past 1,024 characters is cut and never halves a character', t => {
  t.is(octets('x'.repeat(1024)).text, 'x'.repeat(1024))
  t.is(octets('x'.repeat(1025)).text, `${'x'.repeat(1023)}…`)
  t.true(octets(`${'x'.repeat(1022)}🧊🧊`).text?.isWellFormed())
  t.is(octets(Array(65_000).fill(0)).text?.length, 1024)
})

test('addresses and object identifiers are text', t => {
  t.deepEqual(toReading({ type: ObjectType.IpAddress, value: '10.0.0.1' }), {
    value: Number.NaN,
    text: '10.0.0.1',
  })
  t.deepEqual(toReading({ type: ObjectType.OID, value: '1.3.6.1' }), { value: Number.NaN, text: '1.3.6.1' })
  t.deepEqual(toReading({ type: ObjectType.Null, value: null }), { value: Number.NaN, text: '' })
})

testProp(
  'no bytes of any type make it throw, and no text contains what PostgreSQL refuses',
  [
    fc.constantFrom(ObjectType.OctetString, ObjectType.Opaque, ObjectType.Counter64, ObjectType.BitString),
    fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc
        .uint8Array({ maxLength: 12 })
        .map(tail => Uint8Array.from([0x9f, 0x78 + (tail.length % 4), tail.length, ...tail])),
    ),
  ],
  (t, type, bytes) => {
    const { value, text } = toReading({ type, value: Buffer.from(bytes) })
    t.is(typeof value, 'number')
    if (text === undefined) return
    t.true(Number.isNaN(value) && text.length <= 1024 && text.isWellFormed() && !text.includes('\0'))
  },
)
