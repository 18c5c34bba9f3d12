import { byId, debounced, element } from './dom.ts'
import { switchTheme } from './looks.ts'
import type { Notice } from './reasons.ts'
import {
  formatDuration,
  localInput,
  localTime,
  parseDuration,
  type Range,
  type Span,
  timeZone,
} from './time.ts'
import type { View } from './view.ts'

/** What a user asks for with the controls above the plots. */
export interface ControlEvents {
  /** The text of the field: it may be no number. */
  jobAsked(text: string): void
  jobLeft(): void
  rangeChosen(range: Range): void
  zoomedBy(factor: number): void
  movedBy(share: number): void
  reset(): void
  liveSwitched(): void
  csvAsked(): void
  themeSwitched(): void
}

/** What the controls have to show. */
export interface ControlState {
  readonly view: View
  /** What the plots show, zoomed or not. */
  readonly span: Span
  /** Whether the time ends now, and new values are read. */
  readonly live: 'on' | 'paused' | 'impossible'
}

export interface Controls {
  sync(state: ControlState): void
  /** One line above the plots. */
  say(text: string): void
  /** For screen readers alone, and only the last of many. */
  announce(text: string): void
  /** Instead of plots, or above them; undefined takes it away. */
  notify(notice: Notice | undefined, retry?: () => void): void
}

export function makeControls(events: ControlEvents): Controls {
  const button = (id: string, act: () => void) => {
    const found = byId(id, HTMLButtonElement)
    found.addEventListener('click', act)
    return found
  }
  const job = byId('job', HTMLInputElement)
  const range = byId('range', HTMLSelectElement)
  const live = button('live', events.liveSwitched)
  const leaveJob = button('leave-job', events.jobLeft)
  const reset = button('reset', events.reset)
  const status = byId('status', HTMLElement)
  const notice = byId('notice', HTMLElement)
  const exact = exactForm(events)

  button('earlier', () => events.movedBy(-0.5))
  button('later', () => events.movedBy(0.5))
  button('zoom-in', () => events.zoomedBy(0.5))
  button('zoom-out', () => events.zoomedBy(2))
  button('csv', events.csvAsked)
  button('theme', () => {
    switchTheme()
    events.themeSwitched()
  })
  const link = button('link', () => void copyLink(link))
  byId('job-form', HTMLFormElement).addEventListener('submit', event => {
    event.preventDefault()
    events.jobAsked(job.value)
  })
  range.addEventListener('change', () => {
    exact.form.hidden = range.value !== 'exact'
    if (range.value === 'exact') return exact.focus()
    const seconds = parseDuration(range.value)
    events.rangeChosen(seconds === undefined ? { kind: 'job' } : { kind: 'last', seconds })
  })
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && !reset.disabled) events.reset()
  })

  let spoken = ''
  const announceSoon = debounced(250, () => {
    byId('spoken', HTMLElement).textContent = spoken
  })
  return {
    sync: ({ view, span, live: state }) => {
      if (document.activeElement !== job) job.value = view.jobId === undefined ? '' : String(view.jobId)
      leaveJob.hidden = view.jobId === undefined
      // Who is filling the fields in is not disturbed by values that come in.
      if (!exact.form.contains(document.activeElement)) {
        syncRange(range, view)
        exact.show(view.range.kind === 'between' ? view.range : undefined, span)
      }
      reset.disabled = view.zoom === undefined
      live.disabled = state === 'impossible'
      live.setAttribute('aria-pressed', String(state === 'on'))
      document.title = `${view.jobId === undefined ? '' : `Job ${view.jobId} – `}kwollect`
    },
    say: text => {
      status.textContent = text
    },
    announce: text => {
      spoken = text
      announceSoon()
    },
    notify: (what, retry) => {
      notice.hidden = what === undefined
      notice.replaceChildren()
      if (what === undefined) return
      notice.className = retry === undefined ? 'notice' : 'notice failure'
      notice.setAttribute('role', retry === undefined ? 'status' : 'alert')
      notice.append(element('strong', {}, what.title), element('p', {}, what.text))
      if (retry === undefined) return
      const again = element('button', { type: 'button' }, 'Try again')
      again.addEventListener('click', retry)
      notice.append(again)
    },
  }
}

function syncRange(range: HTMLSelectElement, view: View): void {
  const ofJob = range.querySelector('option[value=job]')
  if (ofJob instanceof HTMLOptionElement) ofJob.hidden = view.jobId === undefined
  if (view.range.kind === 'between') range.value = 'exact'
  else if (view.range.kind === 'job') range.value = 'job'
  else {
    const wanted = formatDuration(view.range.seconds)
    // A link may ask for any length.
    if (![...range.options].some(({ value }) => value === wanted))
      range.prepend(element('option', { value: wanted }, `Last ${wanted}`))
    range.value = wanted
  }
}

/** The two fields of an exact time, in the browser's time zone. */
function exactForm({ rangeChosen }: ControlEvents) {
  const form = byId('exact-form', HTMLFormElement)
  const [start, end] = [byId('start', HTMLInputElement), byId('end', HTMLInputElement)]
  for (const input of [start, end]) input.title = `In the time zone ${timeZone}`
  const read = (input: HTMLInputElement) => Date.parse(input.value) / 1000
  form.addEventListener('submit', event => {
    event.preventDefault()
    const span = { start: read(start), end: read(end) }
    const isOrdered = span.start < span.end
    end.setCustomValidity(isOrdered ? '' : `The end has to be after ${localTime(span.start)}.`)
    end.reportValidity()
    if (isOrdered) rangeChosen({ kind: 'between', ...span })
  })
  for (const input of [start, end]) input.addEventListener('input', () => end.setCustomValidity(''))
  return {
    form,
    focus: () => start.focus(),
    show: (chosen: Span | undefined, shown: Span) => {
      form.hidden = chosen === undefined
      const span = chosen ?? shown
      start.value = localInput(span.start)
      end.value = localInput(span.end)
    },
  }
}

/** The clipboard belongs to secure pages only; elsewhere the address bar has the link. */
async function copyLink(button: HTMLButtonElement): Promise<void> {
  const said = button.textContent
  try {
    await navigator.clipboard.writeText(location.href)
    button.textContent = 'Copied'
  } catch {
    button.textContent = 'It is in the address bar'
  }
  setTimeout(() => {
    button.textContent = said
  }, 2000)
}

/** Gives the text to the user as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  element('a', { href: url, download: name }).click()
  // The browser has taken it over once the click is through.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
