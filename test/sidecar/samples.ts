import type { Log } from '../../sidecar/log.ts'
import type { Labels, Sample, SampleLabels, Series } from '../../sidecar/sample.ts'

export function seriesNamed(metricId: string, labels: Labels = {}, deviceId = 'node-1'): Series {
  return { deviceId, metricId, labels }
}

/** @param second since the Unix epoch */
export function sampleAt(second: number, value: number, series: Series, labels?: SampleLabels): Sample {
  return { timestamp: second * 1_000_000, series, value, ...(labels === undefined ? {} : { labels }) }
}

/** One sample whose value says which it is. */
export function numbered(number: number): Sample {
  return sampleAt(1_732_320_000 + number, number, numberedSeries)
}

const numberedSeries = seriesNamed('numbered')

/** A log that keeps its lines: `warning the database …`. */
export function keptLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const keep = (level: string) => (sentence: string) => void lines.push(`${level} ${sentence}`)
  return {
    lines,
    debug: keep('debug'),
    info: keep('info'),
    warning: keep('warning'),
    error: keep('error'),
  }
}
