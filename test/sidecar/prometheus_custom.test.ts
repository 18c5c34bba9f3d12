import test from 'ava'
import { descriptionOf, page, readPage, serving, values } from './prometheus_polls.ts'

test('a custom series is the same object when its time moves on, however long it stood still', async t => {
  let time = 1
  const host = await serving(t, (request, response) =>
    page(`kwollect_custom{_metric_id="mine",_timestamp="${time}"} 2\n`)(request, response),
  )
  const description = descriptionOf({})
  const first = await readPage(host, [description])
  for (let scrape = 0; scrape < 30; scrape++) t.is((await readPage(host, [description])).samples.length, 0)
  time = 2
  const last = await readPage(host, [description])
  t.is(last.samples.length, 1)
  t.true(first.samples[0]?.series === last.samples[0]?.series)
})

test('a custom sample is not handed out again after a page that broke off or a reload', async t => {
  const custom = 'kwollect_custom{_metric_id="mine",_timestamp="1"} 2\n'
  let cut = false
  const host = await serving(t, (request, response) => {
    if (!cut) return page(`x 1\n${custom}`)(request, response)
    response.writeHead(200, { 'content-length': '1000' })
    response.write('x 1\n', () => response.destroy())
  })
  t.is((await readPage(host, [descriptionOf({})])).samples.length, 2)
  cut = true
  for (let scrape = 0; scrape < 12; scrape++)
    t.is((await readPage(host, [descriptionOf({})])).samples.length, 1)
  cut = false
  t.deepEqual(await values(host), [['prom_x', 1]])
})

test('a custom sample goes once to each device that collects it', async t => {
  const host = await serving(t, page('kwollect_custom{_metric_id="mine",_timestamp="1"} 2\n'))
  const one = descriptionOf({ deviceId: 'one' })
  const two = descriptionOf({ deviceId: 'two', metrics: ['kwollect_custom'] })
  t.is((await readPage(host, [one])).samples.length, 1)
  t.deepEqual(
    (await readPage(host, [one, two])).samples.map(sample => sample.series.deviceId),
    ['two'],
  )
})

test('a custom sample without a name or with a bad time is counted and costs no other', async t => {
  const host = await serving(
    t,
    page(
      [
        'kwollect_custom{_timestamp="1"} 1',
        'kwollect_custom{_metric_id="a",_timestamp="yesterday"} 1',
        'kwollect_custom{_metric_id="b",_timestamp="1732320000250125"} 1',
        'kwollect_custom{_metric_id="c",_timestamp="1732320000.250125"} 1',
      ].join('\n'),
    ),
  )
  const { samples, warnings } = await readPage(host, [descriptionOf({})])
  t.deepEqual(
    samples.map(sample => [sample.series.metricId, sample.timestamp]),
    [['c', 1_732_320_000_250_125]],
  )
  t.deepEqual(
    warnings?.map(warning => warning.replace(/: "kwollect.*/, '')),
    [
      'line 1: kwollect_custom without _metric_id',
      'line 2: _timestamp is not a Unix time in seconds',
      'line 3: _timestamp is not a Unix time in seconds',
    ],
  )
})
