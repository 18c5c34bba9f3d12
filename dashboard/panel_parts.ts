import { element } from './dom.ts'
import { foldedTable } from './tables.ts'

/** The elements of a panel that something changes. */
export type PanelParts = ReturnType<typeof makePanelParts>

/** @param id of this panel alone, for the relations between its elements */
export function makePanelParts(metric: string, id: string) {
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
  const { details: figures, table } = foldedTable('Figures', `Figures of ${metric}`)
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
