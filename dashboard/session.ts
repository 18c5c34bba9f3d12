import { type Choices, foldOnPhones, makeChoices } from './choices.ts'
import { now } from './clock.ts'
import { Controls, download } from './controls.ts'
import { byId, debounced } from './dom.ts'
import { type Live, makeLive, refreshSeconds, wholeEverySeconds } from './live.ts'
import { complete, findTime, isComplete, listPairs } from './orientation.ts'
import { Panels } from './panels.ts'
import { moved, usable, zoomed } from './plot_pointer.ts'
import { Reader } from './reader.ts'
import { whyFailed, whyNoJob } from './reasons.ts'
import {
  countsOf,
  devicesOf,
  hiddenAfter,
  isFollowing,
  isOtherChoice,
  isRate,
  panelStateOf,
  type Situation,
  spanOf,
} from './situation.ts'
import type { Span } from './time.ts'
import { emptyView, formatView, lineCode, parseView, type View } from './view.ts'

/** The page at work: what is chosen stands in the address, and what the address says is shown. */
export class Session {
  #situation: Situation
  readonly #controls: Controls
  readonly #choices: Choices
  readonly #panels: Panels
  readonly #reader: Reader
  readonly #live: Live
  #loading = new AbortController()
  #zooming = new AbortController()
  #isPaused = false
  /** A visitor, or a job's number, comes without metrics; who has chosen none wants none. */
  #choosesMetrics = true
  /** When everything was read last. */
  #wholeRead = 0
  readonly #noteStep = debounced(150, () => history.replaceState(null, '', `#${formatView(this.#view)}`))
  readonly #refineSoon = debounced(200, () => void this.#refine())

  constructor() {
    const view = parseView(location.hash)
    this.#situation = { view, job: undefined, span: spanOf(view, undefined, now()), pairs: [] }
    this.#controls = this.#makeControls()
    this.#choices = makeChoices({
      chosen: choice => {
        if (choice.metrics !== undefined) this.#choosesMetrics = false
        this.#change(choice)
      },
    })
    this.#panels = this.#makePanels()
    this.#reader = new Reader(this.#panels)
    this.#live = makeLive(() => this.#refresh())
    addEventListener('popstate', () => {
      const before = this.#view
      this.#choosesMetrics = true
      this.#situation = { ...this.#situation, view: parseView(location.hash) }
      this.#react(before)
    })
  }

  start(): void {
    foldOnPhones(this.#view.metrics.length > 0 ? 'chosen' : 'to choose')
    void this.#load()
  }

  /** After a change of colours. */
  redraw(): void {
    this.#panels.setState(panelStateOf(this.#situation))
  }

  get #view(): View {
    return this.#situation.view
  }

  #makeControls(): Controls {
    const shown = () => this.#view.zoom ?? this.#situation.span
    return new Controls({
      jobAsked: jobId => this.#askForJob(jobId),
      jobLeft: () => {
        const { range } = this.#view
        this.#change({
          jobId: undefined,
          range: range.kind === 'job' ? emptyView.range : range,
          zoom: undefined,
        })
      },
      rangeChosen: range => this.#change({ range, zoom: undefined }),
      zoomedBy: factor => this.#zoom(zoomed(shown(), factor)),
      movedBy: share => this.#zoom(moved(shown(), share)),
      reset: () => this.#change({ zoom: undefined }),
      liveSwitched: () => {
        this.#isPaused = !this.#isPaused
        this.#goLive()
      },
      csvAsked: () => download('kwollect.csv', this.#panels.csv()),
      themeSwitched: () => this.redraw(),
    })
  }

  #makePanels(): Panels {
    return new Panels(byId('panels', HTMLElement), {
      zoomed: span => this.#zoom(span),
      reset: () => this.#change({ zoom: undefined }),
      announced: text => this.#controls.announce(text),
      toggled: (metric, key, scope, all) => {
        const codes = all.map(one => lineCode(metric, one))
        this.#change({ hidden: hiddenAfter(this.#view.hidden, lineCode(metric, key), scope, codes) })
      },
      rateChanged: (metric, asRate) =>
        this.#change({ rates: new Map([...this.#view.rates, [metric, asRate]]) }),
      csvAsked: download,
    })
  }

  #askForJob(jobId: number): void {
    this.#choosesMetrics = true
    const before = this.#view
    this.#change({ jobId, devices: [], range: { kind: 'job' }, zoom: undefined, hidden: new Set() })
    // The same number again: perhaps the job has started meanwhile.
    if (before.jobId !== jobId) return
    this.#reader.forget()
    void this.#load()
  }

  #change(part: Partial<View>): void {
    const before = this.#view
    this.#situation = { ...this.#situation, view: { ...before, ...part } }
    // Each step of a zoom would fill the history, where Back leads to the choice before; and browsers refuse more than
    // a hundred in half a minute.
    if (before.zoom !== undefined && part.zoom !== undefined) this.#noteStep()
    else history.pushState(null, '', `#${formatView(this.#view)}`)
    this.#react(before)
  }

  /** Does no more than the change asks for: what is on the screen stays until there is something better. */
  #react(before: View): void {
    const view = this.#view
    if (isOtherChoice(view, before)) {
      void this.#load()
      return
    }
    const otherRates = view.metrics.filter(metric => isRate(view, metric) !== isRate(before, metric))
    if (view.zoom === undefined && before.zoom !== undefined) {
      this.#zooming.abort()
      this.#panels.dropDetails()
    }
    this.redraw()
    this.#goLive()
    if (otherRates.length > 0) void this.#loadAgain(otherRates)
    else if (view.zoom !== undefined && view.zoom !== before.zoom) this.#refineSoon()
  }

  #zoom(span: Span): void {
    this.#change({ zoom: usable(span, Math.max(now(), this.#situation.span.end)) })
  }

  #sync(): void {
    const { view, span, pairs } = this.#situation
    const canFollow = isFollowing(this.#situation) && view.zoom === undefined
    const live = canFollow ? (this.#isPaused ? 'paused' : 'on') : 'impossible'
    this.#controls.sync({ view, span: view.zoom ?? span, live })
    this.#choices.show(pairs, devicesOf(this.#situation), view.metrics)
  }

  #goLive(): void {
    this.#sync()
    const { view, span } = this.#situation
    if (isFollowing(this.#situation) && view.zoom === undefined && !this.#isPaused && view.metrics.length > 0)
      this.#live.start(refreshSeconds(span.end - span.start))
    else this.#live.stop()
  }

  /** Everything anew: the job, the lists, the values. */
  async #load(): Promise<void> {
    this.#loading.abort()
    this.#zooming.abort()
    this.#loading = new AbortController()
    const { signal } = this.#loading
    this.#live.stop()
    this.#controls.notify(undefined)
    await this.#attempt(signal, async () => {
      const begin = performance.now()
      if (!(await this.#findTime(signal))) return
      const listed = this.#list(signal)
      // Its failure is told by the await below; until then it must not count as nobody's.
      listed.catch(() => undefined)
      if (!isComplete(this.#situation)) {
        await listed
        if (!this.#complete()) return
      }
      this.#panels.arrange(this.#view.metrics)
      this.#panels.dropDetails()
      this.redraw()
      this.#sync()
      this.#controls.say('Reading …')
      const empty = await this.#reader.readWhole(this.#situation, this.#view.metrics, signal)
      this.#wholeRead = now()
      const lines = this.#view.metrics.flatMap(metric => this.#panels.whole(metric)?.lines ?? [])
      this.#controls.say(countsOf(this.#situation, lines, performance.now() - begin))
      await listed
      await this.#reader.explain(this.#situation, empty, signal)
      this.#goLive()
      if (this.#view.zoom !== undefined) this.#refineSoon()
    })
  }

  /** Metrics whose values became rates, or the other way. */
  async #loadAgain(metrics: readonly string[]): Promise<void> {
    const { signal } = this.#loading
    await this.#attempt(signal, async () => {
      this.#panels.dropDetails()
      const empty = await this.#reader.readWhole(this.#situation, metrics, signal)
      await this.#reader.explain(this.#situation, empty, signal)
      if (this.#view.zoom !== undefined) this.#refineSoon()
    })
  }

  async #refine(): Promise<void> {
    const { zoom } = this.#view
    if (zoom === undefined) return
    this.#zooming.abort()
    this.#zooming = new AbortController()
    const signal = AbortSignal.any([this.#zooming.signal, this.#loading.signal])
    await this.#attempt(signal, () => this.#reader.readDetail(this.#situation, zoom, signal))
  }

  /** A round of the live page. */
  async #refresh(): Promise<void> {
    const { signal } = this.#loading
    const isDue = now() - this.#wholeRead > wholeEverySeconds
    await (isDue ? this.#load() : this.#attempt(signal, () => this.#readFresh(signal)))
    // What failed may work again by itself; and the job may have ended.
    if (isDue || !signal.aborted) this.#goLive()
  }

  async #readFresh(signal: AbortSignal): Promise<void> {
    if (!(await this.#findTime(signal))) return
    await this.#reader.readFresh(this.#situation, signal)
    if (signal.aborted) return
    this.#controls.notify(undefined)
    this.redraw()
  }

  /** @returns false where the job is unknown, which has been said then */
  async #findTime(signal: AbortSignal): Promise<boolean> {
    const { view } = this.#situation
    const { job, span } = await findTime(view, signal)
    // Meanwhile a line may have been hidden: only what was asked for is taken.
    this.#situation = { ...this.#situation, job, span }
    if (view.jobId === undefined || job !== undefined) return true
    this.#clear()
    this.#controls.notify(await whyNoJob(view.jobId, signal))
    return false
  }

  async #list(signal: AbortSignal): Promise<void> {
    const pairs = await listPairs(this.#situation, signal)
    this.#situation = { ...this.#situation, pairs }
    this.#sync()
  }

  /** @returns whether there is something to show; if not, why has been said */
  #complete(): boolean {
    const isFirstVisit = location.hash.replace('#', '') === ''
    const completed = complete(this.#situation, {
      devices: isFirstVisit ? 'page' : 'user',
      metrics: this.#choosesMetrics ? 'page' : 'user',
    })
    if ('title' in completed) {
      this.#clear()
      this.#controls.notify(completed)
      return false
    }
    this.#situation = { ...this.#situation, view: completed }
    history.replaceState(null, '', `#${formatView(completed)}`)
    return true
  }

  #clear(): void {
    this.#reader.clear()
    this.#controls.say('')
    this.#sync()
  }

  /** Runs a reading; what fails is said, with a way to try again. */
  async #attempt(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (failure) {
      if (signal.aborted) return
      this.#controls.say('')
      this.#controls.notify(whyFailed(failure), () => void this.#load())
    }
  }
}
