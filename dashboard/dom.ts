type Child = Node | string

/**
 * Makes an element. Texts become text nodes: this page never makes markup of data, and its Content-Security-Policy
 * (require-trusted-types-for) refuses it.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** @throws where page.html has no such element: a mistake of ours */
export function byId<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const found = document.getElementById(id)
  if (found instanceof type) return found
  throw new Error(`page.html has no ${type.name} #${id}`)
}

const svg = 'http://www.w3.org/2000/svg'

/** How a line looks in a plot, for its row in a list. */
export function swatch(stroke: string, dash: readonly number[]): SVGSVGElement {
  const picture = document.createElementNS(svg, 'svg')
  const line = document.createElementNS(svg, 'path')
  const attributes = { width: '22', height: '8', class: 'swatch', 'aria-hidden': 'true' }
  for (const [name, value] of Object.entries(attributes)) picture.setAttribute(name, value)
  line.setAttribute('d', 'M1 4h20')
  line.setAttribute('stroke', stroke)
  line.setAttribute('stroke-dasharray', dash.join(' '))
  picture.append(line)
  return picture
}

/** Runs the work once things have been quiet for a while; each call begins the wait anew. */
export function debounced(waitMs: number, work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  return () => {
    clearTimeout(timer)
    timer = setTimeout(work, waitMs)
  }
}

/** Runs the work before the next frame, once however often it is asked for. */
export function oncePerFrame(work: () => void): () => void {
  let asked = false
  return () => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      work()
    })
  }
}

/**
 * A queue of works of which so many run before each next frame: a dozen at once would make it a long one. What waits
 * already keeps its place.
 */
export function turns(perFrame: number): (work: () => void) => void {
  const waiting = new Set<() => void>()
  const runNext = oncePerFrame(() => {
    for (const work of [...waiting].slice(0, perFrame)) {
      waiting.delete(work)
      work()
    }
    if (waiting.size > 0) runNext()
  })
  return work => {
    waiting.add(work)
    runNext()
  }
}
