import { lastLines } from './child.ts'
import { until } from './until.ts'

/** A request that shows the newest values, and when its answer counts as one. */
export interface Example {
  readonly url: string
  /** Metrics that the answer has to have, or any where the list is empty. */
  readonly metrics: readonly string[]
}

interface Row {
  readonly timestamp: string
  readonly metric_id: string
}

const oldestAgeMs = 10_000

/** The devices that `npm start` brings: a value of snmpd for each of them and one of the exporter. */
export function embeddedExample(api: string): Example {
  const metrics = ['uptime_seconds', 'power_watt', 'prom_node_load1']
  return { url: exampleUrl(api, ['this-host', 'pdu-1'], metrics), metrics }
}

/** The user's own devices: whatever the first of them answer. */
export function ownExample(api: string, deviceIds: readonly string[]): Example {
  return { url: exampleUrl(api, deviceIds, []), metrics: [] }
}

function exampleUrl(api: string, devices: readonly string[], metrics: readonly string[]): string {
  const names = (list: readonly string[]) => list.map(encodeURIComponent).join(',')
  const filter = metrics.length > 0 ? `&metrics=${names(metrics)}` : ''
  return `${api}/rpc/get_metrics?devices=${names(devices)}${filter}&order=timestamp.desc&limit=20`
}

/**
 * Waits until the example answers with values of the last ten seconds.
 *
 * @throws {NotInTime} after `timeoutMs`
 */
export async function untilAnswered(example: Example, timeoutMs: number, signal: AbortSignal): Promise<void> {
  await until(`an answer of ${example.url} with fresh values`, () => isAnswered(example), timeoutMs, signal)
}

/** @returns what to say when the user's own devices are silent for long: kwollector's log knows why */
export function silence(metricsFolder: string, collectorLog: string): string {
  return `no value of the devices in ${metricsFolder} yet; the end of ${collectorLog}:\n${lastLines(collectorLog)}`
}

async function isAnswered({ url, metrics }: Example): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
  if (!response?.ok) {
    await response?.body?.cancel()
    return false
  }
  const rows = (await response.json()) as Row[]
  const fresh = rows.filter(row => Date.now() - Date.parse(row.timestamp) < oldestAgeMs)
  return fresh.length > 0 && metrics.every(metric => fresh.some(row => row.metric_id === metric))
}
