import { moved, zoomed } from './plot_pointer.ts'
import type { Span } from './time.ts'

interface KeyEvents {
  zoomed(span: Span): void
  reset(): void
}

interface Cursor {
  pointAt(time: number): void
  leave(): void
}

/** How many steps the cursor takes from one edge of a plot to the other. */
const steps = 100

/**
 * What the pointer does, by keys on a plot that has the focus: arrows move the cursor (with Shift the time), Home and
 * End go to the edges, + and - zoom around the cursor. Escape is the page's: it resets the zoom wherever the focus is.
 */
export function plotKeys(
  plot: HTMLElement,
  shown: () => Span | undefined,
  events: KeyEvents,
  cursor: Cursor,
): void {
  let share = 0.5
  const keys: Readonly<Record<string, (span: Span, event: KeyboardEvent) => void>> = {
    ArrowLeft: (span, event) => (event.shiftKey ? events.zoomed(moved(span, -0.2)) : step(span, -1)),
    ArrowRight: (span, event) => (event.shiftKey ? events.zoomed(moved(span, 0.2)) : step(span, 1)),
    Home: span => step(span, -steps),
    End: span => step(span, steps),
    '+': span => events.zoomed(zoomed(span, 0.5, momentOf(span))),
    '=': span => events.zoomed(zoomed(span, 0.5, momentOf(span))),
    '-': span => events.zoomed(zoomed(span, 2, momentOf(span))),
  }
  const momentOf = ({ start, end }: Span) => start + (end - start) * share
  const step = (span: Span, count: number) => {
    share = Math.min(1, Math.max(0, share + count / steps))
    cursor.pointAt(momentOf(span))
  }
  plot.addEventListener('keydown', event => {
    const span = shown()
    const act = keys[event.key]
    if (span === undefined || act === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    act(span, event)
  })
  plot.addEventListener('blur', () => cursor.leave())
}
