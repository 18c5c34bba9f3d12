import { element } from './dom.ts'

/** A row by its heading. */
export interface Row {
  readonly name: string
  readonly cells: readonly string[]
}

/**
 * @param headings of all columns, that of the names first
 * @param total the last row, where there is one
 */
export function makeTable(
  caption: string,
  headings: readonly string[],
  rows: readonly Row[],
  total?: Row,
): HTMLTableElement {
  const columns = headings.map(text => element('th', { scope: 'col' }, text))
  return element(
    'table',
    {},
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, ...columns)),
    element('tbody', {}, ...rows.map(makeRow)),
    ...(total === undefined ? [] : [element('tfoot', {}, makeRow(total))]),
  )
}

function makeRow({ name, cells }: Row): HTMLTableRowElement {
  const heading = element('th', { scope: 'row' }, element('bdi', {}, name))
  return element('tr', {}, heading, ...cells.map(cell => element('td', {}, cell)))
}

/** A place for a table that is opened and closed, and moved by keys where it is larger than its place. */
export function foldedTable(summary: string, label: string) {
  const table = element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label })
  const details = element('details', { class: 'figures' }, element('summary', {}, summary), table)
  return { details, table }
}
