import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import { type LineVersion, readLine } from '../../sidecar/wattmetre/line.ts'
import { LineCutter, type LineEnd } from '../../sidecar/wattmetre/line_cutter.ts'

// @fast-check/ava puts the seed into the title of each property.

test('a line of version 2 has the time in field 2 and a power for each port from field 4 on', t => {
  t.deepEqual(readLine(2, '7,42,1606389845.125000,OK,12.5,0,-0.3,1e2'), {
    timestamp: 1_606_389_845_125_000,
    powers: [12.5, 0, -0.3, 100],
  })
})

test('a line of version 3 has the power of port p in field 6 + 2p, and six fields behind the ports', t => {
  t.deepEqual(readLine(3, '1671527189.314471465,true,232.3,0.0,0.0,0.1,20.9,0.2,41.5,,,,,,'), {
    timestamp: 1_671_527_189_314_471,
    powers: [20.9, 41.5],
  })
})

test('an empty power and nan are absent and cost no other port', t => {
  t.deepEqual(readLine(2, '1,1,1606389845,OK,1,,nan, NaN ,-nan, 2 '), {
    timestamp: 1_606_389_845_000_000,
    powers: [1, NaN, NaN, NaN, NaN, 2],
  })
})

const skipped = [
  [2, '1,1,1606389845,KO,1', 'not marked as valid by the wattmetre'],
  [2, '1,1,1606389845,ok,1', 'not marked as valid by the wattmetre'],
  [3, '1671527189.2,false,,,,,,,,,,,', 'not marked as valid by the wattmetre'],
  [2, '1606389845', 'with a wrong number of fields'],
  [2, '1,1,1606389845,OK', 'with a wrong number of fields'],
  [3, '1671527189.3,true,230,0,0,0.1,20.9,,,,,', 'with a wrong number of fields'],
  [3, '1671527189.3,true,230,0,0,0.1,20.9,0.1,,,,,,', 'with a wrong number of fields'],
  [2, `1,1,1606389845,OK${',0'.repeat(10_001)}`, 'with a wrong number of fields'],
  [2, '1,1,,OK,1', 'without a Unix time'],
  [2, '1,1,nan,OK,1', 'without a Unix time'],
  [2, '1,1,-5,OK,1', 'without a Unix time'],
  [2, '1,1,1606389845123,OK,1', 'without a Unix time'],
  [2, '1,1,9999999999,OK,1', 'without a Unix time'],
  [2, '1,1,2026-11-22,OK,1', 'without a Unix time'],
  [2, '1,1,1606389845,OK,1,0x10', 'with a power that is no number'],
  [2, '1,1,1606389845,OK,Infinity', 'with a power that is no number'],
  [2, '1,1,1606389845,OK,1e999', 'with a power that is no number'],
  [2, '1,1,1606389845,OK,12.34.5', 'with a power that is no number'],
] as const

for (const [version, line, reason] of skipped) {
  test(`skipped, ${reason}: version ${version} ${line.slice(0, 40)}`, t => {
    t.is(readLine(version, line), reason)
  })
}

test('a blank line and a heading hold nothing to skip', t => {
  for (const line of ['', '  ', '#timestamp,#frame_is_ok,#U1']) {
    t.is(readLine(3, line), 'no measurements')
  }
})

const power = fc.oneof(
  // Without -0, which JavaScript prints as 0.
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(watt => watt + 0),
  fc.integer({ min: 0, max: 5_000 }).map(tenths => tenths / 10),
  fc.constant(Number.NaN),
)
// Up to the last second whose microseconds a double holds.
const time = fc.integer({ min: 0, max: 9_007_199_254 * 1e6 })
const ports = fc.array(power, { minLength: 1, maxLength: 50 })

testProp(
  'what a program prints is read as it was meant, to the microsecond',
  [time, ports],
  (t, us, watts) => {
    const seconds = `${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`
    const columns = watts.flatMap(watt => ['0.5', String(watt)])
    t.deepEqual(readLine(2, `1,1,${seconds},OK,${watts}`), { timestamp: us, powers: watts })
    t.deepEqual(readLine(3, `${seconds},true,230,230,230,${columns},,,,,,`), { timestamp: us, powers: watts })
  },
)

/** Bytes of every kind, and bytes that look like lines. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 30 }).map(array => Buffer.from(array)),
      fc
        .constantFrom(
          '1,1,1606389845.5,OK,',
          '1606389845.5,true,230,0,0,',
          ',,,,,,',
          '\n',
          '\r\n',
          ',',
          'nan',
          '#',
        )
        .map(text => Buffer.from(text)),
      fc.double().map(number => Buffer.from(String(number))),
    ),
    { maxLength: 60 },
  )
  .map(parts => Buffer.concat(parts))

testProp(
  'any bytes, cut anywhere: every line is measurements, a reason to skip it, or blank',
  [bytes, fc.array(fc.nat()), fc.constantFrom<LineVersion>(2, 3)],
  (t, all, cuts, version) => {
    const lines = linesOf(piecesOf(all, cuts))
    const expected = all.toString('latin1').split('\n')
    if (expected.at(-1)?.replace(/\r$/, '') === '') expected.pop()
    t.deepEqual(
      lines.map(({ line }) => line),
      expected.map(line => line.replace(/\r$/, '')),
    )
    for (const { line } of lines) {
      const read = readLine(version, line)
      if (typeof read === 'string') t.regex(read, /^(?:not|with|no) ?/)
      else {
        t.true(Number.isSafeInteger(read.timestamp))
        t.true(
          read.powers.length > 0 && read.powers.every(watt => Number.isFinite(watt) || Number.isNaN(watt)),
        )
      }
    }
  },
)

test('a stream without a line feed is one line too long, and what follows it is whole', t => {
  const pieces = [
    ...Array.from({ length: 50 }, () => Buffer.alloc(10_000, 'x')),
    Buffer.from('yy\n1,1\nrest'),
  ]
  t.deepEqual(
    linesOf(pieces).map(({ line, end }) => [line.length, end]),
    [
      [131_072, 'too long'],
      [3, 'whole'],
      [4, 'cut off'],
    ],
  )
})

function piecesOf(all: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map(cut => cut % (all.length + 1)).sort((a, b) => a - b), all.length]
  return places.slice(1).map((place, index) => all.subarray(places[index], place))
}

function linesOf(pieces: readonly Buffer[]): { line: string; end: LineEnd }[] {
  const lines: { line: string; end: LineEnd }[] = []
  const cutter = new LineCutter((line, end) => lines.push({ line, end }))
  for (const piece of pieces) cutter.push(piece)
  cutter.end()
  return lines
}
