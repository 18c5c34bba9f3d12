import test from 'ava'
import { testDatabase } from '../harness/database.ts'
import { sampleAt, seriesNamed } from './samples.ts'
import { addressOf, deadLetters, startStoring } from './storing.ts'

test('a series that is refused for the same reason again is said once until it is stored, and each value is kept', async t => {
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
    /^error 2 values of batch 1 cannot be stored, the first of nameless \(\): .*device_id_of_1_to_1024_bytes.*; correct its description or its device\. They are kept in kwollect\.dead_letters, and the same of these series is not said again$/,
  )
  t.deepEqual(await errorsAfter([3, 3, nameless]), [])
  t.is((await errorsAfter([Number.NaN, 4, numbered], [4, 4, nameless])).length, 1, 'another series')
  t.deepEqual(await errorsAfter([Number.NaN, 5, numbered], [6, 6, numbered]), [], 'not all were stored')
  t.deepEqual(await errorsAfter([7, 7, numbered]), [])
  const [again] = await errorsAfter([Number.NaN, 8, numbered], [8, 8, nameless])
  t.regex(
    again ?? '',
    /^error 1 values of batch 6 cannot be stored, the first of numbered \(node-1\): it has no timestamp;/,
  )
  t.is((await deadLetters(database)).length, 8)
})

test('what the database itself refuses is said once with device, metric and reason, until it is stored again', async t => {
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
    'error 2 values of batch 1 cannot be stored, the first of place (switch-3): unsupported Unicode escape sequence; correct its description or its device. They are kept in kwollect.dead_letters, and the same of these series is not said again',
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
  t.is((await errorsAfter([7, 11, place, nul])).length, 1)
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
