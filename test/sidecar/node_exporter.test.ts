import anyTest from 'ava'
import { parseExposition } from '../../sidecar/protocols/exposition.ts'
import { openPrometheusHost } from '../../sidecar/protocols/prometheus.ts'
import type { Host } from '../../sidecar/protocols/protocol.ts'
import type { Scope } from '../harness/scope.ts'
import { testWhere } from '../harness/server.ts'
import { type NodeExporter, nodeExporterMissing, startNodeExporter } from '../peers/node_exporter.ts'
import { descriptionOf, readPage } from './prometheus_polls.ts'

const test = testWhere(anyTest, nodeExporterMissing)

/** 2024-11-23 00:00:00.25 UTC. */
const now = 1_732_320_000_250

async function start(scope: Scope): Promise<{ exporter: NodeExporter; host: Host }> {
  const exporter = await startNodeExporter(scope, { collectors: ['loadavg', 'uname', 'cpu'] })
  const host = openPrometheusHost(exporter, { now: () => now })
  scope.teardown(() => host.close())
  return { exporter, host }
}

test('a whole page of node_exporter becomes samples', async t => {
  const { exporter, host } = await start(t)
  const page = parseExposition(await (await fetch(exporter.url)).text(), 'text')
  const { samples, missing, warnings } = await readPage(host, [descriptionOf({ labels: { rack: 'r1' } })])
  t.deepEqual([missing, warnings], [[], []])
  const name = (labels: object) => JSON.stringify(labels)
  t.deepEqual(
    samples.map(({ series }) => series.metricId + name(series.labels)).sort(),
    page.samples.map(sample => `prom_${sample.name}${name({ ...sample.labels, rack: 'r1' })}`).sort(),
  )
})

test('the load of this machine is collected by name', async t => {
  const { host } = await start(t)
  const { samples } = await readPage(host, [descriptionOf({ metrics: ['node_load1', 'node_load15'] })])
  t.deepEqual(
    samples.map(sample => sample.series),
    [
      { deviceId: 'node-1', metricId: 'prom_node_load1', labels: Object.create(null) },
      { deviceId: 'node-1', metricId: 'prom_node_load15', labels: Object.create(null) },
    ],
  )
  for (const sample of samples) t.true(sample.value >= 0 && sample.timestamp === now * 1000)
})

test('a custom metric with a time is handed out once, and again when its time changes', async t => {
  const { exporter, host } = await start(t)
  const description = descriptionOf({ metrics: ['kwollect_custom'], labels: { rack: 'r1' } })
  const collect = async () => (await readPage(host, [description])).samples
  exporter.writeTextfile('kwollect_custom{_metric_id="my_metric", _timestamp="1606389005.1234"} 42\n')
  const [first, ...others] = await collect()
  t.deepEqual(others, [])
  t.is(first?.series.metricId, 'my_metric')
  t.deepEqual({ ...first?.series.labels }, { _metric_origin: 'prom_kwollect_custom', rack: 'r1' })
  t.is(first?.timestamp, 1_606_389_005_123_400)
  t.is(first?.value, 42)
  t.deepEqual(first?.labels, { _metric_scrape_time: '1732320000.25' })
  t.deepEqual([await collect(), await collect()], [[], []])

  exporter.writeTextfile('kwollect_custom{_metric_id="my_metric", _timestamp="1606389006"} 42\n')
  const [next] = await collect()
  t.is(next?.timestamp, 1_606_389_006_000_000)
  t.is(next?.series, first?.series)
  exporter.writeTextfile('kwollect_custom{_metric_id="my_metric", _timestamp="1606389006"} 43\n')
  t.deepEqual(
    (await collect()).map(sample => sample.value),
    [43],
  )
})

test('the empty labels that the exporter pads with are absent labels', async t => {
  const { exporter, host } = await start(t)
  exporter.writeTextfile(
    [
      'kwollect_custom{_metric_id="timed", _timestamp="1606389005", gpu="0"} 1',
      'kwollect_custom{_metric_id="untimed", core="3"} 2',
      '',
    ].join('\n'),
  )
  const description = descriptionOf({ metrics: ['kwollect_custom'] })
  const { samples } = await readPage(host, [description])
  const found = samples.map(sample => ({
    ...sample,
    series: { ...sample.series, labels: { ...sample.series.labels } },
  }))
  const origin = { _metric_origin: 'prom_kwollect_custom' }
  t.deepEqual(
    found.sort((a, b) => a.value - b.value),
    [
      {
        timestamp: 1_606_389_005_000_000,
        series: { deviceId: 'node-1', metricId: 'timed', labels: { gpu: '0', ...origin } },
        value: 1,
        labels: { _metric_scrape_time: '1732320000.25' },
      },
      {
        timestamp: now * 1000,
        series: { deviceId: 'node-1', metricId: 'untimed', labels: { core: '3', ...origin } },
        value: 2,
      },
    ],
  )
  // Without a time of its own it is a reading like any other, at each scrape.
  t.deepEqual(
    (await readPage(host, [description])).samples.map(sample => sample.value),
    [2],
  )
})
