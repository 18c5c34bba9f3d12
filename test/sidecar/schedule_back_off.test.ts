import test from 'ava'
import fc from 'fast-check'
import { nextDue } from '../../sidecar/schedule.ts'
import { metric, scheduled, second } from './scheduled.ts'
import { simulatedClock } from './simulated_clock.ts'

const hour = 3_600 * second
const seed = Date.now() % 2 ** 31

const deadUntil = (back: () => number) => (at: number) => (at < back() ? 'silent' : 'answered')

test('a host that does not answer is asked less and less often, on its grid, and none of it counts as skipped', async t => {
  const { schedule, clock, polls, skipped, phase } = scheduled([metric(second), metric(10 * second)], {
    outcome: () => 'silent',
  })
  await clock.advance(10 * 60 * second)
  const waits = polls.slice(1).map(({ at }, index) => (at - (polls[index]?.at ?? at)) / second)
  t.deepEqual(waits.slice(0, 3), [1, 1, 1])
  t.true(waits.every((wait, index) => wait >= (waits[index - 1] ?? 0)))
  const longest = waits.at(-1) ?? 0
  t.true(longest > 40 && longest <= 55, `${waits}`)
  t.true(waits.length < 30, `${waits.length + 1} polls in 10 minutes`)
  t.true(polls.every(({ at }) => (at - phase) % second === 0))
  t.is(skipped(), 0)
  t.is(clock.timers(), 1)
  t.is(schedule.nextPollAt, (polls.at(-1)?.at ?? 0) + longest * second)
})

test('a host that is back is found within a minute, with all its metrics at once, and is on its grid again', async t => {
  t.log(`seed ${seed}`)
  const property = fc.asyncProperty(
    fc.uniqueArray(fc.integer({ min: 10, max: 60_000 }), { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 0, max: 400 * second }),
    async (periods, awayMs) => {
      const start = simulatedClock().now()
      const back = start + awayMs
      const run = scheduled(periods.map(metric), { outcome: deadUntil(() => back) })
      await run.clock.advance(awayMs + 60 * second)
      const answered = run.polls.filter(({ at }) => at >= back)
      const wasDead = run.polls.filter(({ at }) => at < back).length >= 3
      t.true(answered.length > 0)
      if (wasDead) t.is(answered[0]?.names.length, periods.length)
      const moments = new Set<number>()
      for (const each of periods) {
        for (let due = nextDue(each, run.phase, answered[0]?.at ?? 0); due <= run.clock.now(); due += each)
          moments.add(due)
      }
      t.deepEqual(
        answered.slice(1).map(({ at }) => at),
        [...moments].sort((a, b) => a - b),
      )
      t.is(run.skipped(), 0)
    },
  )
  await fc.assert(property, { seed, numRuns: 50 })
})

test('hosts that died together are not asked together', async t => {
  const runs = Array.from({ length: 100 }, (_, host) =>
    scheduled([metric(second)], { key: `node-${host}`, outcome: () => 'silent' }),
  )
  for (const { clock } of runs) await clock.advance(300 * second)
  const next = runs.map(({ schedule, clock }) => (schedule.nextPollAt ?? 0) - clock.now())
  const perSecond = Map.groupBy(next, ms => Math.floor(ms / second))
  const most = Math.max(...[...perSecond.values()].map(hosts => hosts.length))
  t.true(most <= 15, `${most} of 100 within a second`)
})

test('two polls in a row that are lost slow nothing down', async t => {
  let poll = 0
  const { clock, polls } = scheduled([metric(second)], {
    outcome: () => (poll++ % 3 < 2 ? 'silent' : 'answered'),
  })
  await clock.advance(600 * second)
  t.is(polls.length, 600)
})

test('a host that answers after half a minute was missed for half of that at most', async t => {
  for (const period of [100, second, 5 * second]) {
    const run = scheduled([metric(period)], { outcome: deadUntil(() => back) })
    const back = run.clock.now() + 30 * second
    await run.clock.advance(60 * second)
    const found = run.polls.find(({ at }) => at >= back)
    t.true((found?.at ?? Number.POSITIVE_INFINITY) - back <= 15 * second + period)
  }
})

test('a metric that is wanted at once asks a host that does not answer at once, for all it has', async t => {
  let isBack = false
  const { schedule, clock, polls, at, phase } = scheduled([metric(second), metric(hour)], {
    outcome: () => (isBack ? 'answered' : 'silent'),
  })
  await clock.advance(300 * second)
  const fresh = metric(2 * second)
  for (const words of ['silent', 'answered']) {
    isBack = words === 'answered'
    const before = polls.length
    schedule.setItems([metric(second), metric(hour), fresh], [fresh])
    await clock.advance(0)
    t.deepEqual(
      polls.slice(before).map(({ at, names }) => [at, names.length]),
      [[clock.now(), 3]],
      words,
    )
  }
  const found = clock.now()
  await clock.advance(10 * second)
  t.deepEqual(
    at('every 1000 ms').slice(-10),
    Array.from({ length: 10 }, (_, index) => nextDue(second, phase, found) + index * second),
  )
})

test('a reload does not wake a host that does not answer, and a clock that is set back does not put it to sleep', async t => {
  const { schedule, clock, polls } = scheduled([metric(second)], { outcome: () => 'silent' })
  await clock.advance(300 * second)
  const before = polls.length
  for (let reload = 0; reload < 20; reload += 1) {
    schedule.setItems([metric(second)])
    await clock.advance(second)
  }
  t.true(polls.length <= before + 1)
  clock.set(clock.now() - hour)
  schedule.setItems([metric(second)])
  const then = polls.length
  await clock.advance(60 * second)
  t.true(polls.length > then)
})

test('a host without descriptions is not asked, however long it was silent', async t => {
  const { schedule, clock, polls } = scheduled([metric(second)], {
    outcome: () => 'silent',
    latencyMs: () => 300,
  })
  await clock.advance(100 * second)
  while (clock.timers() < 2) await clock.advance(100)
  schedule.setItems([])
  await clock.advance(second)
  const before = polls.length
  await clock.advance(hour)
  t.is(polls.length, before)
  t.is(clock.timers(), 0)
})
