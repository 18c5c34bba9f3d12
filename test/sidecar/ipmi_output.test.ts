import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import { explain, isCaching, isUnknownRecord, readRow } from '../../sidecar/protocols/ipmi_output.ts'

test('a line gives id, name and reading', t => {
  t.deepEqual(readRow("3,Outdoor Temp,-5.00,C,'At or Above (>=) Upper Critical Threshold'"), {
    id: 3,
    name: 'Outdoor Temp',
    reading: -5,
    states: undefined,
  })
  t.like(readRow("4,Fan1 RPM,5640.00,RPM,'OK'"), { id: 4, reading: 5640 })
})

test('a sensor of states gives its states in words', t => {
  t.like(readRow("10,PS1 Status,N/A,N/A,'Presence detected'"), {
    reading: undefined,
    states: 'Presence detected',
  })
  t.like(
    readRow("10,PS1 Status,N/A,N/A,'Presence detected' 'Power Supply input out-of-range, but present'"),
    {
      states: 'Presence detected, Power Supply input out-of-range, but present',
    },
  )
})

test('a reading of N/A is neither a number nor a state', t => {
  for (const line of [
    '8,Exhaust Temp,N/A,C,N/A',
    "8,Exhaust Temp,N/A,C,'OK'",
    '8,Drive,N/A,N/A,N/A',
    '8,Drive,N/A,N/A,Unknown',
  ]) {
    t.like(readRow(line), { id: 8, reading: undefined, states: undefined }, line)
  }
})

test('other lines are no sensors', t => {
  for (const line of [
    '',
    'ipmi-sensors',
    '1,Temp',
    "x,Temp,1.00,C,'OK'",
    "1,Temp,hot,C,'OK'",
    "1,Temp,1.00,C,'OK",
  ]) {
    t.is(readRow(line), undefined, line)
  }
})

test('an unknown record and the reading of the SDR are recognised', t => {
  t.true(isUnknownRecord("Sensor Record ID '77' not found"))
  t.true(isCaching('Caching SDR record 2 of 11 (current record ID 2) '))
  t.false(isCaching('ipmi-sensors: connection timeout'))
})

test('complaints become sentences, unknown ones stay as they are', t => {
  t.is(explain('ipmi-sensors: password invalid'), 'it refuses the password')
  t.is(explain('bad thing'), 'ipmi-sensors says: bad thing')
})

const name = fc
  .array(fc.oneof(fc.constantFrom(',', "'", ",1.00,C,'", 'N/A', "'OK'", ',N/A,N/A,'), fc.string()))
  .map(parts => parts.join(''))
const reading = fc.oneof(
  fc.constant('N/A'),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(value => value.toFixed(2)),
)
const units = fc.constantFrom('C', 'RPM', 'W', 'N/A', '%', 'cu ft/min')
const event = fc.constantFrom(
  'N/A',
  'Unknown',
  "'OK'",
  "'State Asserted' 'OK'",
  "'Power Supply input out-of-range, but present'",
)

testProp(
  'a name may hold anything, commas and quotes too',
  [fc.integer({ min: 0, max: 65_535 }), name, reading, units, event],
  (t, id, text, value, unit, what) => {
    const row = readRow(`${id},${text},${value},${unit},${what}`)
    t.like(row, { id, name: text, reading: value === 'N/A' ? undefined : Number(value) })
  },
  { numRuns: 2000 },
)

testProp('any line is a sensor or none', [fc.oneof(name, fc.string({ unit: 'binary' }))], (t, line) => {
  t.notThrows(() => [readRow(line), explain(line)])
})
