import { csvLine } from './csv.ts'
import type { DrawnLine } from './draw_lines.ts'
import { firstIndex, type Line, medianInterval } from './lines.ts'
import { isoTime, type Span, spokenDuration } from './time.ts'

/** The lines of a metric as they were read. */
export interface MetricData {
  readonly lines: readonly Line[]
  /** What was asked for; values exist for it. */
  readonly span: Span
  readonly summary: boolean
  readonly asRate: boolean
}

/** How fine the values are, in words. */
export function noteOf({ lines, summary, asRate }: MetricData): string {
  const what = asRate ? 'increase per second' : ''
  if (summary)
    return [what, '5-minute summary, because there are too many values: zoom in for all']
      .filter(Boolean)
      .join(', ')
  const longest = lines.reduce<Line | undefined>(
    (most, line) => (line.times.length > (most?.times.length ?? 1) ? line : most),
    undefined,
  )
  const interval = longest === undefined ? 0 : medianInterval(longest.times)
  const every =
    interval >= 1
      ? `every ${spokenDuration(interval)}`
      : interval > 0
        ? `${Math.round(1 / interval)} per second`
        : ''
  return [what, every].filter(Boolean).join(', ')
}

/** Visible lines, in order of line and time; the columns of get_metrics. A rate is not called by the name of its counter. */
export function csvLines(metric: string, lines: readonly DrawnLine[], span: Span): string[] {
  return lines
    .filter(({ isHidden }) => !isHidden)
    .flatMap(({ line: { device, labels, times, values } }) => {
      const text = JSON.stringify(labels)
      const from = firstIndex(times, span.start)
      const to = firstIndex(times, span.end)
      return Array.from(times.subarray(from, to), (time, index) =>
        csvLine([isoTime(time), device, metric, String(values[from + index]), text]),
      )
    })
}

export const csvHeading = 'timestamp,device_id,metric_id,value,labels'
