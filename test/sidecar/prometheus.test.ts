import { gzipSync } from 'node:zlib'
import test from 'ava'
import { Counter, type OpenMetricsContentType, Registry } from 'prom-client'
import { startExporter } from '../peers/exporter.ts'
import { descriptionOf, openHost, page, readPage, serving, values } from './prometheus_polls.ts'

test('a sample has the moment of its request, whatever time stands beside it', async t => {
  const host = await serving(t, page('with_time 1 1600000000000\nwithout 2\n'))
  const { samples } = await readPage(host, [descriptionOf({})])
  t.deepEqual(
    samples.map(sample => sample.timestamp),
    [1_732_320_000_250_125, 1_732_320_000_250_125],
  )
})

test('values are multiplied by the scale factor', async t => {
  const host = await serving(t, page('volts 2.5\nbroken NaN\nfull +Inf\n'))
  t.deepEqual(await values(host, descriptionOf({ scaleFactor: 10 })), [
    ['prom_volts', 25],
    ['prom_broken', Number.NaN],
    ['prom_full', Number.POSITIVE_INFINITY],
  ])
})

test('the labels of the description win over those of the page', async t => {
  const host = await serving(t, page('x{a="page",b="page",empty=""} 1\n'))
  const { samples } = await readPage(host, [
    descriptionOf({ labels: { a: 'description', c: 'description' } }),
  ])
  t.deepEqual({ ...samples[0]?.series.labels }, { a: 'description', b: 'page', empty: '', c: 'description' })
})

test('a label called __proto__ reaches the series', async t => {
  const host = await serving(t, page('x{__proto__="a"} 1\n'))
  const { samples } = await readPage(host, [descriptionOf({ labels: { b: 'c' } })])
  t.is(JSON.stringify(samples[0]?.series.labels), '{"__proto__":"a","b":"c"}')
})

test('all descriptions that are due are served by one request', async t => {
  let requests = 0
  const host = await serving(t, (request, response) => {
    requests++
    page('x 1\ny 2\n{"z.z",a="b"} 3\n')(request, response)
  })
  const all = descriptionOf({ deviceId: 'all' })
  const some = descriptionOf({ deviceId: 'some', metrics: ['y', 'z.z'] })
  const { samples } = await readPage(host, [all, some])
  t.is(requests, 1)
  t.deepEqual(samples.map(({ series }) => `${series.deviceId} ${series.metricId}`).sort(), [
    'all prom_x',
    'all prom_y',
    'all prom_z.z',
    'some prom_y',
    'some prom_z.z',
  ])
})

test('a series is the same object from scrape to scrape, for a description', async t => {
  const host = await serving(t, page('x{a="b"} 1\nkwollect_custom{_metric_id="mine"} 2\n'))
  const description = descriptionOf({})
  const first = await readPage(host, [description])
  const second = await readPage(host, [description])
  t.is(first.samples.length, 2)
  for (const [index, sample] of first.samples.entries())
    t.true(sample.series === second.samples[index]?.series)
})

test('bad lines are named, the first five in words, and the good ones kept', async t => {
  const host = await serving(t, page(`x 1\n${'bad\n'.repeat(1_500)}x 2\ny 2\n`))
  const { samples, warnings } = await readPage(host, [descriptionOf({})])
  t.deepEqual(
    samples.map(sample => sample.series.metricId),
    ['prom_x', 'prom_y'],
  )
  t.deepEqual(warnings, [
    ...[2, 3, 4, 5, 6].map(line => `line ${line}: no value: "bad"`),
    '1,496 other lines are not understood',
  ])
})

test('a description whose metrics the page lacks is named', async t => {
  const host = await serving(t, page('x 1\n'))
  const [here, absent] = [descriptionOf({ metrics: ['x', 'y'] }), descriptionOf({ metrics: ['y', 'z'] })]
  const { missing } = await readPage(host, [here, absent])
  t.deepEqual(missing, [{ description: absent, reason: 'the page has no y, z' }])
})

test('an empty page is an answer', async t => {
  const description = descriptionOf({})
  const { missing } = await readPage(await serving(t, page('')), [description])
  t.deepEqual(missing, [{ description, reason: 'the page has no samples' }])
})

test('connections are kept, and one that the exporter closed is replaced', async t => {
  const exporter = await startExporter(t, page('x 1\n'))
  const host = openHost(t, exporter)
  await values(host)
  await values(host)
  t.is(exporter.connections(), 1)
  exporter.dropIdleConnections()
  t.deepEqual(await values(host), [['prom_x', 1]])
  t.is(exporter.connections(), 2)
})

test('a compressed page is read', async t => {
  const host = await serving(t, (request, response) => {
    t.is(request.headers['accept-encoding'], 'gzip')
    response.setHeader('content-encoding', 'gzip').end(gzipSync('x 1\ny{a="é"} 2\n'))
  })
  t.deepEqual(await values(host), [
    ['prom_x', 1],
    ['prom_y', 2],
  ])
})

test("a page in OpenMetrics, by npm's prom-client", async t => {
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const counter = new Counter({
    name: 'jobs',
    help: 'jobs',
    labelNames: ['queue', 'trace'],
    registers: [registry],
    enableExemplars: true,
  })
  counter.inc({ labels: { queue: 'a' }, value: 3, exemplarLabels: { trace: 'b' } })
  const text = await registry.metrics()
  t.regex(text, /# \{trace="b"\}/)
  const host = await serving(t, (_request, response) => {
    response.setHeader('content-type', registry.contentType).end(text)
  })
  const { samples, warnings } = await readPage(host, [descriptionOf({})])
  t.deepEqual(warnings, [])
  t.deepEqual(
    samples.map(({ series, value }) => [series.metricId, { ...series.labels }, value]),
    [['prom_jobs_total', { queue: 'a' }, 3]],
  )
})

test('an exporter on an IPv6 address', async t => {
  const exporter = await startExporter(
    t,
    (request, response) => {
      t.regex(request.headers.host ?? '', /^\[::1\]:\d+$/)
      page('x 1\n')(request, response)
    },
    '::1',
  )
  t.deepEqual(await values(openHost(t, exporter)), [['prom_x', 1]])
})
