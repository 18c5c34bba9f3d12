import { phaseOf } from '../../sidecar/schedule.ts'
import { parseDeviceUrl, phaseKey } from '../../sidecar/urls.ts'

/** One description of the bench, and what each of its polls has to store. */
export interface Polled {
  /** As an administrator writes it. */
  readonly written: {
    readonly name: string
    readonly device_id: string
    readonly url: string
    /** Milliseconds. */
    readonly update_every: number
    readonly optional: boolean
  }
  /** Empty where the device is dead. */
  readonly stores: readonly { readonly metricId: string; readonly series: number }[]
}

/** A metric of one series, by SNMP or IPMI. */
export function polledMetric(
  deviceId: string,
  name: string,
  url: string,
  periodMs: number,
  need: 'always' | 'optional' | 'dead' = 'always',
): Polled {
  return {
    written: { name, device_id: deviceId, url, update_every: periodMs, optional: need === 'optional' },
    stores: need === 'dead' ? [] : [{ metricId: name, series: 1 }],
  }
}

/** A metric of a device that is due on a grid: at the moments t = phase (mod period). */
export interface DueMetric {
  /** What is polled at once: metrics of one host that are due at one moment are one poll. */
  readonly host: string
  readonly deviceId: string
  readonly metricId: string
  readonly series: number
  readonly periodMs: number
  readonly phaseMs: number
}

/** @returns what a collector that misses nothing stores of these, with all optional ones promoted or none */
export function dueMetrics(load: readonly Polled[], promoted: 'all' | 'none'): DueMetric[] {
  return load
    .filter(({ written }) => promoted === 'all' || !written.optional)
    .flatMap(({ written, stores }) => {
      const url = parseDeviceUrl(written.url)
      const host = `${url.protocol} ${url.host} ${url.port}`
      const phaseMs = phaseOf(phaseKey(url))
      return stores.map(({ metricId, series }) => ({
        host,
        deviceId: written.device_id,
        metricId,
        series,
        periodMs: written.update_every,
        phaseMs,
      }))
    })
}

/** @returns how many values are due a second */
export function valuesPerSecond(due: readonly DueMetric[]): number {
  return due.reduce((sum, { series, periodMs }) => sum + (series * 1_000) / periodMs, 0)
}
