import { now } from './clock.ts'
import { csvLine } from './csv.ts'
import { element, oncePerFrame } from './dom.ts'
import type { DrawnLine } from './draw_lines.ts'
import { energySentence, figuresTable, plotSentence, type Shown } from './figures.ts'
import { makeLineList } from './line_list.ts'
import { extentOf, firstIndex, type Line, lineNames, longestGap, medianInterval } from './lines.ts'
import { currentInks, lookOf } from './looks.ts'
import { makePlot } from './plot.ts'
import { plotKeys } from './plot_keys.ts'
import { bucketSeconds } from './resolution.ts'
import { isoTime, preciseTime, type Span, spokenDuration } from './time.ts'
import { makeTooltip, nearestLine, valuesAt } from './tooltip.ts'
import { formatValue, rateUnit, unitOf } from './units.ts'

/** The lines of a metric as they were read. */
export interface MetricData {
  readonly lines: readonly Line[]
  /** What was asked for; values exist for it. */
  readonly span: Span
  readonly summary: boolean
  readonly asRate: boolean
}

export interface PanelEvents {
  zoomed(span: Span): void
  reset(): void
  /** A line was clicked; `only` hides all others of the metric. */
  toggled(lineKey: string, scope: 'this' | 'only', allKeys: readonly string[]): void
  rateChanged(asRate: boolean): void
  /** For screen readers. */
  announced(text: string): void
}

/** How the page wants a panel to look. */
export interface PanelState {
  readonly span: Span
  readonly isHidden: (metric: string, lineKey: string) => boolean
  /** A device keeps its colour in all plots. */
  readonly devices: ReadonlyMap<string, number>
}

/** One metric: heading, plot, list of lines, figures. */
export interface Panel {
  readonly root: HTMLElement
  readonly data: () => MetricData | undefined
  show(data: MetricData, state: PanelState): void
  /** The same data over another time, or with other lines hidden, or in other colours. */
  update(state: PanelState): void
  /** Instead of a plot: why there is none. */
  explain(text: string): void
  setBusy(state: 'busy' | 'idle'): void
  /** Lines of a CSV file without its heading, of what is shown. */
  csv(): string[]
  destroy(): void
}

export const csvHeading = 'timestamp,device_id,metric_id,value,labels'

let panelCount = 0

export function makePanel(metric: string, events: PanelEvents, download: (panel: Panel) => void): Panel {
  const id = `panel-${++panelCount}`
  const parts = makeParts(metric, id)
  let data: MetricData | undefined
  let state: PanelState | undefined
  let drawn: readonly DrawnLine[] = []

  const plot = makePlot(parts.plot, {
    zoomed: span => events.zoomed(span),
    reset: () => events.reset(),
    pointed: at => {
      pointedAt = at
      followCursor()
    },
  })
  const list = makeLineList(metric, {
    toggled: (line, scope) =>
      events.toggled(
        line.line.key,
        scope,
        drawn.map(({ line: { key } }) => key),
      ),
    emphasized: line => plot.emphasize(line),
  })
  parts.body.append(list.root)
  const tooltip = makeTooltip(plot.overlay)
  let pointedAt: { readonly time: number; readonly value: number; readonly left: number } | undefined

  const unit = () => (data?.asRate ? rateUnit(unitOf(metric)) : unitOf(metric))
  const shown = (): Shown => {
    const span = state?.span ?? { start: 0, end: 1 }
    // No one can have measured what is to come.
    const end = Math.max(span.start + 1e-3, Math.min(span.end, now()))
    return {
      lines: drawn,
      span: { start: span.start, end },
      unit: unit(),
      bucket: data?.summary ? bucketSeconds : 0,
    }
  }
  const followCursor = oncePerFrame(() => {
    const isHere = parts.plot.matches(':hover, :focus-visible')
    if (pointedAt === undefined || state === undefined) {
      tooltip.hide()
      list.setValues(drawn.map(({ line }) => formatValue(extentOf(line, shown().span).last, unit())))
      return
    }
    const values = valuesAt(drawn, pointedAt.time)
    const texts = new Map(values.map(({ drawn: line, value }) => [line, formatValue(value, unit())]))
    list.setValues(drawn.map(line => texts.get(line) ?? '–'))
    if (isHere) {
      const nearest = nearestLine(values, pointedAt.value)
      tooltip.show({ ...pointedAt, span: state.span, values, nearest, unit: unit() })
    } else tooltip.hide()
  })
  const refreshFigures = () => {
    if (!parts.figures.open || data === undefined) return
    parts.table.replaceChildren(figuresTable(shown(), `${metric}, figures of the shown time`))
  }
  parts.figures.addEventListener('toggle', refreshFigures)
  parts.rate.addEventListener('click', () => events.rateChanged(!data?.asRate))
  plotKeys(parts.plot, () => state?.span, events, {
    pointAt: time => {
      plot.pointAt(time)
      const values = valuesAt(drawn, time).slice(0, 12)
      const texts = values.map(({ drawn: { name }, value }) => `${name} ${formatValue(value, unit())}`)
      events.announced(
        `${preciseTime(time, state?.span ?? { start: 0, end: 1 })}: ${texts.join(', ') || 'no value'}`,
      )
    },
    leave: () => plot.pointAt(undefined),
  })

  const render = () => {
    if (data === undefined || state === undefined) return
    drawn = drawnLines(data, state, metric)
    plot.show(drawn, state.span, unit())
    list.show(drawn)
    followCursor()
    parts.rate.setAttribute('aria-pressed', String(data.asRate))
    parts.note.textContent = noteOf(data)
    const [energy, sentence] = [energySentence(shown()) ?? '', plotSentence(shown())]
    parts.energy.textContent = energy
    parts.sentence.textContent = sentence
    refreshFigures()
  }
  const panel: Panel = {
    root: parts.root,
    data: () => data,
    show: (newData, newState) => {
      data = newData
      state = newState
      parts.message.hidden = true
      parts.content.hidden = false
      render()
    },
    update: newState => {
      state = newState
      render()
    },
    explain: text => {
      data = undefined
      parts.content.hidden = true
      parts.message.hidden = false
      parts.message.textContent = text
      parts.note.textContent = ''
      parts.energy.textContent = ''
    },
    setBusy: busy => parts.root.setAttribute('aria-busy', String(busy === 'busy')),
    csv: () => csvLines(metric, drawn, shown().span),
    destroy: () => {
      plot.destroy()
      parts.root.remove()
    },
  }
  parts.csv.addEventListener('click', () => download(panel))
  return panel
}

function makeParts(metric: string, id: string) {
  const note = element('span', { class: 'note' })
  const energy = element('p', { class: 'energy' })
  const rate = element(
    'button',
    { type: 'button', title: 'The increase per second instead of the value' },
    'Rate',
  )
  const csv = element('button', { type: 'button', 'aria-label': `Download ${metric} as CSV` }, 'CSV')
  const title = element('h2', { id: `${id}-title` }, element('bdi', {}, metric))
  const header = element('header', {}, title, note, element('span', { class: 'actions' }, rate, csv))
  const plot = element('div', {
    class: 'plot',
    tabindex: '0',
    role: 'group',
    'aria-roledescription': 'plot',
    'aria-labelledby': `${id}-title`,
    'aria-describedby': `${id}-sentence`,
  })
  const body = element('div', { class: 'body' }, plot)
  const sentence = element('p', { class: 'sentence', id: `${id}-sentence` })
  const table = element('div', {
    class: 'scroll',
    tabindex: '0',
    role: 'region',
    'aria-label': `Figures of ${metric}`,
  })
  const figures = element('details', { class: 'figures' }, element('summary', {}, 'Figures'), table)
  const content = element('div', {}, body, element('div', { class: 'below' }, sentence, figures))
  const message = element('p', { class: 'message' })
  message.hidden = true
  const root = element(
    'section',
    { class: 'panel', 'aria-labelledby': `${id}-title` },
    header,
    energy,
    content,
    message,
  )
  return { root, note, energy, rate, csv, plot, body, sentence, table, figures, content, message }
}

function drawnLines(data: MetricData, state: PanelState, metric: string): DrawnLine[] {
  const { lines, summary } = data
  const names = lineNames(lines)
  const inks = currentInks()
  const isOnePerDevice = new Set(lines.map(({ device }) => device)).size === lines.length
  return lines.map((line, index) => ({
    line,
    name: names[index] ?? line.device,
    look: lookOf(isOnePerDevice ? (state.devices.get(line.device) ?? index) : index, inks),
    gap: summary ? bucketSeconds * 1.5 : longestGap(line.times),
    isHidden: state.isHidden(metric, line.key),
  }))
}

/** How fine the values are, in words. */
function noteOf({ lines, summary, asRate }: MetricData): string {
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

/** Visible lines, in order of line and time; the columns of get_metrics. */
function csvLines(metric: string, lines: readonly DrawnLine[], span: Span): string[] {
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
