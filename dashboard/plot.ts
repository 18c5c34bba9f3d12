import uPlot from 'uplot'
import { oncePerFrame } from './dom.ts'
import { type DrawnLine, drawLines, valueRange } from './draw_lines.ts'
import { currentInks } from './looks.ts'
import { followPointer } from './plot_pointer.ts'
import { type Span, tickLabels } from './time.ts'
import { axisLabels, axisScale, type Unit } from './units.ts'

/** What a plot tells the page. */
export interface PlotEvents {
  /** The user chose a part of the time, or moved it. */
  zoomed(span: Span): void
  reset(): void
  /** The moment under the cursor and the value at its height; undefined where the cursor has left. */
  pointed(at: { readonly time: number; readonly value: number; readonly left: number } | undefined): void
}

export interface Plot {
  /** Shows these lines over this time; drawn with the next frame, if it can be seen. */
  show(lines: readonly DrawnLine[], span: Span, unit: Unit): void
  emphasize(line: DrawnLine | undefined): void
  /** Puts the cursor at a moment, as the pointer does, in all plots; undefined takes it away. */
  pointAt(time: number | undefined): void
  readonly overlay: HTMLElement
  destroy(): void
}

const syncKey = 'kwollect'

/** A uPlot for axes, cursor and selection; the lines are drawn by {@link drawLines}. */
export function makePlot(host: HTMLElement, events: PlotEvents): Plot {
  let lines: readonly DrawnLine[] = []
  let span: Span = { start: 0, end: 1 }
  let unit: Unit = { symbol: '', prefixes: 'none' }
  let emphasis: DrawnLine | undefined
  let isSeen = false
  let isStale = true

  const plot = new uPlot(
    options(host, () => unit, events),
    emptyData(span),
    host,
  )
  plot.hooks.draw = [
    () => {
      const { left, top, width, height } = plot.bbox
      const [bottomValue, topValue] = [plot.scales.y?.min ?? 0, plot.scales.y?.max ?? 1]
      const area = { left, top, width, height, span, bottomValue, topValue, ratio: devicePixelRatio }
      drawLines(plot.ctx, lines, area, emphasis)
    },
  ]

  const redraw = oncePerFrame(() => {
    if (!isSeen) {
      isStale = true
      return
    }
    isStale = false
    const [bottom, top] = valueRange(lines, span)
    plot.setData([
      [span.start, span.end],
      [bottom, top],
    ])
  })
  const seen = new IntersectionObserver(
    entries => {
      isSeen = entries.some(({ isIntersecting }) => isIntersecting)
      if (isSeen && isStale) redraw()
    },
    { rootMargin: '200px' },
  )
  seen.observe(host)
  const resized = new ResizeObserver(() => {
    const { clientWidth, clientHeight } = host
    if (clientWidth > 0 && (clientWidth !== plot.width || clientHeight !== plot.height))
      plot.setSize({ width: clientWidth, height: clientHeight })
  })
  resized.observe(host)
  const unfollow = followPointer(plot, () => span, events)

  return {
    overlay: plot.over,
    show: (shownLines, shownSpan, shownUnit) => {
      lines = shownLines
      span = shownSpan
      unit = shownUnit
      redraw()
    },
    emphasize: line => {
      if (emphasis === line) return
      emphasis = line
      redraw()
    },
    pointAt: time => {
      const left = time === undefined ? -10 : plot.valToPos(time, 'x')
      plot.setCursor({ left, top: time === undefined ? -10 : plot.over.clientHeight / 2 })
    },
    destroy: () => {
      seen.disconnect()
      resized.disconnect()
      unfollow()
      plot.destroy()
    },
  }
}

/** uPlot's own data are the two corners of the picture: they set its scales. */
function emptyData({ start, end }: Span): uPlot.AlignedData {
  return [
    [start, end],
    [0, 1],
  ]
}

function options(host: HTMLElement, unit: () => Unit, events: PlotEvents): uPlot.Options {
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
        size: 58,
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
