import { firstIndex, type Line, longestGap } from './lines.ts'
import type { Span } from './time.ts'

/** The energy of one line, and of how much time it is. */
export interface Energy {
  readonly joules: number
  /** Seconds of the span in which values follow each other without a gap. */
  readonly covered: number
}

/**
 * The integral of power over the shown time. Measured values are joined by trapezoids, as in api.get_job_energy; a
 * pair further apart than {@link longestGap}, or with a NaN, counts nothing and covers nothing. Each 5-minute
 * average stands for its bucket.
 *
 * @param bucket seconds of a bucket of the summary, 0 for measured values
 */
export function energyOf(line: Line, span: Span, bucket: number): Energy {
  return bucket > 0 ? ofBuckets(line, span, bucket) : ofTrapezoids(line, span)
}

function ofTrapezoids({ times, values }: Line, span: Span): Energy {
  const gap = longestGap(times)
  let [joules, covered] = [0, 0]
  for (let index = firstIndex(times, span.start) + 1; index < times.length; index++) {
    const time = times[index] ?? 0
    if (time > span.end) break
    const seconds = time - (times[index - 1] ?? 0)
    const sum = (values[index] ?? 0) + (values[index - 1] ?? 0)
    if (seconds > gap || Number.isNaN(sum)) continue
    joules += (sum / 2) * seconds
    covered += seconds
  }
  return { joules, covered }
}

/** The first and the last bucket count with the part of them that is shown. */
function ofBuckets({ times, values }: Line, span: Span, bucket: number): Energy {
  let [joules, covered] = [0, 0]
  times.forEach((time, index) => {
    const seconds = Math.min(time + bucket, span.end) - Math.max(time, span.start)
    const value = values[index] ?? Number.NaN
    if (seconds <= 0 || Number.isNaN(value)) return
    joules += value * seconds
    covered += seconds
  })
  return { joules, covered }
}
