import { ApiError, askJob, askPairs } from './api.ts'
import { type Choices, devicesToBeginWith, makeChoices, mergePairs, metricsToBeginWith } from './choices.ts'
import { now } from './clock.ts'
import { type Controls, download, makeControls } from './controls.ts'
import { byId, debounced } from './dom.ts'
import { type Live, makeLive, refreshSeconds } from './live.ts'
import { makePanels, type Panels } from './panels.ts'
import { moved, zoomed } from './plot_pointer.ts'
import { Reader } from './reader.ts'
import { whyNoDevices, whyNoJob, whyNoMetrics } from './reasons.ts'
import {
  devicesOf,
  hiddenAfter,
  isFollowing,
  isRate,
  panelStateOf,
  type Situation,
  spanOf,
} from './situation.ts'
import type { Span } from './time.ts'
import { emptyView, formatView, lineCode, parseJobId, parseView, type View } from './view.ts'

/** While live, everything is read anew as often: values that a device sent late, and new devices, come in. */
const wholeEverySeconds = 300
const longestZoom = 366 * 86_400
const shortestZoom = 0.01

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
  /** Clicks in the lists that are not applied yet: several are one choice. */
  #pending: Partial<View> = {}
  readonly #applyPending = debounced(300, () => {
    const chosen = this.#pending
    this.#pending = {}
    this.#change(chosen)
  })
  readonly #refineSoon = debounced(200, () => void this.#refine())

  constructor() {
    const view = parseView(location.hash)
    this.#situation = { view, job: undefined, span: spanOf(view, undefined, now()), pairs: [] }
    this.#controls = this.#makeControls()
    this.#choices = makeChoices({
      devicesChosen: devices => this.#changeSoon({ devices }),
      metricsChosen: metrics => {
        this.#choosesMetrics = false
        this.#changeSoon({ metrics })
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
    return makeControls({
      jobAsked: text => this.#askForJob(text),
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
    return makePanels(byId('panels', HTMLElement), {
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

  #askForJob(text: string): void {
    const jobId = parseJobId(text)
    if (jobId === undefined) {
      this.#controls.notify({
        title: 'That is not the number of a job.',
        text: 'It has digits only, for example 1234.',
      })
      return
    }
    this.#choosesMetrics = true
    const before = this.#view
    this.#change({ jobId, devices: [], range: { kind: 'job' }, zoom: undefined, hidden: new Set() })
    // The same number again: perhaps the job has started meanwhile.
    if (before.jobId === jobId) void this.#load()
  }

  #changeSoon(part: Partial<View>): void {
    this.#pending = { ...this.#pending, ...part }
    this.#applyPending()
  }

  #change(part: Partial<View>): void {
    const before = this.#view
    this.#situation = { ...this.#situation, view: { ...before, ...part } }
    // Each step of a zoom would fill the history: Back leads to the choice before.
    const isStep = before.zoom !== undefined && part.zoom !== undefined
    history[isStep ? 'replaceState' : 'pushState'](null, '', `#${formatView(this.#view)}`)
    this.#react(before)
  }

  /** Does no more than the change asks for: what is on the screen stays until there is something better. */
  #react(before: View): void {
    const view = this.#view
    const isOther = (['jobId', 'devices', 'metrics', 'range'] as const).some(
      part => JSON.stringify(view[part]) !== JSON.stringify(before[part]),
    )
    if (isOther) {
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

  #zoom({ start, end }: Span): void {
    const length = Math.min(longestZoom, Math.max(shortestZoom, end - start))
    const last = Math.min((start + end) / 2 + length / 2, Math.max(now(), this.#situation.span.end))
    this.#change({ zoom: { start: last - length, end: last } })
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
      if (this.#view.metrics.length === 0 || devicesOf(this.#situation).length === 0) {
        await listed
        if (!this.#chooseFirst()) return
      }
      this.#panels.arrange(this.#view.metrics)
      this.#panels.dropDetails()
      this.redraw()
      this.#sync()
      this.#controls.say('Reading …')
      await this.#readWhole(this.#view.metrics, signal)
      this.#controls.say(this.#counts(begin))
      await listed
      this.#goLive()
      if (this.#view.zoom !== undefined) this.#refineSoon()
    })
  }

  async #readWhole(metrics: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#reader.readWhole(this.#situation, metrics, signal)
    this.#wholeRead = now()
  }

  /** Metrics whose values became rates, or the other way. */
  async #loadAgain(metrics: readonly string[]): Promise<void> {
    const { signal } = this.#loading
    await this.#attempt(signal, async () => {
      this.#panels.dropDetails()
      await this.#reader.readWhole(this.#situation, metrics, signal)
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
    if (now() - this.#wholeRead > wholeEverySeconds) return this.#load()
    const { signal } = this.#loading
    await this.#attempt(signal, async () => {
      if (!(await this.#findTime(signal))) return
      await this.#reader.readFresh(this.#situation, signal)
      if (signal.aborted) return
      this.redraw()
      // The job may have ended.
      this.#goLive()
    })
  }

  /** @returns false where the job is unknown, which has been said then */
  async #findTime(signal: AbortSignal): Promise<boolean> {
    const { jobId } = this.#view
    const moment = now()
    const job = jobId === undefined ? undefined : await askJob(jobId, moment, signal)
    this.#situation = { ...this.#situation, job, span: spanOf(this.#view, job, moment) }
    if (jobId === undefined || job !== undefined) return true
    this.#clear()
    this.#controls.notify(await whyNoJob(jobId, signal))
    return false
  }

  /** What the lists offer: what has values at the end of the time, and for a time in the past at its beginning too. */
  async #list(signal: AbortSignal): Promise<void> {
    const { span, view } = this.#situation
    const moments = isFollowing(this.#situation)
      ? [span.end]
      : [span.end, Math.min(span.end, span.start + 60)]
    const answers = await Promise.all(moments.map(at => askPairs(at, view.jobId, signal)))
    this.#situation = { ...this.#situation, pairs: mergePairs(answers) }
    this.#sync()
  }

  /** @returns whether there is something to show; if not, why has been said */
  #chooseFirst(): boolean {
    const { view, job, pairs, span } = this.#situation
    const isFirstVisit = location.hash.replace('#', '') === ''
    const devices = isFirstVisit ? devicesToBeginWith(pairs) : view.devices
    const hasDevices = job !== undefined || devices.length > 0
    const metrics =
      hasDevices && this.#choosesMetrics && view.metrics.length === 0
        ? metricsToBeginWith(pairs)
        : view.metrics
    if (hasDevices && metrics.length > 0) {
      this.#situation = { ...this.#situation, view: { ...view, devices, metrics } }
      history.replaceState(null, '', `#${formatView(this.#view)}`)
      return true
    }
    this.#clear()
    if (pairs.length === 0) this.#controls.notify(job === undefined ? whyNoDevices(span) : whyNoMetrics(job))
    else if (hasDevices)
      this.#controls.notify({
        title: 'Choose metrics.',
        text: 'Each becomes a plot with a line for each device.',
      })
    else
      this.#controls.notify({
        title: 'What would you like to see?',
        text: 'Type the number of a job, or choose devices and metrics from the lists.',
      })
    return false
  }

  #clear(): void {
    this.#panels.arrange([])
    this.#controls.say('')
    this.#sync()
  }

  /** Runs a reading; what fails is said, with a way to try again. */
  async #attempt(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (failure) {
      if (signal.aborted) return
      this.#live.stop()
      this.#controls.say('')
      const { message, hint } = failure instanceof ApiError ? failure : { message: String(failure), hint: '' }
      this.#controls.notify({ title: message, text: hint }, () => void this.#load())
    }
  }

  /** "Job 7, running · 16 devices · 12 metrics · 69,120 values in 1.3 s" */
  #counts(begin: number): string {
    const { view, job } = this.#situation
    const lines = view.metrics.flatMap(metric => this.#panels.whole(metric)?.lines ?? [])
    const values = lines.reduce((sum, { times }) => sum + times.length, 0)
    const count = (amount: number, noun: string) =>
      `${amount.toLocaleString('en')} ${noun}${amount === 1 ? '' : 's'}`
    return [
      ...(job === undefined ? [] : [`Job ${job.id}${job.isRunning ? ', running' : ''}`]),
      count(devicesOf(this.#situation).length, 'device'),
      count(view.metrics.length, 'metric'),
      `${count(values, 'value')} in ${((performance.now() - begin) / 1000).toFixed(1)} s`,
    ].join(' · ')
  }
}
