import type uPlot from 'uplot'
import type { Span } from './time.ts'

/** What the pointer asks for beside uPlot's own drag with a mouse, which selects. */
interface PointerEvents {
  zoomed(span: Span): void
}

/**
 * Shift and drag moves the time, the wheel with Ctrl zooms around the pointer, and one finger does what the mouse
 * does: uPlot knows the mouse alone. A finger that moves up or down scrolls the page (touch-action in style.css).
 *
 * @returns what undoes it
 */
export function followPointer(plot: uPlot, span: () => Span, events: PointerEvents): () => void {
  const over = plot.over
  const stop = new AbortController()
  const listen = { signal: stop.signal }

  over.addEventListener(
    'mousedown',
    event => {
      if (!event.shiftKey || event.button !== 0) return
      event.stopImmediatePropagation()
      drag(event, span(), over.clientWidth, events)
    },
    { ...listen, capture: true },
  )
  over.addEventListener(
    'wheel',
    event => {
      if (!event.ctrlKey) return
      event.preventDefault()
      const at = plot.posToVal(event.offsetX, 'x')
      events.zoomed(zoomed(span(), 1.2 ** Math.sign(event.deltaY), at))
    },
    { ...listen, passive: false },
  )
  followFinger(plot, events, listen)
  return () => stop.abort()
}

/** @param factor below 1 shows less time, around the moment `at` */
export function zoomed({ start, end }: Span, factor: number, at = (start + end) / 2): Span {
  return { start: at - (at - start) * factor, end: at + (end - at) * factor }
}

/** @param share of the shown time; negative moves to the past */
export function moved({ start, end }: Span, share: number): Span {
  const seconds = (end - start) * share
  return { start: start + seconds, end: end + seconds }
}

const longestZoom = 366 * 86_400
const shortestZoom = 0.01

/** A span that can be shown: of a sensible length, and not beyond the latest moment that can have values. */
export function usable({ start, end }: Span, latest: number): Span {
  const length = Math.min(longestZoom, Math.max(shortestZoom, end - start))
  const last = Math.min((start + end) / 2 + length / 2, latest)
  return { start: last - length, end: last }
}

function drag(first: MouseEvent, begin: Span, width: number, { zoomed: show }: PointerEvents): void {
  const stop = new AbortController()
  const listen = { signal: stop.signal }
  document.addEventListener(
    'mousemove',
    event => show(moved(begin, (first.clientX - event.clientX) / width)),
    listen,
  )
  document.addEventListener('mouseup', () => stop.abort(), listen)
}

function followFinger(plot: uPlot, events: PointerEvents, listen: AddEventListenerOptions): void {
  const over = plot.over
  let begin: number | undefined
  const placeOf = (event: PointerEvent) =>
    Math.min(over.clientWidth, Math.max(0, event.clientX - over.getBoundingClientRect().left))
  const isFinger = (event: PointerEvent) => event.pointerType !== 'mouse' && event.isPrimary
  over.addEventListener(
    'pointerdown',
    event => {
      if (isFinger(event)) begin = placeOf(event)
    },
    listen,
  )
  over.addEventListener(
    'pointermove',
    event => {
      if (!isFinger(event) || begin === undefined) return
      const left = placeOf(event)
      plot.setCursor({ left, top: over.clientHeight / 2 })
      const [low, high] = [Math.min(begin, left), Math.max(begin, left)]
      plot.setSelect({ left: low, top: 0, width: high - low, height: over.clientHeight }, false)
    },
    listen,
  )
  over.addEventListener(
    'pointerup',
    event => {
      if (!isFinger(event) || begin === undefined) return
      const end = placeOf(event)
      const [low, high] = [Math.min(begin, end), Math.max(begin, end)]
      begin = undefined
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
      if (high - low < 12) plot.setCursor({ left: end, top: over.clientHeight / 2 })
      else events.zoomed({ start: plot.posToVal(low, 'x'), end: plot.posToVal(high, 'x') })
    },
    listen,
  )
  over.addEventListener(
    'pointercancel',
    () => {
      begin = undefined
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    },
    listen,
  )
}
