import { byId, debounced, element } from './dom.ts'
import { switchTheme } from './looks.ts'
import { showNotice } from './notice.ts'
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
import { parseJobId, type View } from './view.ts'

/** What a user asks for with the controls above the plots. */
interface ControlEvents {
  jobAsked(jobId: number): void
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
interface ControlState {
  readonly view: View
  /** What the plots show, zoomed or not. */
  readonly span: Span
  /** Whether the time ends now, and new values are read. */
  readonly live: 'on' | 'paused' | 'impossible'
}

const announceMs = 250

/** Everything above the plots: job, time, zoom, messages. */
export class Controls {
  readonly #events: ControlEvents
  readonly #job = byId('job', HTMLInputElement)
  readonly #range = byId('range', HTMLSelectElement)
  readonly #live = byId('live', HTMLButtonElement)
  readonly #leaveJob = byId('leave-job', HTMLButtonElement)
  readonly #reset = byId('reset', HTMLButtonElement)
  readonly #status = byId('status', HTMLElement)
  readonly #notice = byId('notice', HTMLElement)
  readonly #exact: ExactForm
  #spoken = ''
  readonly #announceSoon = debounced(announceMs, () => {
    byId('spoken', HTMLElement).textContent = this.#spoken
  })

  constructor(events: ControlEvents) {
    this.#events = events
    this.#exact = exactForm(events)
    this.#listenToButtons()
    this.#listenToFields()
  }

  sync({ view, span, live }: ControlState): void {
    const hasJob = view.jobId !== undefined
    if (document.activeElement !== this.#job) this.#job.value = hasJob ? String(view.jobId) : ''
    this.#leaveJob.hidden = !hasJob
    // Who is filling the fields in is not disturbed by values that come in.
    if (!this.#exact.form.contains(document.activeElement)) {
      syncRange(this.#range, view)
      this.#exact.show(view.range.kind === 'between' ? view.range : undefined, span)
    }
    this.#reset.disabled = view.zoom === undefined
    this.#live.disabled = live === 'impossible'
    this.#live.setAttribute('aria-pressed', String(live === 'on'))
    document.title = `${hasJob ? `Job ${view.jobId} – ` : ''}kwollect`
  }

  /** One line above the plots. */
  say(text: string): void {
    this.#status.textContent = text
  }

  /** For screen readers alone, and only the last of many. */
  announce(text: string): void {
    this.#spoken = text
    this.#announceSoon()
  }

  /** Instead of plots, or above them; undefined takes it away. */
  notify(notice: Notice | undefined, retry?: () => void): void {
    showNotice(this.#notice, notice, retry)
  }

  #listenToButtons(): void {
    const { jobLeft, liveSwitched, reset, movedBy, zoomedBy, csvAsked, themeSwitched } = this.#events
    const actions: Readonly<Record<string, () => void>> = {
      'leave-job': jobLeft,
      live: liveSwitched,
      reset,
      earlier: () => movedBy(-0.5),
      later: () => movedBy(0.5),
      'zoom-in': () => zoomedBy(0.5),
      'zoom-out': () => zoomedBy(2),
      csv: csvAsked,
      theme: () => {
        switchTheme()
        themeSwitched()
      },
    }
    for (const [id, act] of Object.entries(actions))
      byId(id, HTMLButtonElement).addEventListener('click', act)
    const link = byId('link', HTMLButtonElement)
    link.addEventListener('click', () => void copyLink(link))
    document.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !this.#reset.disabled) reset()
    })
  }

  #listenToFields(): void {
    byId('job-form', HTMLFormElement).addEventListener('submit', event => {
      event.preventDefault()
      const jobId = parseJobId(this.#job.value)
      if (jobId === undefined) this.notify(noNumber)
      else this.#events.jobAsked(jobId)
    })
    this.#range.addEventListener('change', () => {
      const { value } = this.#range
      this.#exact.form.hidden = value !== 'exact'
      if (value === 'exact') return this.#exact.focus()
      const seconds = parseDuration(value)
      this.#events.rangeChosen(seconds === undefined ? { kind: 'job' } : { kind: 'last', seconds })
    })
  }
}

const noNumber: Notice = {
  title: 'That is not the number of a job.',
  text: 'It has digits only, for example 1234.',
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

type ExactForm = ReturnType<typeof exactForm>

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
