import { NotInTime, until } from './until.ts'

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
 * @throws {NotInTime} after `timeoutMs`, with the last answer that was not good enough
 */
export async function untilAnswered(example: Example, timeoutMs: number, signal: AbortSignal): Promise<void> {
  let shortcoming: string | undefined
  const isAnswered = async () => {
    shortcoming = await findShortcoming(example)
    return shortcoming === undefined
  }
  try {
    await until('a fresh value', isAnswered, timeoutMs, signal)
  } catch (error) {
    if (!(error instanceof NotInTime)) throw error
    throw new NotInTime(`${error.message}: ${example.url} answers ${shortcoming}`)
  }
}

/** @returns what the answer lacks, undefined where it is good */
async function findShortcoming({ url, metrics }: Example): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    if (!response.ok) return `HTTP ${response.status} ${(await response.text()).slice(0, 300)}`
    const rows = (await response.json()) as Row[]
    const fresh = rows.filter(row => Date.now() - Date.parse(row.timestamp) < oldestAgeMs)
    if (fresh.length === 0) return `${rows.length} values, none of the last 10 s`
    const missing = metrics.filter(metric => !fresh.some(row => row.metric_id === metric))
    return missing.length === 0 ? undefined : `no fresh value of ${missing.join(', ')}`
  } catch (error) {
    return `nothing (${String(error)})`
  }
}
