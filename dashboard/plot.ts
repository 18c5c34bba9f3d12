import uPlot from 'uplot'
import { oncePerFrame, turns } from './dom.ts'
import { type DrawnLine, drawLines, valueRange } from './draw_lines.ts'
import { currentInks } from './looks.ts'
import { followPointer } from './plot_pointer.ts'
import { type Span, tickLabels } from './time.ts'
import { axisLabels, axisScale, type Unit } from './units.ts'

/** Where the cursor is. */
export interface PlotPoint {
  readonly time: number
  readonly value: number
  /** In pixels of the plotting area. */
  readonly left: number
}

/** What a plot tells the page. */
interface PlotEvents {
  /** The user chose a part of the time, or moved it. */
  zoomed(span: Span): void
  reset(): void
  /** The moment under the cursor and the value at its height; undefined where the cursor has left. */
  pointed(point: PlotPoint | undefined): void
}

const syncKey = 'kwollect'

/** Plots drawn in one frame beside the one under the pointer, which is drawn in each. */
const drawInTurn = turns(2)

/** A uPlot for axes, cursor and selection; the lines are drawn by {@link drawLines}. */
export class Plot {
  readonly #host: HTMLElement
  readonly #plot: uPlot
  readonly #undo: (() => void)[] = []
  readonly #redrawNow = () => this.#setCorners()
  readonly #redrawNext = oncePerFrame(this.#redrawNow)
  #lines: readonly DrawnLine[] = []
  #span: Span = { start: 0, end: 1 }
  #unit: Unit = { symbol: '', prefixes: 'none' }
  /** Key of the line that stands out: live values bring new lines of the same key. */
  #emphasis: string | undefined
  /** What nobody can see is not drawn before somebody can. */
  #isSeen = false
  #isStale = true

  constructor(host: HTMLElement, events: PlotEvents) {
    this.#host = host
    const unit = () => this.#unit
    const draw = (plot: uPlot) => this.#drawLines(plot)
    this.#plot = new uPlot(plotOptions(host, { unit, draw, events }), corners(this.#span, [0, 1]), host)
    this.#undo.push(followPointer(this.#plot, () => this.#span, events))
    this.#watch()
  }

  /** What lies over the plotting area. */
  get overlay(): HTMLElement {
    return this.#plot.over
  }

  /** Shows these lines over this time; drawn in one of the next frames, if it can be seen. */
  show(lines: readonly DrawnLine[], span: Span, unit: Unit): void {
    this.#lines = lines
    this.#span = span
    this.#unit = unit
    this.#redraw()
  }

  /** Lets one line stand out, or none. */
  emphasize(line: DrawnLine | undefined): void {
    if (this.#emphasis === line?.line.key) return
    this.#emphasis = line?.line.key
    this.#redraw()
  }

  /** Puts the cursor at a moment, as the pointer does, in all plots; undefined takes it away. */
  pointAt(time: number | undefined): void {
    const left = time === undefined ? -10 : this.#plot.valToPos(time, 'x')
    this.#plot.setCursor({ left, top: time === undefined ? -10 : this.overlay.clientHeight / 2 })
  }

  destroy(): void {
    // It may still wait for its turn.
    this.#isSeen = false
    for (const undo of this.#undo) undo()
    this.#plot.destroy()
  }

  #watch(): void {
    const seen = new IntersectionObserver(
      entries => {
        this.#isSeen = entries.at(-1)?.isIntersecting ?? false
        if (this.#isSeen && this.#isStale) this.#redraw()
      },
      { rootMargin: '200px' },
    )
    const resized = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = this.#host
      if (width > 0 && (width !== this.#plot.width || height !== this.#plot.height))
        this.#plot.setSize({ width, height })
    })
    seen.observe(this.#host)
    resized.observe(this.#host)
    this.#undo.push(
      () => seen.disconnect(),
      () => resized.disconnect(),
    )
  }

  #redraw(): void {
    this.#isStale = true
    if (!this.#isSeen) return
    if (this.#host.matches(':hover')) this.#redrawNext()
    else drawInTurn(this.#redrawNow)
  }

  /** uPlot draws itself with them, and then calls {@link Plot.#drawLines}. */
  #setCorners(): void {
    if (!this.#isSeen) return
    this.#isStale = false
    this.#plot.setData(corners(this.#span, valueRange(this.#lines, this.#span)))
  }

  #drawLines({ bbox, ctx, scales }: uPlot): void {
    const { left, top, width, height } = bbox
    const [bottomValue, topValue] = [scales.y?.min ?? 0, scales.y?.max ?? 1]
    const area = {
      left,
      top,
      width,
      height,
      span: this.#span,
      bottomValue,
      topValue,
      ratio: devicePixelRatio,
    }
    const emphasis = this.#lines.find(({ line }) => line.key === this.#emphasis)
    drawLines(ctx, this.#lines, area, emphasis)
  }
}

/** uPlot's own data are the two corners of the picture: they set its scales. */
function corners({ start, end }: Span, [bottom, top]: readonly [number, number]): uPlot.AlignedData {
  return [
    [start, end],
    [bottom, top],
  ]
}

interface PlotParts {
  readonly unit: () => Unit
  readonly draw: (plot: uPlot) => void
  readonly events: PlotEvents
}

function plotOptions(host: HTMLElement, { unit, draw, events }: PlotParts): uPlot.Options {
  const font = '12px system-ui, sans-serif'
  const asData = (_: uPlot, low: number, high: number): [number, number] => [low, high]
  const axis = {
    font,
    labelFont: font,
    stroke: () => currentInks().text,
    grid: { stroke: () => currentInks().grid, width: 1 },
    ticks: { show: false },
  }
  return {
    width: Math.max(1, host.clientWidth),
    height: Math.max(1, host.clientHeight),
    padding: [10, 12, 0, 0],
    legend: { show: false },
    scales: { x: { time: true, range: asData }, y: { range: asData } },
    series: [{}, { paths: () => null, points: { show: false } }],
    axes: [
      {
        ...axis,
        size: 42,
        gap: 8,
        space: 76,
        values: (_, splits, __, ___, increment) => tickLabels(splits, increment),
      },
      {
        ...axis,
        size: 70,
        gap: 8,
        space: 34,
        values: (_, splits) => withSymbol(splits, unit()),
      },
    ],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: 5 },
      sync: { key: syncKey, setSeries: false },
      bind: {
        dblclick: () => () => {
          events.reset()
          return null
        },
      },
    },
    hooks: {
      draw: [draw],
      setSelect: [
        plot => {
          const { left, width } = plot.select
          if (width <= 0) return
          const span = { start: plot.posToVal(left, 'x'), end: plot.posToVal(left + width, 'x') }
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          events.zoomed(span)
        },
      ],
      setCursor: [
        plot => {
          const { left = -1, top = -1 } = plot.cursor
          if (left < 0) return events.pointed(undefined)
          events.pointed({ time: plot.posToVal(left, 'x'), value: plot.posToVal(top, 'y'), left })
        },
      ],
    },
  }
}

/** The unit stands at the highest tick alone. */
function withSymbol(splits: readonly number[], unit: Unit): string[] {
  const labels = axisLabels(splits, unit)
  const { symbol } = axisScale(splits, unit)
  return labels.map((label, index) =>
    index === labels.length - 1 && symbol !== '' ? `${label} ${symbol}` : label,
  )
}
