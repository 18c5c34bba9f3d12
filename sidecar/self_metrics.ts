import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import type { DeliveryStatus } from './delivery.ts'
import type { HostStatus } from './host_status.ts'

export interface MetricSources {
  readonly hosts: () => readonly HostStatus[]
  readonly delivery: () => DeliveryStatus
  readonly deadLetters: () => number | undefined
  readonly version: string
  /** Unix milliseconds. */
  readonly now: () => number
}

/** A metric with what it is of one source; absent where that is undefined. */
type Family<Source> = readonly [name: string, help: string, value: (source: Source) => number | undefined]

const hostFamilies: readonly Family<HostStatus>[] = [
  [
    'kwollector_host_up',
    'Whether the last poll of the host was answered.',
    ({ up }) => (up === undefined ? undefined : Number(up)),
  ],
  [
    'kwollector_host_last_success_timestamp_seconds',
    'When a poll of the host was answered last.',
    ({ lastSuccessAt }) => inSeconds(lastSuccessAt),
  ],
  [
    'kwollector_host_poll_duration_seconds',
    'How long the last poll of the host took, answered or not.',
    ({ lastDurationMs }) => inSeconds(lastDurationMs),
  ],
  [
    'kwollector_host_metrics_described',
    'Descriptions of the host, optional ones included.',
    ({ metricsDescribed }) => metricsDescribed,
  ],
  [
    'kwollector_host_metrics_polled',
    'Descriptions of the host that are polled now.',
    ({ metricsPolled }) => metricsPolled,
  ],
  [
    'kwollector_host_metrics_missing',
    'Descriptions that the host answered without a value last time.',
    ({ metricsMissing }) => metricsMissing,
  ],
  ['kwollector_polls_total', 'Polls of the host.', ({ polls }) => polls],
  [
    'kwollector_polls_failed_total',
    'Polls of the host that brought nothing: time-outs and refusals.',
    ({ failedPolls }) => failedPolls,
  ],
  [
    'kwollector_polls_skipped_total',
    'Polls of the host that were due while the former one still ran.',
    ({ skippedPolls }) => skippedPolls,
  ],
  ['kwollector_values_total', 'Values that the host gave.', ({ values }) => values],
]

const deliveryFamilies: readonly Family<DeliveryStatus & Pick<MetricSources, 'deadLetters' | 'now'>>[] = [
  [
    'kwollector_spool_bytes',
    'Size of the batches that wait for the database.',
    ({ waitingBytes }) => waitingBytes,
  ],
  ['kwollector_spool_batches', 'Batches that wait for the database.', ({ waitingBatches }) => waitingBatches],
  [
    'kwollector_spool_age_seconds',
    'Age of the oldest value that waits for the database; 0 where none waits.',
    ({ oldestAt, now }) => (oldestAt === undefined ? 0 : Math.max(0, now() - oldestAt) / 1000),
  ],
  [
    'kwollector_batches_stored_total',
    'Batches stored in the database.',
    ({ storedBatches }) => storedBatches,
  ],
  ['kwollector_values_stored_total', 'Values stored in the database.', ({ storedValues }) => storedValues],
  [
    'kwollector_values_lost_total',
    'Values lost because the spool was full or its disk took nothing.',
    ({ lostValues }) => lostValues,
  ],
  [
    'kwollector_dead_letters',
    'Values of this spool in kwollect.dead_letters, as the last report to the database learnt.',
    ({ deadLetters }) => deadLetters(),
  ],
]

/**
 * The collector's own metrics in Prometheus format, with those of the process. The numbers are read at each scrape,
 * so that a host which is described no more is gone from the next one.
 */
export function createSelfMetrics(sources: MetricSources): Registry {
  const registry = new Registry()
  const hosts = onceATurn(sources.hosts)
  const delivery = onceATurn(sources.delivery)
  collectDefaultMetrics({ register: registry })
  for (const [name, help, value] of hostFamilies) {
    register(registry, { name, help, labelNames: ['host', 'protocol'] }, add => {
      for (const status of hosts()) {
        add(value(status), { host: status.host, protocol: status.protocol })
      }
    })
  }
  for (const [name, help, value] of deliveryFamilies) {
    register(registry, { name, help, labelNames: [] }, add => {
      add(value({ ...delivery(), deadLetters: sources.deadLetters, now: sources.now }), {})
    })
  }
  register(
    registry,
    { name: 'kwollector_build_info', help: 'The version that runs.', labelNames: ['version'] },
    add => add(1, { version: sources.version }),
  )
  return registry
}

/**
 * A scrape collects all families in one turn of the event loop: what they share, of every host, or a search in the spool, is
 * read once for it. (One family that collects for all others would hang on the order in which prom-client asks them.)
 */
function onceATurn<T>(read: () => T): () => T {
  let kept: { readonly value: T } | undefined
  return () => {
    if (kept === undefined) {
      kept = { value: read() }
      queueMicrotask(() => {
        kept = undefined
      })
    }
    return kept.value
  }
}

interface Definition {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
}

type Add = (value: number | undefined, labels: Record<string, string>) => void

/** A counter where the name ends in _total, else a gauge, as the conventions of Prometheus want it. */
function register(registry: Registry, definition: Definition, read: (add: Add) => void): Metric {
  const registers = [registry]
  if (!definition.name.endsWith('_total')) {
    return new Gauge({
      ...definition,
      registers,
      collect() {
        this.reset()
        read((value, labels) => value !== undefined && this.set(labels, value))
      },
    })
  }
  return new Counter({
    ...definition,
    registers,
    collect() {
      this.reset()
      read((value, labels) => value !== undefined && this.inc(labels, value))
    },
  })
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000
}
