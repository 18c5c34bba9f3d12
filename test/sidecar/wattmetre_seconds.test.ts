import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import type { Sample } from '../../sidecar/sample.ts'
import { Ports } from '../../sidecar/wattmetre/ports.ts'
import { Seconds } from '../../sidecar/wattmetre/seconds.ts'

// @fast-check/ava puts the seed into the title of each property.

const hour = 3_600

/** Seconds with a clock that moves only when told; what it hands on as `[port, time, value]`. */
function open() {
  const ports = new Ports('w', new Map())
  const taken: [port: number, time: number, value: number][] = []
  let nowMs = 0
  let promoted = new Set<number>()
  let late = 0
  const seconds = new Seconds({
    now: () => nowMs,
    portsInUse: () => ({ ports, promoted }),
    take: (samples: readonly Sample[]) => {
      for (const { series, timestamp, value } of samples)
        taken.push([Number(series.deviceId.slice('w-port'.length)), timestamp / 1e6, value])
    },
    onLate: measurements => {
      late += measurements
    },
  })
  return {
    taken,
    late: () => late,
    promote: (...numbers: number[]) => {
      promoted = new Set(numbers)
    },
    add: (time: number, ...powers: number[]) => seconds.add({ timestamp: Math.round(time * 1e6), powers }),
    /** Time passes, and the program looks at what is old. */
    pass(ms: number) {
      nowMs += ms
      seconds.closeOld()
    },
    end() {
      seconds.closeAll()
      return taken
    },
  }
}

test('a second is the average of what was measured in it, and carries its time', t => {
  const { add, end } = open()
  add(100.1, 10, 1)
  add(100.9, 20, Number.NaN)
  add(101.0, 7, Number.NaN)
  t.deepEqual(end(), [
    [0, 100, 15],
    [1, 100, 1],
    [0, 101, 7],
  ])
})

test('a second is closed when a later one has lasted two seconds of the input', t => {
  const { add, taken } = open()
  for (const time of [100, 100.5, 101, 102, 102.9]) add(time, 1)
  t.deepEqual(taken, [])
  add(103, 1)
  t.deepEqual(taken, [[0, 100, 1]])
})

test('a second is closed two seconds after a later one began where the input stands still', t => {
  const { add, pass, taken } = open()
  add(100.2, 1)
  add(101.2, 2)
  pass(1_999)
  t.deepEqual(taken, [])
  pass(1)
  t.deepEqual(taken, [[0, 100, 1]])
  pass(10 * hour * 1_000)
  t.deepEqual(taken, [[0, 100, 1]], 'the rest of the last second may still come')
  add(101.8, 4)
  add(102, 4)
  pass(2_000)
  t.deepEqual(taken.slice(1), [[0, 101, 3]])
})

testProp(
  'lines out of order by up to two seconds, in bursts of any size, make the same averages as in order',
  [
    fc.array(fc.tuple(fc.integer({ min: 0, max: 30_000 }), fc.nat(500)), { minLength: 1 }),
    fc.infiniteStream(fc.nat(1_990)),
  ],
  (t, measurements, delays) => {
    const sorted = measurements
      .map(([ms, watts]) => [100 + ms / 1_000, watts] as const)
      .sort(([a], [b]) => a - b)
    const disordered = sorted
      .map(([time, watts]) => ({ time, watts, arrival: time + (delays.next().value ?? 0) / 1_000 }))
      .sort((a, b) => a.arrival - b.arrival)
    const [inOrder, outOfOrder] = [open(), open()]
    for (const [time, watts] of sorted) inOrder.add(time, watts)
    for (const { time, watts } of disordered) outOfOrder.add(time, watts)
    t.deepEqual(outOfOrder.end().sort(byTime), inOrder.end().sort(byTime))
    t.is(outOfOrder.late(), 0)
  },
)

function byTime([, a]: readonly number[], [, b]: readonly number[]): number {
  return (a ?? 0) - (b ?? 0)
}

test('measurements that come after the average of their second are counted, not averaged a second time', t => {
  const { add, end, late } = open()
  for (const time of [100, 101, 102, 103, 104]) add(time, 1)
  add(100.5, 9)
  t.is(late(), 1)
  t.is(end().filter(([, time]) => time === 100).length, 1)
})

test('a clock set back by an hour, or forward, goes on with an average a second', t => {
  const { add, end, late } = open()
  const times = [5_000, 5_001, 5_002, 1_400, 1_401, 1_402, 1_403, 9_000, 9_001, 9_002, 9_003]
  for (const time of times) {
    add(time + 0.25, 1)
    add(time + 0.75, 3)
  }
  t.deepEqual(
    end(),
    times.map(time => [0, time, 2]),
  )
  t.is(late(), 0)
})

test('one line from the future costs the seconds around it nothing', t => {
  const { add, end, late } = open()
  add(100.25, 1)
  add(100 + hour, 50)
  add(100.75, 3)
  for (const time of [101, 102, 103, 104, 105]) add(time, 5)
  const taken = end()
  t.deepEqual(
    taken.filter(([, time]) => time === 100),
    [[0, 100, 2]],
  )
  t.is(taken.length, 7)
  t.is(late(), 0)
})

test('a promotion and its end take effect with the next second', t => {
  const { add, promote, end } = open()
  add(100.2, 1, 10)
  promote(1)
  add(100.8, 3, 30)
  add(101.2, 5, 50)
  add(101.4, 7, 70)
  promote()
  add(101.8, 9, 90)
  add(102.5, 11, 110)
  t.deepEqual(end(), [
    [1, 101.2, 50],
    [1, 101.4, 70],
    [1, 101.8, 90],
    [0, 100, 2],
    [1, 100, 20],
    [0, 101, 7],
    [0, 102, 11],
    [1, 102, 110],
  ])
})

test('no measurement of a promoted port is too late', t => {
  const { add, promote, taken, late } = open()
  promote(0)
  for (const time of [100, 101, 102, 103, 104, 100.5]) add(time, time)
  t.deepEqual(
    taken.map(([, time]) => time),
    [100, 101, 102, 103, 104, 100.5],
  )
  t.is(late(), 0)
})

testProp(
  'times that leap about keep few seconds open, and lose nothing but what is too late',
  [fc.array(fc.nat(1_000_000), { minLength: 20, maxLength: 200 })],
  (t, times) => {
    const { add, taken, late, end } = open()
    for (const time of times) add(time, 1)
    const closed = new Set(taken.map(([, time]) => time)).size
    t.true(new Set(times).size - closed <= 17)
    t.true(end().length + late() >= new Set(times).size)
  },
)
