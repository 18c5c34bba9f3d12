import ava, { type ExecutionContext } from 'ava'
import { freePort } from '../../scripts/stack/free_port.ts'
import type { DeliveryStatus } from '../../sidecar/delivery.ts'
import type { HostStatus } from '../../sidecar/host_status.ts'
import { MetricsListener, MetricsPortUnusable } from '../../sidecar/metrics_listener.ts'
import { parseExposition } from '../../sidecar/protocols/exposition.ts'
import { createSelfMetrics } from '../../sidecar/self_metrics.ts'
import { testWhere } from '../harness/server.ts'
import { startExporter } from '../peers/exporter.ts'
import { pythonParserMissing, readWithPython } from '../peers/prometheus_client.ts'

const pythonTest = testWhere(ava, pythonParserMissing)

const now = 1_732_320_000_250

const live: HostStatus = {
  host: 'switch-3',
  protocol: 'snmp',
  devices: ['switch-3'],
  metricsDescribed: 10,
  metricsPolled: 8,
  metricsMissing: 1,
  up: true,
  since: now - 60_000,
  lastSuccessAt: now - 500,
  lastErrorAt: now - 60_000,
  lastError: 'no value of place (switch-3): the agent has no 1.3.6',
  lastDurationMs: 12.5,
  polls: 60,
  failedPolls: 0,
  skippedPolls: 2,
  values: 480,
  nextPollAt: now + 500,
}

const unasked: HostStatus = {
  ...live,
  host: 'bmc "7"\\',
  protocol: 'ipmisensor',
  up: undefined,
  lastSuccessAt: undefined,
  lastDurationMs: undefined,
}

const delivery: DeliveryStatus = {
  spoolId: '0d9f1a3e-0000-4000-8000-00000000000a',
  waitingBatches: 3,
  waitingBytes: 4096,
  oldestAt: now - 90_000,
  storedBatches: 12,
  storedValues: 3400,
  lostValues: 7,
}

function selfMetrics(changes: Partial<DeliveryStatus> = {}) {
  let hosts: readonly HostStatus[] = [live, unasked]
  const registry = createSelfMetrics({
    hosts: () => hosts,
    delivery: () => ({ ...delivery, ...changes }),
    deadLetters: () => 4,
    version: '2.0.0',
    now: () => now,
  })
  return {
    registry,
    /** What the page has of a name: labels as JSON, and the value. */
    async read(name: string) {
      const page = parseExposition(await registry.metrics(), 'text')
      return page.samples
        .filter(sample => sample.name === name)
        .map(sample => [JSON.stringify(sample.labels), sample.value])
    },
    poll(...statuses: readonly HostStatus[]) {
      hosts = statuses
    },
  }
}

async function open(t: ExecutionContext): Promise<{ listener: MetricsListener; url: string }> {
  const port = await freePort()
  const listener = await MetricsListener.open('127.0.0.1', port)
  t.teardown(() => listener.stop())
  return { listener, url: `http://127.0.0.1:${port}` }
}

const switchLabels = '{"host":"switch-3","protocol":"snmp"}'
const bmcLabels = '{"host":"bmc \\"7\\"\\\\","protocol":"ipmisensor"}'

ava('each host and the spool have their numbers, and what is not known is left out', async t => {
  const { read } = selfMetrics()
  t.deepEqual(await read('kwollector_host_up'), [[switchLabels, 1]])
  t.deepEqual(await read('kwollector_host_poll_duration_seconds'), [[switchLabels, 0.0125]])
  t.deepEqual(await read('kwollector_host_last_success_timestamp_seconds'), [
    [switchLabels, (now - 500) / 1000],
  ])
  t.deepEqual(await read('kwollector_polls_total'), [
    [switchLabels, 60],
    [bmcLabels, 60],
  ])
  for (const [name, value] of [
    ['kwollector_spool_bytes', 4096],
    ['kwollector_spool_age_seconds', 90],
    ['kwollector_batches_stored_total', 12],
    ['kwollector_values_lost_total', 7],
    ['kwollector_dead_letters', 4],
  ] as const)
    t.deepEqual(await read(name), [['{}', value]], name)
  t.deepEqual(await read('kwollector_build_info'), [['{"version":"2.0.0"}', 1]])
  t.is((await read('process_resident_memory_bytes')).length, 1)
  t.deepEqual(await selfMetrics({ oldestAt: undefined }).read('kwollector_spool_age_seconds'), [['{}', 0]])
})

ava('a second scrape counts nothing twice, and a host that is gone is gone', async t => {
  const { read, poll } = selfMetrics()
  await read('kwollector_values_total')
  poll({ ...live, values: 500 })
  t.deepEqual(await read('kwollector_values_total'), [[switchLabels, 500]])
})

ava('what families share is read once a scrape', async t => {
  const reads = { hosts: 0, delivery: 0 }
  const registry = createSelfMetrics({
    hosts() {
      reads.hosts += 1
      return [live]
    },
    delivery() {
      reads.delivery += 1
      return delivery
    },
    deadLetters: () => undefined,
    version: '2.0.0',
    now: () => now,
  })
  await registry.metrics()
  t.deepEqual(reads, { hosts: 1, delivery: 1 })
  await registry.metrics()
  t.deepEqual(reads, { hosts: 2, delivery: 2 })
})

ava('every metric of its own has a help text, and a counter is called _total', async t => {
  const { registry } = selfMetrics()
  const own = (await registry.getMetricsAsJSON()).filter(({ name }) => name.startsWith('kwollector_'))
  t.true(own.length > 15)
  for (const { name, help, type } of own) {
    t.regex(help, /^[A-Z].*\.$/)
    t.is(String(type) === 'counter', name.endsWith('_total'), name)
  }
})

pythonTest('Python reads the page as we do', async t => {
  const { registry } = selfMetrics()
  const text = await registry.metrics()
  const [theirs] = await readWithPython('text', [text])
  const ours = parseExposition(text, 'text')
  t.deepEqual(ours.errors, [])
  t.deepEqual(
    theirs?.map(({ name, labels, value }) => [name, labels, value]).sort(),
    ours.samples.map(({ name, labels, value }) => [name, Object.entries(labels).sort(), value]).sort(),
  )
})

ava('the page is at /metrics, and nothing else is anywhere', async t => {
  const { listener, url } = await open(t)
  t.is((await fetch(`${url}/metrics`)).status, 503, 'before there is a page')
  listener.serve(selfMetrics().registry)
  const page = await fetch(`${url}/metrics?collect[]=all`)
  t.is(page.status, 200)
  t.is(page.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  t.true((await page.text()).includes('kwollector_host_up{host="switch-3",protocol="snmp"} 1\n'))
  const head = await fetch(`${url}/metrics`, { method: 'HEAD' })
  t.deepEqual([head.status, await head.text()], [200, ''])
  t.is((await fetch(`${url}/`)).status, 404)
  const written = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })
  t.deepEqual([written.status, written.headers.get('allow')], [405, 'GET, HEAD'])
})

ava('a page that cannot be made is an error of its request alone', async t => {
  const { listener, url } = await open(t)
  listener.serve({ contentType: 'text/plain', metrics: () => Promise.reject(new Error('the disk is gone')) })
  const failed = await fetch(`${url}/metrics`)
  t.deepEqual([failed.status, await failed.text()], [500, 'The metrics cannot be shown: the disk is gone\n'])
  listener.serve(selfMetrics().registry)
  t.is((await fetch(`${url}/metrics`)).status, 200)
})

ava('a port or an address that cannot be had is named with what to do', async t => {
  const { port } = await startExporter(t, () => {})
  for (const [host, sentence] of [
    ['127.0.0.1', `metrics_port ${port} on 127.0.0.1 is used by another program; give another one`],
    ['192.0.2.1', 'metrics_host 192.0.2.1 is no address of this machine'],
  ] as const) {
    await t.throwsAsync(MetricsListener.open(host, port), {
      instanceOf: MetricsPortUnusable,
      message: sentence,
    })
  }
})
