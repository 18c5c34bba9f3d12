import test from 'ava'
import { fileScope } from '../harness/scope.ts'
import { assign, type EnergySite, energySite, jobEnergy, measure, sampled } from './energy.ts'

const file = fileScope(test)
let site: EnergySite

test.before(async () => {
  site = await energySite(file)
})

/** The metrics of a job's answer, its first node's joules behind each. */
async function joules(job: number, metrics?: string): Promise<Record<string, number | null>> {
  const rows = await jobEnergy(site.api, job, metrics)
  const ofNodes = rows.filter(row => row.device_id !== null)
  return Object.fromEntries(ofNodes.map(row => [row.metric_id, row.energy_joules]))
}

test('the name of a metric tells its unit, as the exporters and power units of the field write it', async t => {
  const job = site.newJob()
  const perSecond: Record<string, number> = {
    node_power_watts: 1,
    prom_scaph_process_power_microwatts: 1e-6,
    site_power_kilowatt: 1e3,
    pdu_total_watts_total: 1,
    prom_node_rapl_package_joules_total: 1,
    prom_scaph_host_energy_microjoules: 1e-6,
    battery_energy_joules: 1,
    rack_energy_watthour: 3600,
    rack_energy_watt_hours_total: 3600,
    outlet_active_energy_wh_total: 3600,
    row_energy_kwh: 3.6e6,
    room_energy_kilowatthours: 3.6e6,
  }
  const others = ['boot_joules', 'x_celsius', 'kilowattage', 'x_mwh', 'bandwidth', 'power_supply_state']
  // a power of 2, or a counter that grows by 2 a second
  for (const metric of [...Object.keys(perSecond), ...others])
    await measure(
      site.sql,
      `node-${job}`,
      metric,
      sampled(0, 100, 10, second => (/watts?(_total)?$/.test(metric) ? 2 : 2 * second)),
    )
  await assign(site.sql, job, `node-${job}`, [0, 100])
  const found = await joules(job)
  t.deepEqual(Object.keys(found).toSorted(), Object.keys(perSecond).toSorted())
  for (const [metric, factor] of Object.entries(perSecond)) {
    const expected = (metric.includes('watt') && !/hour/.test(metric) ? 2 * 100 : 200) * factor
    t.true(Math.abs((found[metric] ?? 0) / expected - 1) < 1e-12, `${metric}: ${found[metric]}`)
  }
})

test('a power without a unit in its name counts as watts where it is asked for', async t => {
  const job = site.newJob()
  await measure(
    site.sql,
    `node-${job}`,
    'prom_DCGM_FI_DEV_POWER_USAGE',
    sampled(0, 100, 10, () => 50),
  )
  await assign(site.sql, job, `node-${job}`, [0, 100])
  t.deepEqual(await joules(job), {})
  t.deepEqual(await joules(job, 'prom_DCGM_FI_DEV_POWER_USAGE'), { prom_DCGM_FI_DEV_POWER_USAGE: 5000 })
})

test("a counter's energy is its increase, in parts of a step at the edges of the job", async t => {
  const job = site.newJob()
  await measure(
    site.sql,
    `node-${job}`,
    'rapl_joules_total',
    sampled(0, 200, 10, second => 1e6 + 7 * second),
  )
  await assign(site.sql, job, `node-${job}`, [13, 147])
  t.like((await jobEnergy(site.api, job))[0], {
    source: 'counter',
    energy_joules: 7 * 134,
    energy_watt_hours: (7 * 134) / 3600,
    covered_share: 1,
    longest_gap_seconds: 0,
    samples: 13,
  })
})

test('a counter that is smaller than before began again at zero', async t => {
  const job = site.newJob()
  const points = sampled(0, 100, 10, second => (second < 55 ? 1000 + 5 * second : 5 * (second - 55)))
  await measure(site.sql, `node-${job}`, 'rapl_joules_total', points)
  await assign(site.sql, job, `node-${job}`, [0, 100])
  // what it counted between its last reading and the reset is not known
  t.like((await jobEnergy(site.api, job))[0], { energy_joules: 250 + 225, covered_share: 1 })
})

test('a counter counts while nobody reads it, unless it began again meanwhile', async t => {
  const [whole, reset] = [site.newJob(), site.newJob()]
  const read = (second: number) => second <= 100 || second >= 900
  const counter = sampled(0, 1000, 10, second => 5 * second).filter(([second]) => read(second))
  await measure(site.sql, `node-${whole}`, 'rapl_joules_total', counter)
  await measure(
    site.sql,
    `node-${reset}`,
    'rapl_joules_total',
    counter.map(([second, value]) => [second, second > 500 ? 5 * (second - 895) : value]),
  )
  for (const job of [whole, reset]) await assign(site.sql, job, `node-${job}`, [0, 1000])
  t.like((await jobEnergy(site.api, whole))[0], {
    energy_joules: 5000,
    covered_share: 1,
    longest_gap_seconds: 0,
  })
  t.like((await jobEnergy(site.api, reset))[0], {
    energy_joules: 500 + 500,
    covered_share: 0.2,
    longest_gap_seconds: 800,
  })
})

test('a long time between two readings is not divided where the job begins within it', async t => {
  const job = site.newJob()
  const points = sampled(-500, 1000, 10, second => 5 * second + 5000)
  await measure(
    site.sql,
    `node-${job}`,
    'rapl_joules_total',
    points.filter(([second]) => second < -400 || second > 500),
  )
  await assign(site.sql, job, `node-${job}`, [0, 1000])
  t.like((await jobEnergy(site.api, job))[0], {
    energy_joules: 5 * 490,
    covered_share: 0.49,
    longest_gap_seconds: 510,
  })
})

test('a counter stands for the power of the same instrument, which can still be asked for', async t => {
  const job = site.newJob()
  await measure(
    site.sql,
    `node-${job}`,
    'pdu_outlet_power_watt',
    sampled(0, 100, 1, () => 99),
  )
  await measure(
    site.sql,
    `node-${job}`,
    'pdu_outlet_energy_watthour',
    sampled(0, 100, 10, second => second / 36),
  )
  await measure(
    site.sql,
    `node-${job}`,
    'bmc_node_power_watt',
    sampled(0, 100, 5, () => 90),
  )
  await assign(site.sql, job, `node-${job}`, [0, 100])
  const found = await joules(job)
  t.deepEqual(Object.keys(found), ['bmc_node_power_watt', 'pdu_outlet_energy_watthour'])
  t.true(Math.abs((found.pdu_outlet_energy_watthour ?? 0) - 10_000) < 1e-6)
  t.deepEqual(await joules(job, 'pdu_outlet_power_watt'), { pdu_outlet_power_watt: 9900 })
})

test('a counter that covers less of the job than the power leaves it in', async t => {
  const job = site.newJob()
  for (const node of ['a', 'b']) {
    await measure(
      site.sql,
      `node-${job}${node}`,
      'pdu_power_watt',
      sampled(0, 100, 1, () => 10),
    )
    await assign(site.sql, job, `node-${job}${node}`, [0, 100])
  }
  await measure(
    site.sql,
    `node-${job}a`,
    'pdu_energy_joules_total',
    sampled(0, 100, 1, second => 10 * second),
  )
  const totals = (await jobEnergy(site.api, job)).filter(row => row.device_id === null)
  t.deepEqual(
    totals.map(row => [row.metric_id, row.energy_joules, row.covered_share]),
    [
      ['pdu_energy_joules_total', 1000, 0.5],
      ['pdu_power_watt', 2000, 1],
    ],
  )
})
