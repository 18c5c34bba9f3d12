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
    /^error 2 values of batch 1 cannot be stored \(.*device_id_of_1_to_1024_bytes.*\); they are kept in kwollect\.dead_letters, and the same of these series is not said again$/,
  )
  t.deepEqual(await errorsAfter([3, 3, nameless]), [])
  t.is((await errorsAfter([Number.NaN, 4, numbered], [4, 4, nameless])).length, 1, 'another series')
  t.deepEqual(await errorsAfter([Number.NaN, 5, numbered], [6, 6, numbered]), [], 'not all were stored')
  t.deepEqual(await errorsAfter([7, 7, numbered]), [])
  const [again] = await errorsAfter([Number.NaN, 8, numbered], [8, 8, nameless])
  t.regex(again ?? '', /^error 1 values of batch 6 cannot be stored \(it has no timestamp\)/)
  t.is((await deadLetters(database)).length, 8)
})
