import type { Labels } from './sample.ts'
import type { DeviceUrl } from './urls.ts'

/** What metrics_dir says of one metric of one device. */
export interface Description {
  readonly name: string
  readonly deviceId: string
  readonly url: DeviceUrl
  /** The period in milliseconds, an integer of 10 or more. */
  readonly updateEveryMs: number
  /** Multiplies each value. */
  readonly scaleFactor: number
  readonly labels: Labels
  /** Polled only while promoted. */
  readonly optional: boolean
  /** Where it stands, for messages; lines and columns count from 1. */
  readonly source: Source
}

export interface Source {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface LoadedDescriptions {
  /** Only meaningful as a set to poll when there are no errors; otherwise the ones that were good. */
  readonly descriptions: readonly Description[]
  /** `file:line:column: sentence`, in the order of the files and lines. */
  readonly errors: readonly string[]
}

export declare function loadDescriptions(metricsDir: string): Promise<LoadedDescriptions>
