import type { Line } from './lines.ts'
import { csvHeading, type MetricData } from './metric_data.ts'
import { Panel, type PanelState } from './panel.ts'
import type { Span } from './time.ts'

interface PanelsEvents {
  zoomed(span: Span): void
  reset(): void
  toggled(metric: string, lineKey: string, scope: 'this' | 'only', allKeys: readonly string[]): void
  rateChanged(metric: string, asRate: boolean): void
  announced(text: string): void
  csvAsked(fileName: string, text: string): void
}

interface Entry {
  readonly panel: Panel
  whole: MetricData | undefined
  detail: MetricData | undefined
}

/** The plots of a view, by metric. Each has the data of the whole time and, while zoomed, finer ones of a part. */
export class Panels {
  readonly #host: HTMLElement
  readonly #events: PanelsEvents
  readonly #entries = new Map<string, Entry>()
  #state: PanelState | undefined

  constructor(host: HTMLElement, events: PanelsEvents) {
    this.#host = host
    this.#events = events
  }

  /** Makes and removes panels: one for each metric, in this order. */
  arrange(metrics: readonly string[]): void {
    for (const [metric, { panel }] of this.#entries) {
      if (metrics.includes(metric)) continue
      panel.destroy()
      this.#entries.delete(metric)
    }
    const kept = metrics.map(metric => [metric, this.#entries.get(metric) ?? this.#make(metric)] as const)
    this.#entries.clear()
    for (const [metric, entry] of kept) this.#entries.set(metric, entry)
    const roots = kept.map(([, { panel }]) => panel.root)
    // What stays in its place keeps its focus.
    if (roots.some((root, index) => this.#host.children[index] !== root)) this.#host.replaceChildren(...roots)
  }

  setState(state: PanelState): void {
    this.#state = state
    for (const { panel } of this.#entries.values()) panel.update(state)
  }

  whole(metric: string): MetricData | undefined {
    return this.#entries.get(metric)?.whole
  }

  detail(metric: string): MetricData | undefined {
    return this.#entries.get(metric)?.detail
  }

  showWhole(metric: string, data: MetricData): void {
    const entry = this.#entries.get(metric)
    if (entry === undefined) return
    entry.whole = data
    this.#render(entry)
  }

  showDetail(metric: string, data: MetricData): void {
    const entry = this.#entries.get(metric)
    if (entry === undefined) return
    entry.detail = data
    this.#render(entry)
  }

  dropDetails(): void {
    for (const entry of this.#entries.values()) {
      if (entry.detail === undefined) continue
      entry.detail = undefined
      this.#render(entry)
    }
  }

  /** Shows words instead of the plot. */
  explain(metric: string, text: string): void {
    const entry = this.#entries.get(metric)
    if (entry === undefined) return
    entry.whole = undefined
    entry.detail = undefined
    entry.panel.explain(text)
  }

  setBusy(metrics: readonly string[], state: 'busy' | 'idle'): void {
    for (const metric of metrics) this.#entries.get(metric)?.panel.setBusy(state)
  }

  /** All panels as one file. */
  csv(): string {
    return fileOf([...this.#entries.values()].flatMap(({ panel }) => panel.csv()))
  }

  #make(metric: string): Entry {
    const { zoomed, reset, announced, toggled, rateChanged, csvAsked } = this.#events
    const fileName = `${metric.replace(/[^\w.-]+/g, '_').slice(0, 80)}.csv`
    const panel = new Panel(metric, {
      zoomed,
      reset,
      announced,
      toggled: (key, scope, all) => toggled(metric, key, scope, all),
      rateChanged: asRate => rateChanged(metric, asRate),
      csvAsked: () => csvAsked(fileName, fileOf(panel.csv())),
    })
    return { panel, whole: undefined, detail: undefined }
  }

  #render({ panel, whole, detail }: Entry): void {
    const data = detail ?? whole
    if (data === undefined || this.#state === undefined) return
    const texts = textsOf(data.lines)
    if (texts === undefined) panel.show(data, this.#state)
    else panel.explain(texts)
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
