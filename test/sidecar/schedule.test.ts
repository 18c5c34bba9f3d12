import test from 'ava'
import fc from 'fast-check'
import { nextDue, phaseOf } from '../../sidecar/schedule.ts'
import { metric, scheduled, second } from './scheduled.ts'

const hour = 3_600 * second
const seed = Date.now() % 2 ** 31

test('each metric is polled at its own period on the grid of its host, for 10 hours without drift', async t => {
  const { clock, polls, at, skipped, phase } = scheduled([metric(second), metric(5 * second), metric(7_000)])
  const start = clock.now()
  await clock.advance(10 * hour)
  for (const period of [1_000, 5_000, 7_000]) {
    const moments = at(`every ${period} ms`)
    t.is(
      moments.length,
      Math.floor((start + 10 * hour - phase) / period) - Math.floor((start - phase) / period),
    )
    t.true(moments.every(moment => (moment - phase) % period === 0))
  }
  t.is(polls.length, 36_000, 'the 1 s and the 5 s metrics meet in one poll')
  t.is(skipped(), 0)
})

test('phases are the same in every run and spread over any period', t => {
  t.is(phaseOf('switch-3'), phaseOf('switch-3'))
  for (const period of [10, 100, 1_000, 10_000, 60_000, 3_600_000]) {
    const tenths = new Array(10).fill(0)
    for (let host = 0; host < 2_000; host += 1) {
      const tenth = Math.floor(((phaseOf(`switch-${host}`) % period) * 10) / period)
      tenths[tenth] += 1
    }
    t.true(Math.min(...tenths) > 120 && Math.max(...tenths) < 280, `${period} ms: ${tenths}`)
  }
})

test('the next moment is the first on the grid that comes after, whatever the numbers', t => {
  t.log(`seed ${seed}`)
  const property = fc.property(
    fc.integer({ min: 10, max: 2 ** 31 - 1 }),
    fc.nat(2 ** 31),
    fc.integer({ min: 0, max: 4e12 }),
    (period, phase, after) => {
      const due = nextDue(period, phase, after)
      return due > after && due <= after + period && (due - phase) % period === 0
    },
  )
  t.notThrows(() => fc.assert(property, { seed, numRuns: 2_000 }))
})

test('whatever the periods and latencies, polls never overlap, and each that was due came or is counted', async t => {
  t.log(`seed ${seed}`)
  const period = fc.oneof(fc.integer({ min: 10, max: 5_000 }), fc.constantFrom(1_000, 1_001, 5_000))
  const property = fc.asyncProperty(
    fc.uniqueArray(period, { minLength: 1, maxLength: 3 }),
    fc.array(fc.nat(3_000), { minLength: 1, maxLength: 20 }),
    async (periods, latencies) => {
      let next = 0
      const run = scheduled(periods.map(metric), {
        latencyMs: () => latencies[next++ % latencies.length] ?? 0,
      })
      const start = run.clock.now()
      await run.clock.advance(20 * second)
      t.is(run.overlaps(), 0)
      const moments = new Set<number>()
      for (const each of periods) {
        for (let due = nextDue(each, run.phase, start); due <= start + 20 * second; due += each)
          moments.add(due)
      }
      t.is(run.polls.length + run.skipped(), moments.size)
      t.true(run.polls.every(({ at }) => moments.has(at)))
      const stop = run.schedule.stop()
      await run.clock.advance(3 * second)
      await stop
    },
  )
  await fc.assert(property, { seed, numRuns: 100 })
})

test('periods that nearly coincide leave a poll half its period to be answered', async t => {
  const { clock, polls } = scheduled([metric(1_000), metric(1_001)])
  await clock.advance(1_001 * second)
  t.true(polls.every(({ nextInMs }) => nextInMs >= 500))
})

test('a poll that still runs when the next is due costs that one, and is counted', async t => {
  const { clock, polls, skipped } = scheduled([metric(second)], { latencyMs: () => 1_500 })
  await clock.advance(10 * second)
  t.is(polls.length, 5)
  t.is(skipped(), 5)
})

test('timers that fire a little early serve no moment twice, also when the descriptions are reloaded then', async t => {
  const { schedule, clock, polls, skipped } = scheduled([metric(100)])
  clock.fireEarlyBy(2)
  for (let reload = 0; reload < 50; reload += 1) {
    await clock.advance(98)
    schedule.setItems([metric(100)])
    await clock.advance(2)
  }
  t.is(polls.length, 50)
  t.is(skipped(), 0)
})

test('a reload while a timer is overdue loses no poll', async t => {
  const { schedule, clock, polls } = scheduled([metric(second)])
  await clock.advance(10 * second)
  const before = polls.length
  clock.block(1_000)
  schedule.setItems([metric(second)])
  await clock.advance(0)
  t.is(polls.length, before + 1)
})

test('a program that was blocked for a moment polls its slow metrics a little late instead of a period later', async t => {
  const { clock, at, skipped, phase } = scheduled([metric(second), metric(60 * second)])
  const minute = nextDue(60 * second, phase, clock.now())
  await clock.advance(minute - clock.now() - 10)
  clock.block(1_300)
  await clock.advance(0)
  t.deepEqual(at('every 60000 ms'), [minute + 1_290])
  t.is(skipped(), 1)
  await clock.advance(60 * second)
  t.deepEqual(at('every 60000 ms'), [minute + 1_290, minute + 60 * second])
})

test('a program that is late at every timer still polls', async t => {
  const { clock, polls } = scheduled([metric(10)])
  for (let step = 0; step < 100; step += 1) {
    clock.block(15)
    await clock.advance(0)
  }
  t.true(polls.length >= 100)
})

for (const [words, step] of [
  ['back', -hour],
  ['forward', hour],
] as const) {
  test(`a clock that is set an hour ${words} costs at most one poll`, async t => {
    const { clock, polls, skipped } = scheduled([metric(second), metric(5 * second)])
    await clock.advance(60 * second)
    clock.set(clock.now() + step)
    await clock.advance(60 * second)
    t.true(polls.length >= 119 && polls.length <= 121, `${polls.length} polls`)
    t.true(skipped() <= 1)
  })
}

test('descriptions that change during a poll count from the next one', async t => {
  const { schedule, clock, at, overlaps } = scheduled([metric(second)], { latencyMs: () => 400 })
  await clock.advance(5 * second)
  const first = at('every 1000 ms').length
  schedule.setItems([metric(500)])
  await clock.advance(5 * second)
  t.is(at('every 1000 ms').length, first)
  t.true(at('every 500 ms').length >= 9)
  t.is(overlaps(), 0)
})

test('a stop waits for the poll that is under way and starts no other', async t => {
  const { schedule, clock, polls } = scheduled([metric(second)], { latencyMs: () => 700 })
  await clock.advance(second)
  t.is(polls.length, 1)
  let stopped = false
  const stop = schedule.stop().then(() => {
    stopped = true
  })
  await clock.advance(1)
  t.false(stopped)
  schedule.setItems([metric(10)])
  await clock.advance(10 * second)
  await stop
  t.is(polls.length, 1)
})

test('without descriptions nothing is planned', async t => {
  const { schedule, clock, polls } = scheduled([metric(second)])
  schedule.setItems([])
  await clock.advance(10 * second)
  t.is(polls.length, 0)
  t.is(clock.timers(), 0)
})

test('what is wanted at once is polled at once and then on the grid, and costs nothing else a poll', async t => {
  const { schedule, clock, polls, at, skipped, phase } = scheduled([metric(second)])
  await clock.advance(10 * second)
  const before = polls.length
  const fresh = metric(5 * second)
  const now = clock.now()
  schedule.setItems([metric(second), fresh], [fresh])
  t.deepEqual(polls.slice(before), [
    { at: now, names: [fresh.name], nextInMs: Math.max(nextDue(second, phase, now) - now, 2_500) },
  ])
  await clock.advance(20 * second)
  const onGrid = at(fresh.name).slice(1)
  t.is(onGrid.length, 4)
  t.true(onGrid.every(moment => (moment - phase) % 5_000 === 0))
  t.is(polls.length - before, 1 + 20)
  t.is(skipped(), 0)
})

test('a poll at once never overlaps another: it waits for one under way, and the grid waits for it', async t => {
  const { schedule, clock, polls, at, overlaps } = scheduled([metric(second)], {
    latencyMs: () => 700,
  })
  while (polls.length === 0) await clock.advance(1)
  const [first, fresh] = [polls[0]?.at ?? 0, metric(10 * second)]
  schedule.setItems([metric(second), fresh], [fresh])
  t.is(polls.length, 1)
  await clock.advance(4 * second)
  t.deepEqual(at(fresh.name)[0], first + 700)
  t.is(at('every 1000 ms')[1], first + 1_400, 'due at 1000 ms, during the poll at once')
  t.is(overlaps(), 0)
})

test('a device slower than its period skips polls after a poll at once as before', async t => {
  const { schedule, clock, polls, skipped } = scheduled([metric(second)], { latencyMs: () => 1_500 })
  const fresh = metric(second)
  schedule.setItems([metric(second), fresh], [fresh])
  await clock.advance(20 * second)
  t.true(skipped() >= 8, `${skipped()} skipped`)
  t.true(polls.length <= 12, `${polls.length} polls`)
})

test('what is taken back before its poll at once is not polled', async t => {
  const { schedule, clock, at } = scheduled([metric(second)], { latencyMs: () => 500 })
  while (at('every 1000 ms').length === 0) await clock.advance(1)
  const fresh = metric(hour)
  schedule.setItems([metric(second), fresh], [fresh])
  schedule.setItems([metric(second)])
  await clock.advance(3 * second)
  t.deepEqual(at(fresh.name), [])
})
