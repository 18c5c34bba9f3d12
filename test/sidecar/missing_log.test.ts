import test from 'ava'
import { MissingLog } from '../../sidecar/missing_log.ts'
import { keptLog } from './samples.ts'
import { simulatedClock } from './simulated_clock.ts'
import { describe } from './snmp_host.ts'

function startLog() {
  const [clock, log] = [simulatedClock(), keptLog()]
  const missingLog = new MissingLog(clock, log)
  /** The same description for the same host and metric, as in the program. */
  const known = new Map<string, ReturnType<typeof describe>>()
  const describedAs = (host: string, name: string) => {
    const key = `${host} ${name}`
    const description = known.get(key) ?? describe('1.1', { name, deviceId: `device-${host}` })
    known.set(key, description)
    return description
  }
  const lacks = (host: string, names: readonly string[], reason = 'the agent has no 1.1') =>
    missingLog.report(
      host,
      names.map(name => ({ description: describedAs(host, name), reason })),
    )
  return { clock, missingLog, lacks, lines: log.lines }
}

const place = 'warning switch-3.yml:1:1:'

test('a metric that 500 hosts lack has a line for the first of them and one for the others', async t => {
  const { clock, lacks, lines } = startLog()
  for (let host = 1; host <= 500; host += 1) lacks(`10.0.0.${host}`, ['fan_rpm'])
  t.deepEqual(lines, [`${place} no value of fan_rpm (device-10.0.0.1): the agent has no 1.1`])
  await clock.advance(60_000)
  t.deepEqual(lines.slice(1), [
    `${place} no value of 499 metrics (fan_rpm) from 499 hosts (10.0.0.2, 10.0.0.3, 10.0.0.4, …): the agent has no 1.1`,
  ])
  t.is(clock.timers(), 0)
})

test('what several polls find missing of one host is one line, with how many reasons there are', async t => {
  const { clock, lacks, lines } = startLog()
  lacks('a', ['power'])
  lacks('b', ['fan_1', 'fan_2'])
  lacks('b', ['fan_3', 'fan_4'], 'the sensor reads N/A')
  await clock.advance(5_000)
  t.deepEqual(lines.slice(1), [
    `${place} no value of 4 metrics (fan_1, fan_2, fan_3, …) from b (device-b): the agent has no 1.1, and another reason`,
  ])
})

test('hosts that lack different metrics have a line for each of the five most frequent lists, and one for the rest', async t => {
  const { clock, lacks, lines } = startLog()
  lacks('first', ['power'])
  for (let host = 1; host <= 300; host += 1) lacks(`odd-${host}`, [`only_${host}`, 'fan'])
  lacks('a', ['fan_1', 'fan_2'])
  lacks('b', ['fan_2', 'fan_1'])
  await clock.advance(5_000)
  t.is(lines.length, 7)
  t.is(lines[1], `${place} no value of 4 metrics (fan_1, fan_2) from 2 hosts (a, b): the agent has no 1.1`)
  t.is(
    lines[6],
    'warning no value of 592 metrics from 296 hosts more (odd-5, odd-6, odd-7, …); the view kwollector_status has a reason for each',
  )
})

test('a metric that comes and goes is told of once a minute for each reason', async t => {
  const { clock, missingLog, lacks, lines } = startLog()
  for (let second = 0; second < 180; second += 1) {
    lacks('a', ['fan'], second % 2 === 0 ? 'even' : 'odd')
    await clock.advance(1_000)
  }
  missingLog.stop()
  const told = (reason: string) => lines.filter(line => line.endsWith(`: ${reason}`)).length
  t.deepEqual([told('even'), told('odd'), lines.length], [3, 3, 6])
})

test('after the clock was set back an hour it is told of again', t => {
  const { clock, missingLog, lacks, lines } = startLog()
  lacks('a', ['fan'])
  clock.set(clock.now() - 3_600_000)
  lacks('a', ['fan'])
  missingLog.stop()
  t.is(lines.length, 2)
})

test('a reason that is another one at each poll has a line for each five seconds', async t => {
  const { clock, lacks, lines } = startLog()
  for (let poll = 0; poll < 600; poll += 1) {
    lacks('a', ['fan'], `reason ${poll}`)
    await clock.advance(100)
  }
  t.true(lines.length <= 13, `${lines.length} lines in a minute`)
  t.is(lines[1], `${place} no value of 1 metrics (fan) from a (device-a): reason 1, and 48 other reasons`)
})

test('what is gathered is said at the end, and nothing is left', t => {
  const { clock, missingLog, lacks, lines } = startLog()
  lacks('a', ['fan'])
  lacks('b', ['fan'])
  missingLog.stop()
  t.is(lines.length, 2)
  t.is(clock.timers(), 0)
})
