import test from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { Connection } from '../../sidecar/database.ts'
import { testDatabase } from '../harness/database.ts'
import { startTcpRelay } from '../peers/tcp_relay.ts'
import { sampleAt, seriesNamed } from '../sidecar/samples.ts'
import { addressOf, quick, startStoring, storedSamples } from '../sidecar/storing.ts'
import { assertSame, differenceOf, seeded, sized } from './faults.ts'

const rounds = sized(20, 300)
const start = 1_732_320_000

test('a network that breaks within a batch, or stands still there, loses and doubles nothing', async t => {
  t.timeout(900_000)
  const fault = seeded(t)
  const database = await testDatabase(t)
  const relay = await startTcpRelay(t, database.server)
  // Long enough for a batch on a busy machine: it would never be stored otherwise.
  const patience = { ...quick, answerMs: 3_000 }
  const storing = startStoring(t, addressOf(database, relay), { patience })
  const taken: string[] = []
  let second = start
  const counts = { 'cuts in a request': 0, 'cuts in an answer': 0, hangs: 0 }
  for (let round = 0; round < rounds; round += 1) {
    // From a few hundred bytes to a megabyte, so that a break is before it, within it or at its answer.
    const samples = Array.from({ length: 1 + fault.below(10 ** (1 + fault.below(4))) }, () =>
      sampleAt(second++, round, seriesNamed('numbered')),
    )
    for (const { timestamp, value } of samples) taken.push(`${timestamp / 1_000_000} ${value}`)
    const way = fault.below(3) === 0 ? 'answers' : 'requests'
    const manner = fault.below(8) === 0 ? 'silence' : 'reset'
    const bytes = way === 'answers' ? fault.below(200) : fault.below(50 * samples.length + 300)
    counts[manner === 'silence' ? 'hangs' : way === 'answers' ? 'cuts in an answer' : 'cuts in a request'] +=
      1
    relay.breakAfter(bytes, way, manner)
    storing.take(samples)
    await until('an empty spool', () => storing.spool.length === 0, 60_000)
    fault.progress(round + 1, rounds, 'breaks')
  }
  relay.breakAfter(Number.POSITIVE_INFINITY, 'requests', 'reset')
  await storing.isEmpty()
  const stored = (await storedSamples(database)).map(([at, value]) => `${at} ${value}`)
  const difference = differenceOf(taken, stored)
  fault.report({ ...counts, ...difference })
  assertSame(t, difference)
})

// Two minutes are too long to wait for, and loopback answers for the dead: what the server was told has to do.
test('the server is told to end the sessions of clients that vanished', async t => {
  const database = await testDatabase(t)
  const connection = new Connection(addressOf(database), { name: 'test', onNotice: () => {} })
  t.teardown(() => connection.end())
  const [row] = await connection.answerWithin(
    20_000,
    connection.sql`
      select current_setting('tcp_keepalives_idle')::integer
           + current_setting('tcp_keepalives_interval')::integer
           * current_setting('tcp_keepalives_count')::integer as seconds`,
  )
  t.is(row?.seconds, 120)
})
