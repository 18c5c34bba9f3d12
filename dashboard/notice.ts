import { element } from './dom.ts'
import type { Notice } from './reasons.ts'

/** Tells something in a place of the page, as a failure where it can be tried again; undefined takes it away. */
export function showNotice(place: HTMLElement, notice: Notice | undefined, retry?: () => void): void {
  place.hidden = notice === undefined
  place.replaceChildren()
  if (notice === undefined) return
  place.className = retry === undefined ? 'notice' : 'notice failure'
  place.setAttribute('role', retry === undefined ? 'status' : 'alert')
  place.append(element('strong', {}, notice.title), element('p', {}, notice.text))
  if (retry === undefined) return
  const again = element('button', { type: 'button' }, 'Try again')
  again.addEventListener('click', retry)
  place.append(again)
}
