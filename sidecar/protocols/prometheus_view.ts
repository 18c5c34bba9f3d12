/** What one description takes from the pages of its exporter. */
import type { Description } from '../descriptions.ts'
import { type Labels, type Sample, type Series, sampleLabelKeys } from '../sample.ts'
import { parseSeries } from './exposition_series.ts'
import { copyOf, forgetOld, MOST_SAMPLES } from './page_memory.ts'
import { CUSTOM_METRIC, type CustomMemory, parseCustom } from './prometheus_custom.ts'

/** One description's view of the pages, with the series that it has seen. */
export interface View {
  readonly description: Description
  /** The samples to take; empty: all. */
  readonly names: ReadonlySet<string>
  /** Whether custom metrics are among them. */
  readonly takesCustom: boolean
  /** @param sentAt Unix microseconds; @param samples receives what the description takes */
  startScrape(sentAt: number, samples: Sample[]): void
  /**
   * Takes a sample whose name is among `names`.
   *
   * @returns what is wrong with its series, if anything
   */
  take(series: string, value: number): string | undefined
  endScrape(): void
  /** Why the last page brought no value, undefined if it did or if its values were known already. */
  reasonForNothing(): string | undefined
}

/** A series of a custom metric, whose lines change with each `_timestamp`. */
interface CustomSeries {
  /** The page that had it last. */
  page: number
  readonly series: Series
}

/** What is remembered of a line, so that its labels need not be read again at the next scrape. */
interface KnownLine {
  /** The page that had it last. */
  page: number
  readonly series: Series
  readonly custom: CustomSeries | undefined
  /** A custom metric's own time in Unix microseconds. */
  readonly ownTime: number | undefined
}

export function openView(description: Description, customs: CustomMemory): View {
  const names = new Set<string>(description.url.protocol === 'prometheus' ? description.url.metrics : [])
  const target = JSON.stringify([description.deviceId, Object.entries(description.labels).sort()])
  // By the text of the line: at 3 million lines a second the labels are read once, not at each scrape.
  const lines = new Map<string, KnownLine>()
  const customSeries = new Map<string, CustomSeries>()
  let page = 0
  let sentAt = 0
  let samples: Sample[] = []
  let found = 0

  function recognise(text: string): KnownLine | string {
    const parsed = parseSeries(text)
    if (typeof parsed === 'string') return parsed
    if (parsed.name !== CUSTOM_METRIC) {
      const series = seriesOf(description, `prom_${parsed.name}`, parsed.labels)
      return { page, series, custom: undefined, ownTime: undefined }
    }
    const read = parseCustom(parsed.labels)
    if (typeof read === 'string') return read
    const key = JSON.stringify([read.metricId, read.labels])
    const custom = customSeries.get(key) ?? {
      page,
      series: seriesOf(description, read.metricId, read.labels),
    }
    customSeries.set(key, custom)
    return { page, series: custom.series, custom, ownTime: read.timestamp }
  }

  return {
    description,
    names,
    takesCustom: names.size === 0 || names.has(CUSTOM_METRIC),
    startScrape(moment, receiver) {
      if (lines.size > MOST_SAMPLES) lines.clear()
      page++
      sentAt = moment
      samples = receiver
      found = 0
    },
    take(text, value) {
      let line = lines.get(text)
      if (line?.page === page) return 'the same series stands on an earlier line'
      if (line === undefined) {
        const copy = copyOf(text)
        const recognised = recognise(copy)
        if (typeof recognised === 'string') return recognised
        line = recognised
        lines.set(copy, line)
      }
      found++
      line.page = page
      if (line.custom !== undefined) line.custom.page = page
      const scaled = value * description.scaleFactor
      if (line.ownTime === undefined) samples.push({ timestamp: sentAt, series: line.series, value: scaled })
      else if (customs.isNew(text, target, scaled)) {
        const labels = { _metric_scrape_time: String(sentAt / 1e6) }
        samples.push({ timestamp: line.ownTime, series: line.series, value: scaled, labels })
      }
      return undefined
    },
    endScrape() {
      samples = []
      forgetOld(lines, page)
      forgetOld(customSeries, page)
    },
    reasonForNothing() {
      if (found > 0) return undefined
      return names.size === 0 ? 'the page has no samples' : `the page has no ${[...names].join(', ')}`
    },
  }
}

/**
 * The labels of the description win over the exporter's: the administrator says what a device is called
 * (`_device_alias`), not a program on that device.
 */
function seriesOf(description: Description, metricId: string, labels: Labels): Series {
  return {
    deviceId: description.deviceId,
    metricId,
    labels: Object.assign(exportedLabels(labels), description.labels),
  }
}

/**
 * The labels of a page without names that are for single samples: the database would take series that differ in them
 * alone for one. They are renamed as Prometheus renames labels in conflict with its own.
 */
function exportedLabels(labels: Labels): Record<string, string> {
  // Without a prototype, as a label may be called __proto__.
  const renamed: Record<string, string> = Object.assign(Object.create(null), labels)
  for (const key of sampleLabelKeys) {
    const value = labels[key]
    if (value === undefined) continue
    delete renamed[key]
    let name = `exported_${key}`
    while (name in renamed) name = `exported_${name}`
    renamed[name] = value
  }
  return renamed
}
