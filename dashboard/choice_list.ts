import { element, oncePerFrame } from './dom.ts'

/** A list to choose from, which may have thousands of items: only the rows that can be seen exist. */
export interface ChoiceList {
  /** What there is, in the order to show; chosen items that are not there any more stay, at the top. */
  setItems(items: readonly string[]): void
  setChosen(chosen: readonly string[]): void
  /** A sentence in place of an empty list. */
  setEmptyText(text: string): void
}

/** In step with style.css. */
const rowHeight = 30
/** Rows above and below what is seen, so that scrolling shows no holes. */
const spareRows = 6

interface Parts {
  readonly search: HTMLInputElement
  readonly count: HTMLElement
  readonly list: HTMLElement
  readonly empty: HTMLElement
  readonly allButton: HTMLButtonElement
  readonly noneButton: HTMLButtonElement
}

/**
 * The pattern of a listbox of the ARIA practices: the focus is on the list, its active row is named by
 * aria-activedescendant; arrows, Page, Home and End move it, Space and Enter choose, Shift and click chooses all between.
 *
 * @param noun "devices", for names and messages
 * @param changed called with all chosen items in the order in which they were chosen: what is there keeps its place
 */
export function makeChoiceList(
  host: HTMLElement,
  noun: string,
  changed: (chosen: readonly string[]) => void,
): ChoiceList {
  const parts = makeParts(host, noun)
  let items: readonly string[] = []
  let found: readonly string[] = []
  let chosen = new Set<string>()
  let active = 0
  let anchor = 0
  let emptyText = ''

  const render = oncePerFrame(() => {
    const { list, count, empty } = parts
    const first = Math.max(0, Math.floor(list.scrollTop / rowHeight) - spareRows)
    const last = Math.min(
      found.length,
      Math.ceil((list.scrollTop + list.clientHeight) / rowHeight) + spareRows,
    )
    const rows = found.slice(first, last).map((item, index) => row(item, first + index))
    const spacer = element('div', { role: 'presentation', class: 'spacer' })
    spacer.style.setProperty('height', `${found.length * rowHeight}px`)
    list.replaceChildren(spacer, ...rows)
    list.hidden = found.length === 0
    empty.hidden = found.length > 0
    empty.textContent =
      items.length === 0 ? emptyText : `Nothing in the list has “${parts.search.value.trim()}” in its name.`
    count.textContent = `${chosen.size.toLocaleString('en')} of ${items.length.toLocaleString('en')}`
    parts.allButton.disabled = found.length === 0
    parts.allButton.textContent =
      found.length === items.length ? 'All' : `All ${found.length.toLocaleString('en')} found`
    parts.allButton.setAttribute('aria-label', `${parts.allButton.textContent} ${noun}`)
    parts.noneButton.disabled = chosen.size === 0
    if (rows.length > 0) list.setAttribute('aria-activedescendant', rowId(active))
  })
  const rowId = (index: number) => `${host.id}-${index}`
  const row = (item: string, index: number) => {
    const option = element(
      'div',
      {
        role: 'option',
        id: rowId(index),
        'aria-selected': String(chosen.has(item)),
        'aria-setsize': String(found.length),
        'aria-posinset': String(index + 1),
        title: item.slice(0, 1000),
        ...(index === active ? { class: 'active' } : {}),
      },
      element('bdi', {}, item.slice(0, 300)),
    )
    option.style.setProperty('top', `${index * rowHeight}px`)
    return option
  }

  const search = () => {
    const words = parts.search.value.toLowerCase().split(/\s+/).filter(Boolean)
    found = items.filter(item => {
      const name = item.toLowerCase()
      return words.every(word => name.includes(word))
    })
    active = 0
    parts.list.scrollTop = 0
    render()
  }
  const choose = (next: Set<string>) => {
    chosen = next
    render()
    changed([...next])
  }
  const toggle = (index: number, scope: 'one' | 'between') => {
    const from = scope === 'between' ? Math.min(anchor, index) : index
    const to = scope === 'between' ? Math.max(anchor, index) : index
    const next = new Set(chosen)
    const isAdding = scope === 'between' || !chosen.has(found[index] ?? '')
    for (const item of found.slice(from, to + 1)) isAdding ? next.add(item) : next.delete(item)
    active = index
    anchor = index
    choose(next)
  }
  const move = (index: number) => {
    active = Math.max(0, Math.min(found.length - 1, index))
    const { list } = parts
    const top = active * rowHeight
    if (top < list.scrollTop) list.scrollTop = top
    if (top + rowHeight > list.scrollTop + list.clientHeight)
      list.scrollTop = top + rowHeight - list.clientHeight
    render()
  }

  parts.search.addEventListener('input', search)
  parts.search.addEventListener('keydown', event => {
    if (event.key !== 'ArrowDown') return
    event.preventDefault()
    parts.list.focus()
  })
  parts.list.addEventListener('scroll', render)
  parts.list.addEventListener('keydown', event => {
    const page = Math.max(1, Math.floor(parts.list.clientHeight / rowHeight) - 1)
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => move(active + 1),
      ArrowUp: () => move(active - 1),
      PageDown: () => move(active + page),
      PageUp: () => move(active - page),
      Home: () => move(0),
      End: () => move(found.length - 1),
      ' ': () => toggle(active, event.shiftKey ? 'between' : 'one'),
      Enter: () => toggle(active, event.shiftKey ? 'between' : 'one'),
    }
    const act = keys[event.key]
    if (act === undefined || found.length === 0) return
    event.preventDefault()
    act()
  })
  parts.list.addEventListener('click', event => {
    const option = (event.target as Element).closest('[role=option]')
    if (option === null) return
    toggle(Number(option.id.slice(host.id.length + 1)), event.shiftKey ? 'between' : 'one')
  })
  parts.allButton.addEventListener('click', () => choose(new Set([...chosen, ...found])))
  parts.noneButton.addEventListener('click', () => choose(new Set()))
  new ResizeObserver(render).observe(parts.list)

  let offered: readonly string[] = []
  const merge = () => {
    const known = new Set(offered)
    const absent = [...chosen].filter(item => !known.has(item))
    items = [...absent, ...offered]
    const { scrollTop } = parts.list
    const kept = active
    search()
    active = Math.min(kept, Math.max(0, found.length - 1))
    parts.list.scrollTop = scrollTop
  }
  return {
    setItems: given => {
      offered = given
      merge()
    },
    setChosen: given => {
      chosen = new Set(given)
      merge()
    },
    setEmptyText: text => {
      emptyText = text
      render()
    },
  }
}

function makeParts(host: HTMLElement, noun: string): Parts {
  const title = noun.charAt(0).toUpperCase() + noun.slice(1)
  const search = element('input', {
    type: 'search',
    placeholder: `Search ${noun}`,
    'aria-label': `Search ${noun}`,
    autocomplete: 'off',
    spellcheck: 'false',
  })
  const count = element('span', { class: 'count' })
  const allButton = element('button', { type: 'button', class: 'quiet' }, 'All')
  const noneButton = element(
    'button',
    { type: 'button', class: 'quiet', 'aria-label': `None of the ${noun}` },
    'None',
  )
  const list = element('div', {
    role: 'listbox',
    tabindex: '0',
    'aria-multiselectable': 'true',
    'aria-label': title,
  })
  const empty = element('p', { class: 'empty' })
  host.append(
    element('div', { class: 'choice-head' }, element('h2', {}, title), count, allButton, noneButton),
    search,
    list,
    empty,
  )
  list.hidden = true
  return { search, count, list, empty, allButton, noneButton }
}
