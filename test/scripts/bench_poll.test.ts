import test from 'ava'
import { describeAgents, startAgents } from '../../scripts/bench/poll_agents.ts'
import { comparisonLines } from '../../scripts/bench/poll_lines.ts'
import { dueMetrics, valuesPerSecond } from '../../scripts/bench/poll_load.ts'
import { type PollOutcome, runPolls } from '../../scripts/bench/poll_run.ts'
import { siteLoad } from '../../scripts/bench/poll_site.ts'
import { readStored } from '../../scripts/bench/poll_stored.ts'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { runScript } from '../harness/processes.ts'
import { testWhere, withConnection } from '../harness/server.ts'
import { ipmiMissing } from '../peers/ipmi_sim.ts'
import { snmpdMissing } from '../peers/snmpd.ts'

const snmpdTest = testWhere(test, snmpdMissing)
const siteTest = testWhere(test, snmpdMissing ?? ipmiMissing)

/** Options of kwollector for a test database. */
function optionsOf({ server, name, user, password }: TestDatabase) {
  return { db_host: server.host, db_port: server.port, db_name: name, db_user: user, db_password: password }
}

snmpdTest('bench poll: what agents were due to two kwollectors is counted in the database', async t => {
  const database = await testDatabase(t)
  const agents = { agents: 3, oids: 4, periodMs: 250, processes: 1 }
  const places = await startAgents(t, agents)
  const loads = ['one', 'other'].map(prefix => describeAgents(places, { ...agents, prefix }))
  const outcomes = await withConnection(database.admin, sql =>
    runPolls(
      { id: 'short', loads, promoted: 'none', seconds: 1, settleMs: 300 },
      {
        folder: temporaryFolder(t),
        options: optionsOf(database),
        sql,
        // The server may be one in a container, whose processes are not seen here.
        serverPid: process.pid,
        progress: () => undefined,
      },
    ),
  )
  t.is(outcomes.length, 2)
  for (const { stored, watched } of outcomes) {
    t.is(stored.due, 3 * 4 * 4)
    t.is(stored.stored, stored.due)
    t.deepEqual([stored.polls, stored.pollsMissed, stored.doubled], [3 * 4, 0, 0])
    const figures = [
      stored.error.p99,
      stored.drift,
      stored.intervalErrorP99,
      watched.ageP99,
      watched.memory.max,
    ]
    t.true(figures.every(Number.isFinite), figures.join(', '))
    t.deepEqual([...watched.cores.agents.keys()], ['snmpd'])
  }
})

test('bench poll: of the rounds with dead agents the middle one is compared, and none may miss a value', t => {
  const round = (besideCores: number, missing = 0) => ({
    beside: outcome(besideCores, missing),
    alone: outcome(0.04),
  })
  const lines = comparisonLines('dead', [round(0.06), round(0.02), round(0.041)])
  const cpu = lines.find(({ name }) => name.endsWith('CPU of kwollector'))
  t.is(cpu?.ratio?.toFixed(3), '1.025')
  t.is(cpu?.note, 'rounds: 0.500 x, 1.025 x, 1.500 x')
  t.true(lines.every(({ met }) => met === true))

  const missed = comparisonLines('dead', [round(0.04), round(0.05, 1), round(0.05)])
  t.deepEqual(
    missed.filter(({ met }) => met === false).map(({ name }) => name),
    ['dead: values stored, of those due', 'dead: polls missed', 'dead: CPU of kwollector'],
  )
})

/** A run of 20 s with 100 polls of one value. */
function outcome(kwollector: number, missing = 0): PollOutcome {
  return {
    seconds: 20,
    series: 5,
    stored: {
      due: 100,
      stored: 100 - missing,
      doubled: 0,
      polls: 100,
      pollsMissed: missing,
      error: { p50: 1, p99: 2, max: 3 },
      valueErrorP99: 2,
      drift: 0.1,
      intervalErrorP99: 1,
    },
    watched: {
      cores: { kwollector, postgres: 0.1, agents: new Map(), bench: 0.1, others: 0 },
      memory: { max: 100, early: 100, late: 100, perHour: 0 },
      ageP99: 1,
    },
  }
}

test('bench poll: a poll that is missing, one that lacks a value, one late and one stored twice are seen', async t => {
  const database = await testDatabase(t)
  const from = 1_732_320_000_000
  const metric = { host: 'agent', deviceId: 'agent-1', series: 1, periodMs: 1_000, phaseMs: 250 }
  const due = [
    { ...metric, metricId: 'one' },
    { ...metric, metricId: 'two' },
    { ...metric, host: 'other', deviceId: 'agent-2', metricId: 'one', periodMs: 5_000 },
  ]
  // Moments of agent-1: .25, 1.25, …, 9.25 s; of agent-2, which never answered: .25 and 5.25 s.
  const moments = [0, 1, 2, 3, 4, 6, 7, 8, 9].map(second => from + second * 1_000 + 250)
  const rows = moments.flatMap((moment, index) => [
    { metric: 'one', at: index === 3 ? moment + 40 : moment + 2 },
    ...(index === 4 ? [] : [{ metric: 'two', at: moment + 2 }]),
  ])
  // A poll before the window and one at its end are not part of it.
  const stored = [
    ...rows,
    ...rows.slice(-1),
    ...[from - 750, from + 10_250].map(at => ({ metric: 'one', at })),
  ]
  const result = await withConnection(database.admin, async sql => {
    await sql`
      insert into metrics (timestamp, device_id, metric_id, value)
      select to_timestamp(at / 1000), 'agent-1', metric, 1
        from unnest(${stored.map(({ at }) => at)}::float8[], ${stored.map(row => row.metric)}::text[]) as row (at, metric)`
    return readStored(sql, due, { from, to: from + 10_000 })
  })
  t.is(result.due, 10 * 2 + 2)
  t.is(result.stored, 9 * 2 - 1)
  t.is(result.doubled, 1)
  t.deepEqual([result.polls, result.pollsMissed], [12, 3])
  t.is(result.error.p50, 2.5, 'nine polls within the third millisecond')
  t.is(Math.round(result.error.max), 2)
  t.true(result.valueErrorP99 > 30)
  t.true(result.intervalErrorP99 > 900)
})

siteTest('bench poll: the generated site has the shape of the real one', async t => {
  const load = await siteLoad(t, 'site')
  const share = (wanted: (url: string) => boolean) => load.filter(({ written }) => wanted(written.url)).length
  t.is(load.length, 9_318)
  t.true(load.filter(({ written }) => written.optional).length > load.length / 2)
  t.is(Math.round((share(url => url.includes('{{')) / load.length) * 100), 40)
  const hosts = (protocol: string) =>
    new Set(
      load.flatMap(({ written: { url } }) =>
        url.startsWith(protocol) ? [url.split('@').at(-1)?.split('/')[0]] : [],
      ),
    )
  t.is(hosts('snmp:').size, 257)
  t.is(hosts('ipmisensor:').size, 26)
  t.is(
    new Set(
      load.flatMap(({ written: { url } }) => (url.startsWith('prometheus:') ? [url.split('/')[2]] : [])),
    ).size,
    311,
  )
  t.deepEqual(
    [...new Set(load.map(({ written }) => written.update_every / 1_000))].sort((a, b) => a - b),
    [1, 3, 5, 10, 15],
  )
  const sizes = Map.groupBy(load, ({ written }) => written.device_id)
  t.is(Math.max(...[...sizes.values()].map(own => own.length)), 1_008)
  t.is(Math.round(valuesPerSecond(dueMetrics(load, 'none')) / 100), 8)
  t.is(Math.round(valuesPerSecond(dueMetrics(load, 'all')) / 1_000), 12)
})

test('bench poll: a scenario that there is not is refused before anything is made', async t => {
  const { status, stderr } = await runScript('scripts/bench.ts', ['poll', '--scenario', '5k,50 k'])
  t.is(status, 2)
  t.regex(stderr, /^--scenario knows 5k, .*, got "50 k"\n$/)
})
