import test from 'ava'
import { fileScope } from '../harness/scope.ts'
import { assign, type Energy, type EnergySite, energySite, jobEnergy, measure, sampled } from './energy.ts'

const file = fileScope(test)
let site: EnergySite

test.before(async () => {
  site = await energySite(file)
})

const watt = 'wattmetre_power_watt'
const nodesOf = (rows: readonly Energy[]) => rows.filter(row => row.device_id !== null)
const totalsOf = (rows: readonly Energy[]) => rows.filter(row => row.device_id === null)

test('the total is of all nodes of the job, with those that have no value as not covered', async t => {
  const job = site.newJob()
  for (const [node, power] of [
    ['a', 100],
    ['b', 300],
  ] as const)
    await measure(
      site.sql,
      `node-${job}${node}`,
      watt,
      sampled(0, 100, 1, () => power),
    )
  for (const node of ['a', 'b', 'c', 'd']) await assign(site.sql, job, `node-${job}${node}`, [0, 100])
  const rows = await jobEnergy(site.api, job)
  t.deepEqual(
    nodesOf(rows).map(row => [row.device_id, row.energy_joules, row.covered_share]),
    [
      [`node-${job}a`, 10_000, 1],
      [`node-${job}b`, 30_000, 1],
    ],
  )
  t.is(totalsOf(rows).length, 1)
  t.like(totalsOf(rows)[0], {
    energy_joules: 40_000,
    duration_seconds: 400,
    covered_share: 0.5,
    longest_gap_seconds: 100,
    samples: 202,
  })
})

test('a BMC and a wattmetre of the same node are two rows and two totals, never a sum', async t => {
  const job = site.newJob()
  await measure(
    site.sql,
    `node-${job}`,
    'bmc_node_power_watt',
    sampled(0, 100, 10, () => 90),
  )
  await measure(
    site.sql,
    `node-${job}`,
    watt,
    sampled(0, 100, 10, () => 100),
  )
  await measure(
    site.sql,
    `node-${job}`,
    'node_temp_celsius',
    sampled(0, 100, 10, () => 40),
  )
  await assign(site.sql, job, `node-${job}`, [0, 100])
  const rows = await jobEnergy(site.api, job)
  t.deepEqual(
    rows.map(row => [row.device_id, row.metric_id, row.energy_joules]),
    [
      [`node-${job}`, 'bmc_node_power_watt', 9000],
      [null, 'bmc_node_power_watt', 9000],
      [`node-${job}`, watt, 10_000],
      [null, watt, 10_000],
    ],
  )
  t.deepEqual([...new Set((await jobEnergy(site.api, job, watt)).map(row => row.metric_id))], [watt])
})

test('outlets that name the node as their alias add up, as do the supplies of one device', async t => {
  const job = site.newJob()
  const alias = { _device_alias: `node-${job}` }
  await measure(
    site.sql,
    `pdu-${job}-port1`,
    watt,
    sampled(0, 100, 1, () => 100),
    alias,
  )
  await measure(
    site.sql,
    `pdu-${job}-port2`,
    watt,
    sampled(0, 50, 1, () => 40),
    alias,
  )
  for (const psu of ['1', '2'])
    await measure(
      site.sql,
      `node-${job}`,
      'psu_power_watt',
      sampled(0, 100, 1, () => 50),
      { psu },
    )
  // one of last year, replaced since
  await measure(
    site.sql,
    `node-${job}`,
    'psu_power_watt',
    sampled(-9e6, -9e6 + 9, 1, () => 50),
    { psu: 'old' },
  )
  await assign(site.sql, job, `node-${job}`, [0, 100])
  const [supplies, , outlets] = await jobEnergy(site.api, job)
  t.like(supplies, { metric_id: 'psu_power_watt', energy_joules: 10_000, covered_share: 1 })
  t.like(outlets, { metric_id: watt, energy_joules: 12_000, covered_share: 0.75, longest_gap_seconds: 50 })
})

test("where a node has a metric of its own, its outlets' is not added to it", async t => {
  const job = site.newJob()
  const points = sampled(0, 100, 1, () => 100)
  await measure(site.sql, `node-${job}`, watt, points, { _device_alias: `node-${job}` })
  await measure(site.sql, `pdu-${job}`, watt, points, { _device_alias: `node-${job}` })
  await assign(site.sql, job, `node-${job}`, [0, 100])
  t.is((await jobEnergy(site.api, job))[0]?.energy_joules, 10_000)
})

test('an interval without a value is a gap of its length, however far away the next value is', async t => {
  const job = site.newJob()
  await measure(
    site.sql,
    `node-${job}`,
    watt,
    sampled(900, 1000, 1, () => 10),
  )
  await assign(site.sql, job, `node-${job}`, [0, 100])
  await assign(site.sql, job, `node-${job}`, [900, 1000])
  t.like((await jobEnergy(site.api, job))[0], {
    energy_joules: 1000,
    duration_seconds: 200,
    covered_share: 0.5,
    longest_gap_seconds: 100,
  })
})

test('a node that the job had twice counts for both intervals, one in overlapping rows once', async t => {
  const [twice, overlapping] = [site.newJob(), site.newJob()]
  for (const job of [twice, overlapping])
    await measure(
      site.sql,
      `node-${job}`,
      watt,
      sampled(-10, 1010, 1, () => 10),
    )
  await assign(site.sql, twice, `node-${twice}`, [0, 100])
  await assign(site.sql, twice, `node-${twice}`, [900, 1000])
  await assign(site.sql, overlapping, `node-${overlapping}`, [0, 100])
  await assign(site.sql, overlapping, `node-${overlapping}`, [50, 150])
  t.like((await jobEnergy(site.api, twice))[1], {
    energy_joules: 2000,
    duration_seconds: 200,
    covered_share: 1,
  })
  t.like((await jobEnergy(site.api, overlapping))[1], { energy_joules: 1500, duration_seconds: 150 })
})
