import { element, swatch } from './dom.ts'
import type { DrawnLine } from './draw_lines.ts'
import { valueAt } from './lines.ts'
import { preciseTime, type Span } from './time.ts'
import { formatValue, type Unit } from './units.ts'

/** A line and what it has under the cursor. */
interface Pointed {
  readonly drawn: DrawnLine
  readonly value: number
}

/** The lines that are shown and have a value near that moment, the highest first. */
export function valuesAt(lines: readonly DrawnLine[], time: number): Pointed[] {
  return lines
    .filter(({ isHidden }) => !isHidden)
    .map(drawn => ({ drawn, value: valueAt(drawn.line, time, drawn.gap) }))
    .filter(({ value }) => !Number.isNaN(value))
    .sort((one, other) => other.value - one.value)
}

/** @returns the line whose value is nearest to the cursor's height */
export function nearestLine(pointed: readonly Pointed[], value: number): DrawnLine | undefined {
  const distance = (one: Pointed) => Math.abs(one.value - value)
  return pointed.reduce<Pointed | undefined>(
    (nearest, one) => (nearest === undefined || distance(one) < distance(nearest) ? one : nearest),
    undefined,
  )?.drawn
}

/** As many as a screen holds in columns; the list beside the plot has the values of all. */
const mostRows = 48

export interface Tooltip {
  show(content: TooltipContent): void
  hide(): void
}

interface TooltipContent {
  readonly time: number
  readonly span: Span
  readonly values: readonly Pointed[]
  /** Stands out. */
  readonly nearest: DrawnLine | undefined
  readonly unit: Unit
  /** Of the cursor, in pixels of the overlay. */
  readonly left: number
}

/** The values under the cursor, beside it. For the eye alone: the keyboard's way is announced by the page. */
export function makeTooltip(overlay: HTMLElement): Tooltip {
  const time = element('strong')
  const rows = element('ul')
  const rest = element('em')
  const root = element('div', { class: 'tooltip', 'aria-hidden': 'true' }, time, rows, rest)
  root.hidden = true
  overlay.append(root)
  return {
    hide: () => {
      root.hidden = true
    },
    show: ({ time: at, span, values, nearest, unit, left }) => {
      time.textContent = preciseTime(at, span)
      rows.replaceChildren(
        ...values
          .slice(0, mostRows)
          .map(({ drawn, value }) =>
            element(
              'li',
              drawn === nearest ? { class: 'near' } : {},
              swatch(drawn.look.colour, drawn.look.dash),
              element('bdi', { class: 'name' }, drawn.name),
              element('span', { class: 'value' }, formatValue(value, unit)),
            ),
          ),
      )
      rest.textContent =
        values.length > mostRows
          ? `and ${(values.length - mostRows).toLocaleString('en')} more in the list`
          : values.length === 0
            ? 'no value'
            : ''
      root.hidden = false
      const width = overlay.clientWidth
      root.dataset.side = left > width / 2 ? 'left' : 'right'
      root.style.setProperty('--cursor', `${left > width / 2 ? width - left : left}px`)
    },
  }
}
