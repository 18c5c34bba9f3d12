import test from 'ava'
import { OutageLog } from '../../sidecar/outage_log.ts'
import { keptLog } from './samples.ts'
import { simulatedClock } from './simulated_clock.ts'

function startLog() {
  const [clock, log] = [simulatedClock(), keptLog()]
  const outages = new OutageLog(clock, log)
  const fails = (host: string, reason: string, metrics = 1) =>
    outages.unreachable({
      host: `${host}:1161`,
      address: host,
      devices: ['a', 'b', 'c', 'd'],
      reason,
      metrics,
      nextInMs: 5_000,
    })
  return { clock, outages, fails, lines: log.lines }
}

test('a host that fails alone has a line of its own, at once', async t => {
  const { clock, fails, lines } = startLog()
  fails('bmc-1', 'no answer in 4 s', 12)
  t.deepEqual(lines, [
    'warning cannot reach bmc-1:1161 (a, b, c, …): no answer in 4 s; 12 metrics are not collected, next try in 5 s',
  ])
  await clock.advance(60_000)
  t.is(lines.length, 1)
  t.is(clock.timers(), 0)
})

test('hosts that fail close together for the same reason share a line, however long it goes on', async t => {
  const { clock, fails, lines } = startLog()
  for (let host = 1; host <= 200; host += 1) {
    fails(`bmc-${host}`, `no answer in 0.${host % 10} s`, 10)
    await clock.advance(50)
  }
  await clock.advance(60_000)
  t.deepEqual(lines.slice(1), [
    'warning cannot reach 99 hosts more (bmc-2:1161, bmc-3:1161, bmc-4:1161, …): no answer in 0.2 s; 990 metrics are not collected',
    'warning cannot reach 100 hosts more (bmc-101:1161, bmc-102:1161, bmc-103:1161, …): no answer in 0.1 s; 1,000 metrics are not collected',
  ])
  t.is(clock.timers(), 0)
})

test('a second one keeps its own line, and other reasons are not mixed with it', async t => {
  const { clock, fails, lines } = startLog()
  fails('a-1', 'HTTP 503')
  fails('a-2', 'HTTP 503')
  fails('a-3', 'connection refused')
  await clock.advance(5_000)
  t.deepEqual(
    lines.map(line => /reach (\S+)/.exec(line)?.[1]),
    ['a-1:1161', 'a-3:1161', 'a-2:1161'],
  )
})

test('a reason that names its host is the same for all of them', async t => {
  const { clock, fails, lines } = startLog()
  for (const host of ['node-1', 'node-2', 'node-10', '10.0.0.1'])
    fails(host, `the name ${host} cannot be resolved (ENOTFOUND)`)
  await clock.advance(5_000)
  t.is(lines.length, 2)
  t.regex(lines[1] ?? '', /3 hosts more .*: the name … cannot be resolved \(ENOTFOUND\); 3 metrics/)
})

test('returns share lines likewise', async t => {
  const { clock, outages, lines } = startLog()
  for (const seconds of [30, 40, 35, 90, 31])
    outages.back({ host: `bmc-${seconds}`, afterMs: seconds * 1_000 })
  await clock.advance(5_000)
  t.deepEqual(lines, [
    'warning bmc-30 answers again after 30 s',
    'warning 4 hosts more answer again after 31 to 90 s (bmc-40, bmc-35, bmc-90, …)',
  ])
})

test('what is gathered is said at the end, and nothing is left', t => {
  const { clock, outages, fails, lines } = startLog()
  for (const host of ['a', 'b', 'c']) fails(host, 'no answer in 4 s')
  outages.stop()
  t.is(lines.length, 2)
  t.is(clock.timers(), 0)
})
