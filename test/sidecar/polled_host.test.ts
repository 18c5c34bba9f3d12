import test from 'ava'
import { HostRecords } from '../../sidecar/host_status.ts'
import { MissingLog } from '../../sidecar/missing_log.ts'
import { OutageLog } from '../../sidecar/outage_log.ts'
import { PolledHost } from '../../sidecar/polled_host.ts'
import type { Poll, PollResult } from '../../sidecar/protocols/protocol.ts'
import type { Sample } from '../../sidecar/sample.ts'
import { keptLog, numbered } from './samples.ts'
import { type SimulatedClock, simulatedClock } from './simulated_clock.ts'
import { describe } from './snmp_host.ts'

const description = describe('1.1')

/** A host whose protocol the test speaks, because no real one ends late on purpose. */
function openPolled(clock: SimulatedClock, options: { readonly former?: Promise<unknown> } = {}) {
  const log = keptLog()
  const taken: Sample[] = []
  const polls: { readonly poll: Poll; end(result: PollResult): void }[] = []
  const polled = new PolledHost({
    host: {
      poll(poll) {
        const { promise, resolve } = Promise.withResolvers<PollResult>()
        polls.push({ poll, end: resolve })
        return promise
      },
      close: () => log.info('closed'),
    },
    url: description.url,
    record: new HostRecords().of(description.url),
    clock,
    log,
    outages: new OutageLog(clock, log),
    missingLog: new MissingLog(clock, log),
    take: samples => void taken.push(...samples),
    onSkipped: () => {},
    ...options,
  })
  polled.setDescriptions([description], [description])
  return { polled, polls, taken, log }
}

test('a host that is closed is told so in its poll, and what the poll has is taken', async t => {
  const { polled, polls, taken, log } = openPolled(simulatedClock())
  const [first] = polls
  t.false(first?.poll.signal.aborted)
  const closed = polled.close()
  t.true(first?.poll.signal.aborted)
  t.deepEqual(log.lines, [], 'not before the end of its poll')
  first?.end({ samples: [numbered(1)], missing: [] })
  await closed
  t.is(taken.length, 1)
  t.deepEqual(log.lines, ['info closed'])
})

test('a poll that does not end is given up two seconds after its host was closed', async t => {
  const clock = simulatedClock()
  const { polled, polls, taken, log } = openPolled(clock)
  const closed = polled.close()
  await clock.advance(2_000)
  await closed
  t.deepEqual(log.lines, ['error the poll of 127.0.0.1 does not end; it is given up', 'info closed'])
  polls[0]?.end({ samples: [numbered(1)], missing: [] })
  await clock.advance(0)
  t.deepEqual(taken, [], 'nobody takes any more')
  t.is(clock.timers(), 0)
})

test('a host that is opened again waits for the end of its former poll', async t => {
  const clock = simulatedClock()
  const former = openPolled(clock)
  const opened = openPolled(clock, { former: former.polled.close() })
  await clock.advance(0)
  t.is(opened.polls.length, 0)
  former.polls[0]?.end({ samples: [], missing: [] })
  await clock.advance(description.updateEveryMs)
  t.is(opened.polls.length, 1)

  const neverPolled = openPolled(clock, { former: new Promise(() => {}) })
  void neverPolled.polled.close()
  await clock.advance(description.updateEveryMs)
  t.is(neverPolled.polls.length, 0)
})
