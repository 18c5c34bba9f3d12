import { cpSync } from 'node:fs'
import test from 'ava'
import { decodeBatch, encodeBatch } from '../../sidecar/batch.ts'
import { RefusalLog } from '../../sidecar/refusal_log.ts'
import { Spool } from '../../sidecar/spool.ts'
import { testDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { keptLog, numbered, sampleAt, seriesNamed } from './samples.ts'
import { addressOf, deadLetters, startStoring } from './storing.ts'

test('a series that is refused for the same reason again is said once, and each value is kept', async t => {
  const database = await testDatabase(t)
  const { take, isEmpty, log } = startStoring(t, addressOf(database))
  const [nameless, numbered] = [seriesNamed('nameless', {}, ''), seriesNamed('numbered')]
  const errorsAfter = async (...samples: Parameters<typeof sampleAt>[]) => {
    const before = log.lines.length
    take(samples.map(sample => sampleAt(...sample)))
    await isEmpty()
    return log.lines.slice(before).filter(line => line.startsWith('error'))
  }
  const [first, ...others] = await errorsAfter([1, 1, nameless], [2, 2, nameless])
  t.deepEqual(others, [])
  t.regex(
    first ?? '',
    /^error 2 values of batch 1 cannot be stored, the first of nameless \(\): .*device_id_of_1_to_1024_bytes.*; correct its description or its device\. They are kept in kwollect\.dead_letters, and the same of these series is said once a minute at most$/,
  )
  t.deepEqual(await errorsAfter([3, 3, nameless]), [])
  t.is((await errorsAfter([Number.NaN, 4, numbered], [4, 4, nameless])).length, 1, 'another series')
  t.deepEqual(await errorsAfter([Number.NaN, 5, numbered], [6, 6, numbered]), [], 'not all were stored')
  t.deepEqual(await errorsAfter([7, 7, numbered]), [])
  t.deepEqual(await errorsAfter([Number.NaN, 8, numbered], [8, 8, nameless]), [], 'within a minute')
  t.is((await deadLetters(database)).length, 8)
})

test('what the database itself refuses is said once with device, metric and reason', async t => {
  const database = await testDatabase(t)
  const { take, isEmpty, log } = startStoring(t, addressOf(database))
  const [place, other] = [seriesNamed('place', { room: 'secret' }, 'switch-3'), seriesNamed('other')]
  const nul = { value_str: '\0' }
  const errorsAfter = async (...samples: Parameters<typeof sampleAt>[]) => {
    const before = log.lines.length
    take(samples.map(sample => sampleAt(...sample)))
    await isEmpty()
    return log.lines.slice(before).filter(line => !line.startsWith('debug'))
  }
  t.deepEqual(await errorsAfter([1, 1, other], [1, 2, place, nul], [2, 3, place, nul], [2, 4, place]), [
    'error 2 values of batch 1 cannot be stored, the first of place (switch-3): unsupported Unicode escape sequence; correct its description or its device. They are kept in kwollect.dead_letters, and the same of these series is said once a minute at most',
  ])
  t.deepEqual(await errorsAfter([3, 5, place, nul]), [])
  const [long, ...others] = await errorsAfter(
    [4, 6, place, { value_str: 'x'.repeat(70_000) }],
    [4, 7, place, nul],
  )
  t.regex(long ?? '', /^error 1 values of batch 3 .* of place \(switch-3\): .*sample_labels_of_at_most_64_kb/)
  t.deepEqual(others, [])
  t.is((await errorsAfter([5, 8, other, nul], [5, 9, place, nul])).length, 1, 'another series')
  t.deepEqual(await errorsAfter([6, 10, place]), [])
  t.deepEqual(await errorsAfter([7, 11, place, nul]), [], 'within a minute')
  t.is((await deadLetters(database)).length, 8)
})

test('of a batch that is refused as a whole one line tells', async t => {
  const database = await testDatabase(t)
  const { take, isEmpty, log } = startStoring(t, addressOf(database))
  const all = Array.from({ length: 3_000 }, (_, device) => seriesNamed('place', {}, `node-${device}`))
  for (const second of [1, 2]) {
    take(all.map(series => sampleAt(second, 1, series, { value_str: '\0' })))
    await isEmpty()
  }
  const lines = log.lines.filter(line => !line.startsWith('debug'))
  t.is(lines.length, 1)
  t.regex(lines[0] ?? '', /^error 3000 values of batch 1 .* the first of place \(node-0\)/)
})

test('a series that is stored and refused in turn is said once a minute, one that is refused all the time once', t => {
  const log = keptLog()
  let now = 0
  const refusals = new RefusalLog(log, () => now)
  const content = encodeBatch([sampleAt(1, 1, seriesNamed('bad')), sampleAt(1, 1, seriesNamed('in turn'))])
  const series = decodeBatch(content).series
  const [bad, inTurn] = series
  for (let batch = 0; batch < 300; batch += 1, now += 1_000) {
    const refused = batch % 2 === 0 ? [bad, inTurn] : [bad]
    refusals.report(
      batch,
      refused.map(key => ({ series: key, reason: 'it has no timestamp', values: 1 })),
      series,
    )
  }
  const lines = log.lines.filter(line => line.startsWith('error'))
  t.is(lines.length, 5)
  t.deepEqual(
    lines.map(line => /(\d+) values .* the first of (.*) \(/.exec(line)?.slice(1)),
    [['2', 'bad'], ...Array.from({ length: 4 }, () => ['1', 'in turn'])],
  )
})

test('reasons of a series in turn are said once a minute each', t => {
  const log = keptLog()
  let now = 0
  const refusals = new RefusalLog(log, () => now)
  const { series } = decodeBatch(encodeBatch([numbered(1)]))
  for (let batch = 0; batch < 59; batch += 1, now += 1_000)
    refusals.report(batch, [{ series: series[0], reason: `reason ${batch % 3}`, values: 1 }], series)
  t.is(log.lines.filter(line => line.startsWith('error')).length, 3)
})

test('of a batch that a copy of the spool sent nothing is said before it is stored', async t => {
  const database = await testDatabase(t)
  const [folder, clone] = [temporaryFolder(t), temporaryFolder(t)]
  Spool.open(folder, 64).close()
  cpSync(folder, clone, { recursive: true })
  const original = startStoring(t, addressOf(database), { folder })
  const copy = startStoring(t, addressOf(database), { folder: clone })
  original.take([numbered(1)])
  await original.isEmpty()
  copy.take([sampleAt(Number.NaN, 2, seriesNamed('numbered'))])
  await copy.isEmpty()
  // A copy is found out when it starts or when it sends, whichever comes first after the original's batch.
  const errors = copy.log.lines.filter(line => line.startsWith('error'))
  t.regex(errors[0] ?? '', /copy/)
  t.deepEqual(errors.map(line => /1 values of batch 1 cannot be stored/.test(line)).filter(Boolean), [true])
  t.is((await deadLetters(database)).length, 1)
})

test('more series than are remembered, refused in every batch, are said once', t => {
  const log = keptLog()
  const refusals = new RefusalLog(log, () => 0)
  const samples = Array.from({ length: 12_000 }, (_, device) =>
    sampleAt(1, 1, seriesNamed('bad', {}, `${device}`)),
  )
  const { series } = decodeBatch(encodeBatch(samples))
  const refused = series.map(key => ({ series: key, reason: 'it has no timestamp', values: 1 }))
  for (const batch of [1, 2, 3]) refusals.report(batch, refused, series)
  t.is(log.lines.filter(line => line.startsWith('error')).length, 1)
})
