import test from 'ava'
import { KnownSeries } from '../../sidecar/known_series.ts'

test('series that are used stay known among any number of series that come and go', t => {
  const known = new KnownSeries(100)
  const used = Array.from({ length: 20 }, (_, series) => `used ${series}`)
  for (const key of used) known.set(key, `number of ${key}`)
  for (let batch = 0; batch < 1_000; batch += 1) {
    for (const key of used) t.true(known.keep(key))
    for (let series = 0; series < 25; series += 1) known.set(`once ${batch} ${series}`, 'a number')
    for (const key of used) t.is(known.get(key), `number of ${key}`)
    t.true(known.size <= 100)
  }
  t.false(known.keep('once 1 1'))
  t.is(known.get('once 1 1'), undefined)
})
