/** Labels of a series or of one sample, stored as a JSON object. */
export type Labels = Readonly<Record<string, string>>

/**
 * What values of the same origin share. A protocol hands out the same object for every sample of one
 * series, so that the spool and the store recognise a series by identity instead of comparing labels
 * 50,000 times a second; two equal objects are correct too, only slower.
 */
export interface Series {
  readonly deviceId: string
  readonly metricId: string
  readonly labels: Labels
}

/** One measured value on its way to the database. */
export interface Sample {
  /** Integer microseconds since the Unix epoch: PostgreSQL's own resolution. */
  readonly timestamp: number
  readonly series: Series
  /** NaN where the device answered with something that is no number. */
  readonly value: number
  /** Labels that differ from sample to sample; they never become part of a series. */
  readonly labels?: SampleLabels
}

/** The labels that the database keeps beside the sample (`kwollect.sample_label_keys()` lists the same): no series has them. */
export const sampleLabelKeys: readonly (keyof SampleLabels)[] = ['value_str', '_metric_scrape_time']

export interface SampleLabels {
  /** The answer in words, where it is no number. */
  readonly value_str?: string
  /** When a custom metric with a time of its own was scraped, Unix seconds. */
  readonly _metric_scrape_time?: string
}
