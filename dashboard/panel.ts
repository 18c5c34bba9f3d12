import { now } from './clock.ts'
import { debounced, oncePerFrame, turns } from './dom.ts'
import type { DrawnLine } from './draw_lines.ts'
import { energySentence, figuresTable, plotSentence, type Shown } from './figures.ts'
import { type LineList, makeLineList } from './line_list.ts'
import { extentOf, lineNames, longestGap } from './lines.ts'
import { currentInks, lookOf } from './looks.ts'
import { csvLines, type MetricData, noteOf } from './metric_data.ts'
import { makePanelParts, type PanelParts } from './panel_parts.ts'
import { Plot, type PlotPoint } from './plot.ts'
import { plotKeys } from './plot_keys.ts'
import { bucketSeconds } from './resolution.ts'
import { preciseTime, type Span } from './time.ts'
import { makeTooltip, nearestLine, type Tooltip, valuesAt } from './tooltip.ts'
import { formatValue, isPower, rateUnit, type Unit, unitOf } from './units.ts'

interface PanelEvents {
  zoomed(span: Span): void
  reset(): void
  /** A line was clicked; `only` hides all others of the metric. */
  toggled(lineKey: string, scope: 'this' | 'only', allKeys: readonly string[]): void
  rateChanged(asRate: boolean): void
  csvAsked(): void
  /** For screen readers. */
  announced(text: string): void
}

/** How the page wants a panel to look. */
export interface PanelState {
  readonly span: Span
  readonly isHidden: (metric: string, lineKey: string) => boolean
  /** A device keeps its colour in all plots. */
  readonly devices: ReadonlyMap<string, number>
  /**
   * Power has the energy of what is shown. Not with a job, of which the server tells it for all of its time; but of
   * devices there is no such answer, and what they consumed in the time that is zoomed into would be missed.
   */
  readonly withEnergy: boolean
}

/** While plots are dragged along, their texts wait: they cost more than the picture. */
const textsMs = 150
/** The texts of one panel a frame. */
const takeTurn = turns(1)
/** As many as somebody listens to. */
const spokenLines = 12

let panelCount = 0

/** One metric: heading, plot, list of lines, figures; or, in place of these, why there is nothing. */
export class Panel {
  readonly root: HTMLElement
  readonly #metric: string
  readonly #events: PanelEvents
  readonly #parts: PanelParts
  readonly #plot: Plot
  readonly #list: LineList
  readonly #tooltip: Tooltip
  readonly #followCursor = oncePerFrame(() => this.#showValues())
  readonly #renderTextsSoon = debounced(textsMs, () => takeTurn(this.#textsWork))
  readonly #textsWork = () => this.#renderTexts()
  #data: MetricData | undefined
  #state: PanelState | undefined
  /** Of the lines of `#data`. */
  #names: readonly string[] = []
  #drawn: readonly DrawnLine[] = []
  #point: PlotPoint | undefined

  constructor(metric: string, events: PanelEvents) {
    this.#metric = metric
    this.#events = events
    this.#parts = makePanelParts(metric, `panel-${++panelCount}`)
    this.root = this.#parts.root
    this.#plot = new Plot(this.#parts.plot, {
      zoomed: events.zoomed,
      reset: events.reset,
      pointed: point => {
        this.#point = point
        this.#followCursor()
      },
    })
    this.#list = makeLineList(metric, {
      toggled: ({ line }, scope) => events.toggled(line.key, scope, this.#keys()),
      emphasized: line => this.#plot.emphasize(line),
    })
    this.#parts.body.append(this.#list.root)
    this.#tooltip = makeTooltip(this.#plot.overlay)
    this.#listen()
  }

  show(data: MetricData, state: PanelState): void {
    this.#data = data
    this.#state = state
    this.#names = lineNames(data.lines)
    this.#parts.message.hidden = true
    this.#parts.content.hidden = false
    this.#render()
    this.#renderTexts()
  }

  /** The same data over another time, or with other lines hidden, or in other colours. */
  update(state: PanelState): void {
    this.#state = state
    this.#render()
    this.#renderTextsSoon()
  }

  /** Instead of a plot: why there is none. */
  explain(text: string): void {
    const { content, message, note, energy } = this.#parts
    this.#data = undefined
    content.hidden = true
    message.hidden = false
    message.textContent = text
    note.textContent = ''
    energy.textContent = ''
  }

  setBusy(state: 'busy' | 'idle'): void {
    this.root.setAttribute('aria-busy', String(state === 'busy'))
  }

  /** Lines of a CSV file without its heading, of what is shown. */
  csv(): string[] {
    if (this.#data === undefined) return []
    const name = this.#data.asRate ? `${this.#metric} per second` : this.#metric
    return csvLines(name, this.#drawn, this.#shown().span)
  }

  destroy(): void {
    this.#plot.destroy()
    this.root.remove()
  }

  #listen(): void {
    const { figures, rate, csv, plot } = this.#parts
    figures.addEventListener('toggle', () => this.#renderTexts())
    rate.addEventListener('click', () => this.#events.rateChanged(!this.#data?.asRate))
    csv.addEventListener('click', () => this.#events.csvAsked())
    plotKeys(plot, () => this.#state?.span, this.#events, {
      pointAt: time => {
        this.#plot.pointAt(time)
        this.#events.announced(this.#spokenValues(time))
      },
      leave: () => this.#plot.pointAt(undefined),
    })
  }

  #keys(): string[] {
    return this.#drawn.map(({ line }) => line.key)
  }

  #unit(): Unit {
    const unit = unitOf(this.#metric)
    return this.#data?.asRate ? rateUnit(unit) : unit
  }

  #shown(): Shown {
    const { start, end } = this.#state?.span ?? { start: 0, end: 1 }
    // Nobody can have measured what is to come.
    const last = Math.max(start + 1e-3, Math.min(end, now()))
    const unit = this.#unit()
    return {
      lines: this.#drawn,
      span: { start, end: last },
      unit,
      bucket: this.#data?.summary ? bucketSeconds : 0,
      withEnergy: this.#state?.withEnergy === true && isPower(unit),
    }
  }

  #render(): void {
    if (this.#data === undefined || this.#state === undefined) return
    this.#drawn = this.#drawnLines(this.#data, this.#state)
    this.#plot.show(this.#drawn, this.#state.span, this.#unit())
    this.#list.show(this.#drawn)
    this.#followCursor()
  }

  #drawnLines({ lines, summary }: MetricData, { devices, isHidden }: PanelState): DrawnLine[] {
    const inks = currentInks()
    const isOnePerDevice = new Set(lines.map(({ device }) => device)).size === lines.length
    return lines.map((line, index) => ({
      line,
      name: this.#names[index] ?? line.device,
      look: lookOf(isOnePerDevice ? (devices.get(line.device) ?? index) : index, inks),
      gap: summary ? bucketSeconds * 1.5 : longestGap(line.times),
      isHidden: isHidden(this.#metric, line.key),
    }))
  }

  #renderTexts(): void {
    if (this.#data === undefined) return
    const { rate, note, energy, sentence, figures, table } = this.#parts
    const shown = this.#shown()
    rate.setAttribute('aria-pressed', String(this.#data.asRate))
    note.textContent = noteOf(this.#data)
    energy.textContent = energySentence(shown) ?? ''
    sentence.textContent = plotSentence(shown)
    if (figures.open) table.replaceChildren(figuresTable(shown, `${this.#metric}, figures of the shown time`))
  }

  /** The values of the cursor's moment, in all plots; beside the cursor only in its own. Without it, the last ones. */
  #showValues(): void {
    const [unit, point, drawn] = [this.#unit(), this.#point, this.#drawn]
    if (point === undefined || this.#state === undefined) {
      const { span } = this.#shown()
      this.#tooltip.hide()
      this.#list.setValues(drawn.map(({ line }) => formatValue(extentOf(line, span).last, unit)))
      return
    }
    const values = valuesAt(drawn, point.time)
    const texts = new Map(values.map(({ drawn: line, value }) => [line, formatValue(value, unit)]))
    this.#list.setValues(drawn.map(line => texts.get(line) ?? '–'))
    if (!this.#parts.plot.matches(':hover, :focus-visible')) {
      this.#tooltip.hide()
      return
    }
    const nearest = nearestLine(values, point.value)
    this.#tooltip.show({ ...point, span: this.#state.span, values, nearest, unit })
  }

  #spokenValues(time: number): string {
    const span = this.#state?.span ?? { start: time, end: time }
    const texts = valuesAt(this.#drawn, time)
      .slice(0, spokenLines)
      .map(({ drawn: { name }, value }) => `${name} ${formatValue(value, this.#unit())}`)
    return `${preciseTime(time, span)}: ${texts.join(', ') || 'no value'}`
  }
}
