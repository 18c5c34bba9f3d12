/** Prometheus exporters: one GET of a host's page serves all its descriptions that are due. */
import { Agent } from 'node:http'
import type { Description } from '../descriptions.ts'
import { addressesOf, type Lookup } from '../host_addresses.ts'
import type { Sample } from '../sample.ts'
import type { PrometheusUrl } from '../urls.ts'
import { type ExpositionReader, readExposition } from './exposition.ts'
import { metricNameOf, parseSeries } from './exposition_series.ts'
import { MOST_SAMPLES } from './page_memory.ts'
import { type CustomMemory, createCustomMemory } from './prometheus_custom.ts'
import { openView, type View } from './prometheus_view.ts'
import { type Host, HostUnreachable, type Poll, type PollResult } from './protocol.ts'
import { openPage, type Page } from './scrape.ts'

export interface PrometheusDependencies {
  /** Unix milliseconds, a fraction is allowed. */
  readonly now: () => number
  /** Resolves the exporter's name; the system's resolver where absent. */
  readonly lookup?: Lookup
}

/** The first of a page's bad lines are shown, the others counted. */
const WARNED_LINES = 5

/**
 * Opens the exporter at an address; nothing is sent before the first poll.
 *
 * A sample gets the moment its request was sent, even where the page has a timestamp of its own: all values
 * of one poll stand side by side, and an exporter with a wrong clock does no harm. `kwollect_custom` is the
 * exception, see `prometheus_custom.ts`.
 *
 * A page that breaks off (time-out, 64 MiB, closed connection) brings the lines that were complete and a
 * warning. {@link HostUnreachable} is for an answer without any sample line.
 */
export function openPrometheusHost(
  address: Pick<PrometheusUrl, 'host' | 'port'>,
  dependencies: PrometheusDependencies,
): Host {
  // One connection: the schedule never has two polls of one host at a time.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const addresses = addressesOf(address.host, dependencies.lookup)
  const customs = createCustomMemory()
  // By identity and weakly: when the descriptions are reloaded, the views of the old ones go with them.
  const views = new WeakMap<Description, View>()
  return {
    async poll(poll) {
      const { timeoutMs, signal } = poll
      const page = await openPage({ ...address, addresses, agent, timeoutMs, signal, now: dependencies.now })
      return await readPage(page, poll, description => viewOf(description, views, customs), customs)
    },
    close() {
      agent.destroy()
    },
  }
}

function viewOf(description: Description, views: WeakMap<Description, View>, customs: CustomMemory): View {
  const known = views.get(description)
  if (known !== undefined) return known
  const view = openView(description, customs)
  views.set(description, view)
  return view
}

async function readPage(
  page: Page,
  poll: Poll,
  viewOf: (description: Description) => View,
  customs: CustomMemory,
): Promise<PollResult> {
  const samples: Sample[] = []
  const views = poll.descriptions.map(viewOf)
  const namesMatter = views.some(view => view.names.size > 0)
  const sentAt = Math.round(page.sentAt * 1000)
  for (const view of views) view.startScrape(sentAt, samples)

  let [lines, asked] = [0, 0]
  const reader = readExposition(page.format, (series, value) => {
    lines++
    const name = namesMatter ? sampleName(series) : ''
    let problem: string | undefined
    for (const view of views) {
      if (view.names.size > 0 && !view.names.has(name)) continue
      if (++asked > MOST_SAMPLES)
        return `more than ${MOST_SAMPLES.toLocaleString('en')} samples are asked for`
      problem = view.take(series, value) ?? problem
    }
    return problem
  })
  const brokenOff = await page.read(text => reader.push(text))
  if (brokenOff === undefined) reader.end()
  for (const view of views) view.endScrape()
  if (brokenOff === undefined && views.some(view => view.takesCustom)) customs.endPage()

  if (lines === 0 && brokenOff !== undefined) throw new HostUnreachable(brokenOff)
  if (lines === 0 && reader.errorCount > 0) throw new HostUnreachable(notAnExposition(page))
  return { samples, missing: missingOf(views), warnings: warningsOf(reader, lines, brokenOff) }
}

function sampleName(series: string): string {
  const name = metricNameOf(series)
  if (name !== '') return name
  const parsed = parseSeries(series)
  return typeof parsed === 'string' ? '' : parsed.name
}

function notAnExposition(page: Page): string {
  const type = page.contentType === '' ? 'no content type' : `content type ${page.contentType}`
  return `the answer is not in Prometheus format (${type}); is this an exporter?`
}

function missingOf(views: readonly View[]): PollResult['missing'] {
  return views.flatMap(view => {
    const reason = view.reasonForNothing()
    return reason === undefined ? [] : [{ description: view.description, reason }]
  })
}

function warningsOf(reader: ExpositionReader, lines: number, brokenOff: string | undefined): string[] {
  const warnings = reader.errors.slice(0, WARNED_LINES).map(error => `line ${error.line}: ${error.message}`)
  const others = reader.errorCount - warnings.length
  if (others > 0) warnings.push(`${others.toLocaleString('en')} other lines are not understood`)
  if (brokenOff !== undefined)
    warnings.push(`the page broke off after ${lines.toLocaleString('en')} samples: ${brokenOff}`)
  return warnings
}
