import { element, swatch } from './dom.ts'
import type { DrawnLine } from './draw_lines.ts'
import { shortened } from './lines.ts'

/** What a user does with the lines of one plot. */
interface LineListEvents {
  /** Shows or hides one line; `only` hides all others. */
  toggled(line: DrawnLine, scope: 'this' | 'only'): void
  emphasized(line: DrawnLine | undefined): void
}

export interface LineList {
  readonly root: HTMLElement
  show(lines: readonly DrawnLine[]): void
  /** @param values in the order of the lines */
  setValues(values: readonly string[]): void
}

/** A plot of a thousand lines would have a thousand buttons; more than these come when asked for. */
const mostRows = 60

/** The lines of a plot as buttons that hide and show them, with a value each: of the cursor, or the last one. */
export function makeLineList(metric: string, events: LineListEvents): LineList {
  const list = element('ul', { 'aria-label': `Lines of ${metric}` })
  const more = element('button', { type: 'button', class: 'quiet' })
  const root = element('div', { class: 'lines' }, list, more)
  let lines: readonly DrawnLine[] = []
  let rows: readonly Row[] = []
  let values: readonly string[] = []
  let isWhole = false

  const render = () => {
    const count = isWhole ? lines.length : Math.min(lines.length, mostRows)
    more.hidden = count === lines.length
    more.textContent = `Show all ${lines.length.toLocaleString('en')} lines`
    const isSame = rows.length === count && rows.every((row, index) => row.isOf(lines[index]))
    if (!isSame) {
      rows = lines.slice(0, count).map(line => makeRow(line, events))
      list.replaceChildren(...rows.map(({ item }) => item))
    }
    rows.forEach((row, index) => {
      row.update(lines[index], values[index] ?? '')
    })
  }
  more.addEventListener('click', () => {
    isWhole = true
    render()
  })
  list.addEventListener('pointerleave', () => events.emphasized(undefined))
  return {
    root,
    show: shown => {
      lines = shown
      render()
    },
    setValues: shown => {
      values = shown
      rows.forEach((row, index) => {
        row.update(lines[index], values[index] ?? '')
      })
    },
  }
}

interface Row {
  readonly item: HTMLLIElement
  /** Whether the row can show the line: buttons stay while values come in, so that the focus does. */
  isOf(line: DrawnLine | undefined): boolean
  update(line: DrawnLine | undefined, value: string): void
}

function makeRow(first: DrawnLine, events: LineListEvents): Row {
  let current = first
  const value = element('span', { class: 'value' })
  const button = element(
    'button',
    { type: 'button', title: titleOf(first) },
    swatch(first.look.colour, first.look.dash),
    element('bdi', { class: 'name' }, first.name),
    value,
  )
  button.addEventListener('click', event => events.toggled(current, event.shiftKey ? 'only' : 'this'))
  for (const begin of ['pointerenter', 'focus'])
    button.addEventListener(begin, () => events.emphasized(current))
  button.addEventListener('blur', () => events.emphasized(undefined))
  return {
    item: element('li', {}, button),
    isOf: line =>
      line !== undefined &&
      line.line.key === first.line.key &&
      line.name === first.name &&
      line.look.colour === first.look.colour,
    update: (line, text) => {
      if (line === undefined) return
      current = line
      const pressed = String(!line.isHidden)
      if (button.getAttribute('aria-pressed') !== pressed) button.setAttribute('aria-pressed', pressed)
      if (value.textContent !== text) value.textContent = text
    },
  }
}

/** Device and all labels; shift and click is told here, as there is no room for it elsewhere. */
function titleOf({ line }: DrawnLine): string {
  const labels = Object.keys(line.labels).length > 0 ? `\n${JSON.stringify(line.labels)}` : ''
  return `${shortened(`${line.device}${labels}`, 1000)}\nClick hides or shows it, Shift and click shows it alone.`
}
