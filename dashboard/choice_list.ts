import { element, oncePerFrame } from './dom.ts'

/** In step with style.css. */
const rowHeight = 30
/** Rows above and below what is seen, so that scrolling shows no holes. */
const spareRows = 6

/**
 * A list to choose from, which may have thousands of items: only the rows that can be seen exist.
 *
 * The pattern is the listbox of the ARIA practices: the focus is on the list, its active row is named by
 * aria-activedescendant; arrows, Page, Home and End move it, Space and Enter choose, Shift chooses all between.
 */
export class ChoiceList {
  readonly #id: string
  readonly #noun: string
  readonly #parts: Parts
  readonly #changed: (chosen: readonly string[]) => void
  readonly #render = oncePerFrame(() => this.#renderNow())
  /** What there is to choose from now. */
  #offered: readonly string[] = []
  /** That, below what is chosen and not there any more. */
  #items: readonly string[] = []
  /** Those that the search leaves. */
  #found: readonly string[] = []
  #chosen = new Set<string>()
  #emptyText = ''
  /** Indexes in `#found`: the row of the keys, and where a choice with Shift begins. */
  #active = 0
  #anchor = 0

  /**
   * @param noun "devices", for names and messages
   * @param changed called with all chosen items in the order in which they were chosen: what is there keeps its place
   */
  constructor(host: HTMLElement, noun: string, changed: (chosen: readonly string[]) => void) {
    this.#id = host.id
    this.#noun = noun
    this.#changed = changed
    this.#parts = makeParts(host, noun)
    this.#listen()
  }

  /** What there is, in the order to show. */
  setItems(offered: readonly string[]): void {
    this.#offered = offered
    this.#merge()
  }

  setChosen(chosen: readonly string[]): void {
    this.#chosen = new Set(chosen)
    this.#merge()
  }

  /** A sentence in place of an empty list. */
  setEmptyText(text: string): void {
    this.#emptyText = text
    this.#render()
  }

  #listen(): void {
    const { search, list, allButton, noneButton } = this.#parts
    search.addEventListener('input', () => {
      this.#search()
      this.#active = 0
      list.scrollTop = 0
    })
    search.addEventListener('keydown', event => {
      if (event.key !== 'ArrowDown') return
      event.preventDefault()
      list.focus()
    })
    list.addEventListener('scroll', this.#render)
    list.addEventListener('keydown', event => this.#takeKey(event))
    list.addEventListener('click', event => {
      const option = (event.target as Element).closest('[role=option]')
      if (option === null) return
      this.#toggle(Number(option.id.slice(this.#id.length + 1)), event.shiftKey ? 'between' : 'one')
    })
    allButton.addEventListener('click', () => this.#choose(new Set([...this.#chosen, ...this.#found])))
    noneButton.addEventListener('click', () => this.#choose(new Set()))
    new ResizeObserver(this.#render).observe(list)
  }

  #takeKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#parts.list.clientHeight / rowHeight) - 1)
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + page,
      PageUp: this.#active - page,
      Home: 0,
      End: this.#found.length - 1,
    }
    const target = targets[event.key]
    const isChoice = event.key === ' ' || event.key === 'Enter'
    if (this.#found.length === 0 || (target === undefined && !isChoice)) return
    event.preventDefault()
    if (target !== undefined) this.#move(target)
    else this.#toggle(this.#active, event.shiftKey ? 'between' : 'one')
  }

  #move(index: number): void {
    const { list } = this.#parts
    this.#active = Math.max(0, Math.min(this.#found.length - 1, index))
    const top = this.#active * rowHeight
    if (top < list.scrollTop) list.scrollTop = top
    const bottom = top + rowHeight - list.clientHeight
    if (bottom > list.scrollTop) list.scrollTop = bottom
    this.#render()
  }

  #toggle(index: number, scope: 'one' | 'between'): void {
    const from = scope === 'between' ? Math.min(this.#anchor, index) : index
    const to = scope === 'between' ? Math.max(this.#anchor, index) : index
    const next = new Set(this.#chosen)
    const isAdding = scope === 'between' || !next.has(this.#found[index] ?? '')
    for (const item of this.#found.slice(from, to + 1)) isAdding ? next.add(item) : next.delete(item)
    this.#active = index
    this.#anchor = index
    this.#choose(next)
  }

  #choose(chosen: Set<string>): void {
    this.#chosen = chosen
    this.#render()
    this.#changed([...chosen])
  }

  #merge(): void {
    const known = new Set(this.#offered)
    this.#items = [...[...this.#chosen].filter(item => !known.has(item)), ...this.#offered]
    this.#search()
  }

  #search(): void {
    const words = this.#parts.search.value.toLowerCase().split(/\s+/).filter(Boolean)
    this.#found = this.#items.filter(item => {
      const name = item.toLowerCase()
      return words.every(word => name.includes(word))
    })
    this.#active = Math.min(this.#active, Math.max(0, this.#found.length - 1))
    this.#render()
  }

  #renderNow(): void {
    const { list, count, empty, search, allButton, noneButton } = this.#parts
    const [items, found, chosen] = [this.#items, this.#found, this.#chosen]
    this.#renderRows()
    list.hidden = found.length === 0
    empty.hidden = found.length > 0
    empty.textContent =
      items.length === 0 ? this.#emptyText : `No name in the list has “${search.value.trim()}” in it.`
    count.textContent = `${chosen.size.toLocaleString('en')} of ${items.length.toLocaleString('en')}`
    allButton.disabled = found.length === 0
    allButton.textContent =
      found.length === items.length ? 'All' : `All ${found.length.toLocaleString('en')} found`
    allButton.setAttribute('aria-label', `${allButton.textContent} ${this.#noun}`)
    noneButton.disabled = chosen.size === 0
  }

  #renderRows(): void {
    const { list } = this.#parts
    const first = Math.max(0, Math.floor(list.scrollTop / rowHeight) - spareRows)
    const last = Math.ceil((list.scrollTop + list.clientHeight) / rowHeight) + spareRows
    const rows = this.#found.slice(first, last).map((item, index) => this.#row(item, first + index))
    const spacer = element('div', { role: 'presentation', class: 'spacer' })
    spacer.style.setProperty('height', `${this.#found.length * rowHeight}px`)
    list.replaceChildren(spacer, ...rows)
    const isActiveSeen = rows.some(({ id }) => id === this.#rowId(this.#active))
    if (isActiveSeen) list.setAttribute('aria-activedescendant', this.#rowId(this.#active))
    else list.removeAttribute('aria-activedescendant')
  }

  #rowId(index: number): string {
    return `${this.#id}-${index}`
  }

  #row(item: string, index: number): HTMLElement {
    const option = element(
      'div',
      {
        role: 'option',
        id: this.#rowId(index),
        'aria-selected': String(this.#chosen.has(item)),
        'aria-setsize': String(this.#found.length),
        'aria-posinset': String(index + 1),
        title: item.slice(0, 1000),
        ...(index === this.#active ? { class: 'active' } : {}),
      },
      element('bdi', {}, item.slice(0, 300)),
    )
    option.style.setProperty('top', `${index * rowHeight}px`)
    return option
  }
}

interface Parts {
  readonly search: HTMLInputElement
  readonly count: HTMLElement
  readonly list: HTMLElement
  readonly empty: HTMLElement
  readonly allButton: HTMLButtonElement
  readonly noneButton: HTMLButtonElement
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
  const quiet = { type: 'button', class: 'quiet' }
  const allButton = element('button', quiet, 'All')
  const noneButton = element('button', { ...quiet, 'aria-label': `None of the ${noun}` }, 'None')
  const list = element('div', {
    role: 'listbox',
    tabindex: '0',
    'aria-multiselectable': 'true',
    'aria-label': title,
  })
  const empty = element('p', { class: 'empty' })
  const head = element(
    'div',
    { class: 'choice-head' },
    element('h2', {}, title),
    count,
    allButton,
    noneButton,
  )
  host.append(head, search, list, empty)
  list.hidden = true
  return { search, count, list, empty, allButton, noneButton }
}
