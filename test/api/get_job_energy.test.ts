import test, { type ExecutionContext } from 'ava'
import { fileScope } from '../harness/scope.ts'
import { request } from './client.ts'
import { assign, at, type EnergySite, energySite, jobEnergy, measure, sampled } from './energy.ts'

const file = fileScope(test)
let site: EnergySite

test.before(async () => {
  site = await energySite(file)
})

/** Within 0.1 % of what the formula of the signal says. */
function isNear(t: ExecutionContext, actual: number | null | undefined, expected: number): void {
  t.true(Math.abs((actual ?? Number.NaN) / expected - 1) < 0.001, `${actual} is not near ${expected}`)
}

const watt = 'wattmetre_power_watt'

test('a constant power is its product with the time, in joules and watt-hours, covered without a gap', async t => {
  const job = site.newJob()
  await measure(
    site.sql,
    `node-${job}`,
    watt,
    sampled(-10, 3700, 10, () => 200),
  )
  await assign(site.sql, job, `node-${job}`, [3, 3603])
  const expected = {
    metric_id: watt,
    source: 'power',
    energy_joules: 720_000,
    energy_watt_hours: 200,
    duration_seconds: 3600,
    covered_share: 1,
    longest_gap_seconds: 0,
    samples: 360,
  } as const
  t.deepEqual(await jobEnergy(site.api, job), [
    { device_id: `node-${job}`, ...expected },
    { device_id: null, ...expected },
  ])
})

test('a ramp is exact, between the values at its edges too, however uneven the steps', async t => {
  const job = site.newJob()
  const seconds = [...Array(100).keys()].map(i => i * 10 + (i % 3) * 2.5)
  await measure(
    site.sql,
    `node-${job}`,
    watt,
    seconds.map(second => [second, 3 * second]),
  )
  await assign(site.sql, job, `node-${job}`, [101.25, 907.5])
  const [row] = await jobEnergy(site.api, job)
  t.true(Math.abs((row?.energy_joules ?? 0) - 1.5 * (907.5 ** 2 - 101.25 ** 2)) < 1e-3)
  t.is(row?.covered_share, 1)
})

test('a sine with gaps is the integral over what is covered, and the gaps are told', async t => {
  const job = site.newJob()
  const turn = (2 * Math.PI) / 300
  const sine = sampled(0, 3600, 1, second => 100 + 50 * Math.sin(turn * second))
  const inGap = (second: number) => (second > 600 && second < 800) || (second > 2000 && second < 2450)
  await measure(
    site.sql,
    `node-${job}`,
    watt,
    sine.filter(([second]) => !inGap(second)),
  )
  await assign(site.sql, job, `node-${job}`, [0, 3600])
  const integral = (from: number, upto: number) =>
    100 * (upto - from) - (50 / turn) * (Math.cos(turn * upto) - Math.cos(turn * from))
  const [row] = await jobEnergy(site.api, job)
  isNear(t, row?.energy_joules, integral(0, 600) + integral(800, 2000) + integral(2450, 3600))
  t.is(row?.covered_share, (3600 - 200 - 450) / 3600)
  t.is(row?.longest_gap_seconds, 450)
})

test('a step of three times the usual one is no gap, a longer one is, and none of a minute or less', async t => {
  const [slow, fast] = [site.newJob(), site.newJob()]
  const without = (points: readonly (readonly [number, number])[], from: number, upto: number) =>
    points.filter(([second]) => second <= from || second >= upto)
  const everyMinute = sampled(0, 3600, 60, () => 10)
  await measure(site.sql, `node-${slow}`, watt, without(without(everyMinute, 600, 780), 1200, 1440))
  await measure(
    site.sql,
    `node-${fast}`,
    watt,
    without(
      sampled(0, 600, 1, () => 10),
      100,
      160,
    ),
  )
  await assign(site.sql, slow, `node-${slow}`, [0, 3600])
  await assign(site.sql, fast, `node-${fast}`, [0, 600])
  t.like((await jobEnergy(site.api, slow))[0], {
    energy_joules: 33_600,
    covered_share: 3360 / 3600,
    longest_gap_seconds: 240,
  })
  t.like((await jobEnergy(site.api, fast))[0], {
    energy_joules: 6000,
    covered_share: 1,
    longest_gap_seconds: 0,
    samples: 542,
  })
})

test('before the first value and after the last nothing is guessed', async t => {
  const job = site.newJob()
  await measure(
    site.sql,
    `node-${job}`,
    watt,
    sampled(100, 800, 10, () => 10),
  )
  await assign(site.sql, job, `node-${job}`, [0, 1000])
  t.like((await jobEnergy(site.api, job))[0], {
    energy_joules: 7000,
    covered_share: 0.7,
    longest_gap_seconds: 200,
  })
})

test('a job between two values of its node is covered by the line between them', async t => {
  const job = site.newJob()
  await measure(
    site.sql,
    `node-${job}`,
    watt,
    sampled(0, 100, 10, second => second),
  )
  await assign(site.sql, job, `node-${job}`, [42, 48])
  t.like((await jobEnergy(site.api, job))[0], {
    energy_joules: 270,
    covered_share: 1,
    longest_gap_seconds: 0,
    samples: 0,
  })
})

test('NaN, infinite and absurd values are absent', async t => {
  const job = site.newJob()
  const odd = new Map([
    [50, Number.NaN],
    [120, Number.POSITIVE_INFINITY],
    [200, Number.NEGATIVE_INFINITY],
    [300, 1e300],
    [310, 5e-324],
  ])
  await measure(
    site.sql,
    `node-${job}`,
    watt,
    sampled(0, 400, 10, second => odd.get(second) ?? 10),
  )
  await assign(site.sql, job, `node-${job}`, [0, 400])
  t.like((await jobEnergy(site.api, job))[0], { energy_joules: 4000 - 150, covered_share: 1, samples: 37 })
})

test('one value alone is no energy', async t => {
  const job = site.newJob()
  await measure(site.sql, `node-${job}`, watt, [[50, 10]])
  await assign(site.sql, job, `node-${job}`, [0, 100])
  t.like((await jobEnergy(site.api, job))[0], {
    energy_joules: null,
    covered_share: 0,
    longest_gap_seconds: 50,
    samples: 1,
  })
})

test('a running job counts up to now, and so does one whose end is planned', async t => {
  const [running, planned] = [site.newJob(), site.newJob()]
  for (const job of [running, planned])
    await site.sql`
      insert into metrics (timestamp, device_id, metric_id, value)
      select now() + second * interval '1 second', ${`node-${job}`}, ${watt}, 10
        from generate_series(-90, 90) as second`
  await site.sql`
    insert into site.jobs
    values (${running}, now() - interval '60 seconds', null, ${`node-${running}`})
         , (${planned}, now() - interval '60 seconds', now() + interval '1 hour', ${`node-${planned}`})`
  for (const job of [running, planned]) {
    const [row] = await jobEnergy(site.api, job)
    const seconds = row?.duration_seconds ?? 0
    t.true(seconds >= 60 && seconds < 90, `${seconds} s`)
    isNear(t, row?.energy_joules, 10 * seconds)
    t.is(row?.covered_share, 1)
  }
})

test('jobs that are unknown, have not begun, end before they begin or have no power are empty', async t => {
  const [future, backwards, endless, powerless] = [site.newJob(), site.newJob(), site.newJob(), site.newJob()]
  await site.sql`
    insert into site.jobs
    values (${future}, now() + interval '1 hour', null, 'node-x'), (${backwards}, ${at(10)}, ${at(0)}, 'node-x')
         , (${endless}, '-infinity', 'infinity', 'node-x'), (${powerless}, ${at(0)}, ${at(10)}, 'node-powerless')`
  await measure(
    site.sql,
    'node-x',
    watt,
    sampled(0, 10, 1, () => 1),
  )
  for (const job of [future, backwards, endless, powerless, 99_999, -1])
    t.deepEqual(await jobEnergy(site.api, job), [])
})

test("a client's mistake is 400 with a hint", async t => {
  for (const [path, message] of [
    ['?metrics=x_power_watt', 'job_id is required'],
    [
      '?job_id=1&metrics=x_power_watt,node_temp_celsius',
      "'node_temp_celsius' is neither a power nor an energy counter",
    ],
  ] as const) {
    const { status, json } = await request(site.api, `/rpc/get_job_energy${path}`)
    t.is(status, 400)
    t.like(json, { code: 'PT400', message })
    t.truthy((json as { hint: string }).hint)
  }
  t.is((await request(site.api, '/rpc/get_job_energy?job_id=x')).status, 400)
})
