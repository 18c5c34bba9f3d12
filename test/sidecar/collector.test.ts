import ava, { type ExecutionContext } from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { Collector } from '../../sidecar/collector.ts'
import type { Description } from '../../sidecar/descriptions.ts'
import type { Sample } from '../../sidecar/sample.ts'
import { type Clock, systemClock } from '../../sidecar/schedule.ts'
import { testWhere } from '../harness/server.ts'
import { startExporter } from '../peers/exporter.ts'
import { type Snmpd, snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { startRelay } from '../peers/udp_relay.ts'
import { keptLog } from './samples.ts'
import { simulatedClock } from './simulated_clock.ts'
import { describe } from './snmp_host.ts'

const test = testWhere(ava, snmpdMissing)

const wattsOid = '1.3.6.1.4.1.99999.1.1.0'
const lackedOid = '1.3.6.1.4.1.99999.9.9.0'
const overrides = [[wattsOid, 'integer', '182']] as const

function startCollector(t: ExecutionContext, clock: Clock = systemClock) {
  const log = keptLog()
  const samples: Sample[] = []
  const collector = new Collector({
    clock,
    log,
    take: taken => {
      samples.push(...taken)
    },
    ipmi: { sdrFolder: 'never made', processes: 1 },
  })
  t.teardown(() => collector.stop())
  const values = (name: string) => samples.filter(({ series }) => series.metricId === name).length
  return {
    collector,
    log,
    values,
    /** A number of values more than there are now. */
    untilMore: async (name: string, count: number) => {
      const wanted = values(name) + count
      await until(`${count} values of ${name}`, () => values(name) >= wanted)
    },
    untilLogged: (words: string) =>
      until(`"${words}" in the log`, () => log.lines.some(line => line.includes(words))),
  }
}

function described(
  name: string,
  { host, port }: Pick<Snmpd, 'host' | 'port'>,
  oid: string,
  updateEveryMs: number,
): Description {
  const url = { ...describe(oid).url, protocol: 'snmp', host, port } as Description['url']
  return describe(oid, { name, url, updateEveryMs })
}

test('a description without a value is reported once, although others of its host are due more often', async t => {
  const agent = await startSnmpd(t, { overrides })
  const { collector, log, untilMore, untilLogged } = startCollector(t)
  collector.setDescriptions([
    described('often', agent, wattsOid, 50),
    described('seldom', agent, lackedOid, 150),
  ])
  await untilLogged('no value of seldom')
  await untilMore('often', 12)
  t.deepEqual(
    log.lines.filter(line => line.includes('no value')),
    [`warning switch-3.yml:1:1: no value of seldom (switch-3): the agent has no ${lackedOid}`],
  )
})

test('a host that falls silent is reported once, and once more when it answers again', async t => {
  const agent = await startSnmpd(t, { overrides })
  let isSilent = false
  const relay = await startRelay(t, agent, {
    onRequest: (request, to) => {
      if (!isSilent) to.agent(request)
    },
  })
  const { collector, log, untilMore, untilLogged } = startCollector(t)
  collector.setDescriptions([described('watts', { host: '127.0.0.1', port: relay.port }, wattsOid, 500)])
  await untilMore('watts', 2)
  isSilent = true
  await untilLogged('cannot reach')
  const requests = relay.requests.length
  await until('two polls more', () => relay.requests.length > requests + 4)
  isSilent = false
  await untilLogged('answers again')
  await untilMore('watts', 2)
  const [first, second, ...others] = log.lines
  t.regex(
    first ?? '',
    /^warning cannot reach 127\.0\.0\.1:\d+ \(switch-3\): no answer in 0\.\d+ s \(dead, filtered, or the community is wrong\); 1 metrics are not collected, next try in 0\.\d s$/,
  )
  t.regex(second ?? '', /^warning 127\.0\.0\.1:\d+ answers again after \d+ s$/)
  t.deepEqual(others, [])
})

test('a host without descriptions is polled no more, and the others go on', async t => {
  const agent = await startSnmpd(t, { overrides, addresses: 2 })
  const [one = '', other = ''] = agent.hosts
  const { collector, values, untilMore } = startCollector(t)
  const kept = described('kept', { host: one, port: agent.port }, wattsOid, 50)
  collector.setDescriptions([kept, described('removed', { host: other, port: agent.port }, wattsOid, 50)])
  await untilMore('removed', 1)
  collector.setDescriptions([kept])
  const removed = values('removed')
  await untilMore('kept', 5)
  t.is(values('removed'), removed)
})

test('a stop ends a poll that hangs, and descriptions that come after it open nothing', async t => {
  const exporter = await startExporter(t, () => {})
  const clock = simulatedClock()
  const { collector, log } = startCollector(t, clock)
  const { host, port } = exporter
  const hanging = describe('', { url: { protocol: 'prometheus', host, port, metrics: [] } })
  collector.setDescriptions([hanging])
  await clock.advance(hanging.updateEveryMs)
  await until('a request', () => exporter.connections() > 0)
  await collector.stop()
  collector.setDescriptions([hanging])
  t.is(clock.timers(), 0)
  t.deepEqual(log.lines, [])
})

test('a host that is closed while it is polled and opened again at once is polled again', async t => {
  const exporter = await startExporter(t, (_request, response) => {
    if (exporter.connections() > 1) response.end('x 1\n')
  })
  const { collector, log, untilMore } = startCollector(t)
  const { host, port } = exporter
  const url = { protocol: 'prometheus', host, port, metrics: [] } as const
  const described = describe('', { url, updateEveryMs: 3_600_000 })
  collector.setDescriptions([described], new Set([described]))
  await until('a request', () => exporter.connections() > 0)
  collector.setDescriptions([])
  collector.setDescriptions([described], new Set([described]))
  await untilMore('prom_x', 1)
  t.is(exporter.connections(), 2)
  t.deepEqual(log.lines, [])
})

test('a dead host is asked seldom, for a promoted metric at once, and then for all its metrics', async t => {
  const agent = await startSnmpd(t, { overrides })
  let isDead = true
  const relay = await startRelay(t, agent, {
    onRequest: (request, to) => {
      if (!isDead) to.agent(request)
    },
  })
  const { collector, values, untilMore } = startCollector(t)
  const at = { host: '127.0.0.1', port: relay.port }
  const often = described('often', at, wattsOid, 50)
  const hourly = described('hourly', at, wattsOid, 3_600_000)
  collector.setDescriptions([often, hourly])
  await until('a rest of 8 periods and more', () => {
    const [host] = collector.status()
    return host?.up === false && (host.nextPollAt ?? 0) - Date.now() > 8 * 50
  })
  const polls = collector.status()[0]?.polls ?? 0
  t.true(polls >= 8 && polls < 20, `${polls} polls`)

  isDead = false
  const promoted = described('promoted', at, wattsOid, 3_600_000)
  collector.setDescriptions([often, hourly, promoted], new Set([promoted]))
  await untilMore('promoted', 1)
  t.is(values('hourly'), 1, 'although it is not due')
  await untilMore('often', 5)
  const [host] = collector.status()
  t.true(host?.up)
  t.is(values('promoted'), 1)
})

test('a host that lacks all that is asked of it is not dead', async t => {
  const agent = await startSnmpd(t, { overrides })
  const { collector } = startCollector(t)
  collector.setDescriptions([described('lacked', agent, lackedOid, 250)])
  await until('six polls', () => (collector.status()[0]?.polls ?? 0) >= 6)
  const [host] = collector.status()
  t.like(host, { up: true, values: 0, metricsPolled: 1, metricsMissing: 1 })
  t.true((host?.nextPollAt ?? 0) - Date.now() <= 250)
})

test('the status tells what each described host does, in words without credentials', async t => {
  const agent = await startSnmpd(t, { overrides, addresses: 3 })
  const [live = '', secretive = '', asleep = ''] = agent.hosts
  const { collector, log, untilMore } = startCollector(t)
  const { port } = agent
  const wrong = described('wrong', { host: secretive, port }, wattsOid, 500)
  const access = { version: 2, community: 'not-this-one' }
  const polled = [
    described('watts', { host: live, port }, wattsOid, 500),
    { ...described('lacked', { host: live, port }, lackedOid, 500), deviceId: 'a-switch' },
    { ...wrong, url: { ...wrong.url, access } as Description['url'] },
  ]
  const optional = described('fan', { host: asleep, port }, wattsOid, 500)
  collector.describe([...polled, optional, { ...optional, deviceId: 'another' }])
  collector.setDescriptions(polled)
  await untilMore('watts', 2)
  await until('a failure', () => collector.status().some(({ up }) => up === false))

  const [first, second, third, ...others] = collector.status()
  t.deepEqual(others, [])
  t.like(first, {
    host: `${live}:${port}`,
    protocol: 'snmp',
    devices: ['a-switch', 'switch-3'],
    metricsDescribed: 2,
    metricsPolled: 2,
    metricsMissing: 1,
    up: true,
    lastError: `no value of lacked (a-switch): the agent has no ${lackedOid}`,
    failedPolls: 0,
  })
  t.true((first?.values ?? 0) >= 2 && (first?.polls ?? 0) >= 2)
  t.true((first?.since ?? 0) <= (first?.lastSuccessAt ?? 0))
  t.true((first?.lastDurationMs ?? 0) > 0 && first?.nextPollAt !== undefined)
  t.like(second, { host: `${secretive}:${port}`, up: false, values: 0, lastSuccessAt: undefined })
  t.regex(second?.lastError ?? '', /^no answer in 0\.\d+ s \(dead, filtered, or the community is wrong\)$/)
  t.like(third, {
    host: `${asleep}:${port}`,
    devices: ['another', 'switch-3'],
    metricsDescribed: 2,
    metricsPolled: 0,
    up: undefined,
    polls: 0,
    nextPollAt: undefined,
  })
  t.false(JSON.stringify([collector.status(), log.lines]).includes('not-this-one'))

  collector.describe(polled.slice(0, 1))
  collector.setDescriptions(polled.slice(0, 1))
  t.deepEqual(
    collector.status().map(({ host, metricsMissing }) => [host, metricsMissing]),
    [[`${live}:${port}`, 0]],
  )
})

test('hosts that die together share a line of the log', async t => {
  const agent = await startSnmpd(t, { overrides, addresses: 12 })
  const { collector, log } = startCollector(t)
  collector.setDescriptions(
    agent.hosts.map(host => described('watts', { host, port: agent.port + 1 }, wattsOid, 200)),
  )
  await until('a failure of each', () => collector.status().every(({ up }) => up === false))
  await collector.stop()
  const lines = log.lines.filter(line => line.includes('cannot reach'))
  t.is(lines.length, 2)
  t.regex(lines[1] ?? '', /^warning cannot reach 11 hosts more \(.*, …\): .* \(ECONNREFUSED\); 11 metrics/)
})

test('hosts that lack the same metrics have a line for the first and one for the others', async t => {
  const agent = await startSnmpd(t, { overrides, addresses: 12 })
  const { collector, log } = startCollector(t)
  const fans = agent.hosts.flatMap(host =>
    Array.from({ length: 40 }, (_, fan) =>
      described(`fan_${fan}`, { host, port: agent.port }, `${lackedOid}.${fan}`, 5_000),
    ),
  )
  // At once, with the patience of a long period: on a busy machine an agent that answers late would be another story.
  collector.setDescriptions(fans, new Set(fans))
  await until('each to lack all', () =>
    collector.status().every(({ metricsMissing }) => metricsMissing === 40),
  )
  await collector.stop()
  const lines = log.lines.filter(line => line.includes('no value'))
  t.is(lines.length, 2)
  t.regex(
    lines[0] ?? '',
    /^warning switch-3\.yml:1:1: no value of 40 metrics \(fan_0, fan_1, fan_2, …\) from 127\.\S+ \(switch-3\): the agent has no 1\.3\S+, and 39 other reasons$/,
  )
  t.regex(
    lines[1] ?? '',
    /^warning switch-3\.yml:1:1: no value of 440 metrics \(fan_0, fan_1, fan_2, …\) from 11 hosts \(127.*, …\): the agent has no 1\.3\S+, and 39 other reasons$/,
  )
  t.regex(collector.status()[0]?.lastError ?? '', /^no value of 40 metrics \(fan_0, .* the agent has no /)
})
