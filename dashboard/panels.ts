import type { Line } from './lines.ts'
import { csvHeading, type MetricData, makePanel, type Panel, type PanelState } from './panel.ts'
import type { Span } from './time.ts'

export interface PanelsEvents {
  zoomed(span: Span): void
  reset(): void
  toggled(metric: string, lineKey: string, scope: 'this' | 'only', allKeys: readonly string[]): void
  rateChanged(metric: string, asRate: boolean): void
  announced(text: string): void
  csvAsked(fileName: string, text: string): void
}

/** The plots of a view, by metric. Each has the data of the whole time and, while zoomed, finer ones of a part. */
export interface Panels {
  /** Makes and removes panels: one for each metric, in this order. */
  arrange(metrics: readonly string[]): void
  setState(state: PanelState): void
  whole(metric: string): MetricData | undefined
  detail(metric: string): MetricData | undefined
  showWhole(metric: string, data: MetricData): void
  showDetail(metric: string, data: MetricData): void
  dropDetails(): void
  explain(metric: string, text: string): void
  setBusy(metrics: readonly string[], state: 'busy' | 'idle'): void
  /** All panels as one file. */
  csv(): string
}

interface Entry {
  readonly panel: Panel
  whole: MetricData | undefined
  detail: MetricData | undefined
}

export function makePanels(host: HTMLElement, events: PanelsEvents): Panels {
  const entries = new Map<string, Entry>()
  let state: PanelState | undefined

  const make = (metric: string): Entry => {
    const panel = makePanel(
      metric,
      {
        zoomed: events.zoomed,
        reset: events.reset,
        announced: events.announced,
        toggled: (key, scope, all) => events.toggled(metric, key, scope, all),
        rateChanged: asRate => events.rateChanged(metric, asRate),
      },
      ({ csv }) => events.csvAsked(`${metric.replace(/[^\w.-]+/g, '_').slice(0, 80)}.csv`, fileOf(csv())),
    )
    return { panel, whole: undefined, detail: undefined }
  }
  const render = (entry: Entry) => {
    const data = entry.detail ?? entry.whole
    if (data === undefined || state === undefined) return
    const texts = textsOf(data.lines)
    if (texts === undefined) entry.panel.show(data, state)
    else entry.panel.explain(texts)
  }
  const withEntry = (metric: string, work: (entry: Entry) => void) => {
    const entry = entries.get(metric)
    if (entry !== undefined) work(entry)
  }
  return {
    arrange: metrics => {
      for (const [metric, { panel }] of entries) {
        if (metrics.includes(metric)) continue
        panel.destroy()
        entries.delete(metric)
      }
      for (const metric of metrics) {
        const entry = entries.get(metric) ?? make(metric)
        entries.set(metric, entry)
        host.append(entry.panel.root)
      }
    },
    setState: newState => {
      state = newState
      for (const { panel } of entries.values()) panel.update(newState)
    },
    whole: metric => entries.get(metric)?.whole,
    detail: metric => entries.get(metric)?.detail,
    showWhole: (metric, data) =>
      withEntry(metric, entry => {
        entry.whole = data
        render(entry)
      }),
    showDetail: (metric, data) =>
      withEntry(metric, entry => {
        entry.detail = data
        render(entry)
      }),
    dropDetails: () => {
      for (const entry of entries.values()) {
        if (entry.detail === undefined) continue
        entry.detail = undefined
        render(entry)
      }
    },
    explain: (metric, text) =>
      withEntry(metric, entry => {
        entry.whole = undefined
        entry.detail = undefined
        entry.panel.explain(text)
      }),
    setBusy: (metrics, busy) => {
      for (const metric of metrics) entries.get(metric)?.panel.setBusy(busy)
    },
    csv: () => fileOf([...entries.values()].flatMap(({ panel }) => panel.csv())),
  }
}

function fileOf(lines: readonly string[]): string {
  return `${[csvHeading, ...lines].join('\n')}\n`
}

/** What devices answered where none gave a number (a serial number, say); undefined where there are numbers. */
function textsOf(lines: readonly Line[]): string | undefined {
  const isText = lines.every(({ text, values }) => text !== undefined && values.every(Number.isNaN))
  if (!isText || lines.length === 0) return undefined
  const shown = lines.slice(0, 20).map(({ device, text = '' }) => `${device} “${text.slice(0, 200)}”`)
  const others = lines.length > shown.length ? `, and ${lines.length - shown.length} others` : ''
  return `The answers are text, no numbers: ${shown.join(', ')}${others}.`
}
