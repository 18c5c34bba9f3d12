import { askLines } from './api.ts'
import { now } from './clock.ts'
import { byId } from './dom.ts'
import { JobEnergy } from './job_energy.ts'
import { joinLines } from './lines.ts'
import { forEachInTurns, loadMetrics } from './loader.ts'
import type { MetricData } from './metric_data.ts'
import type { Panels } from './panels.ts'
import { whyNoValues } from './reasons.ts'
import { chooseSummaries } from './resolution.ts'
import { devicesOf, freshStart, isFollowing, isRate, type Situation, wantedOf } from './situation.ts'
import type { Span } from './time.ts'

/** Brings values from the API into the panels, and the energy of the job above them; it remembers how dense they are. */
export class Reader {
  readonly #panels: Panels
  readonly #jobEnergy = new JobEnergy(byId('job-energy', HTMLElement))
  #densities: ReadonlyMap<string, number> = new Map()

  constructor(panels: Panels) {
    this.#panels = panels
  }

  /**
   * The values of the whole time, each metric shown as it comes.
   *
   * @returns the metrics that have no values
   */
  async readWhole(situation: Situation, metrics: readonly string[], signal: AbortSignal): Promise<string[]> {
    this.#jobEnergy.expect(situation.job)
    const empty: string[] = []
    const show = (metric: string, data: MetricData) => {
      this.#panels.setBusy([metric], 'idle')
      if (data.lines.length > 0) this.#panels.showWhole(metric, data)
      else empty.push(metric)
    }
    await this.#whileBusy(metrics, async () => {
      const wanted = wantedOf(situation, metrics, situation.span)
      const densities = await loadMetrics(wanted, show, signal)
      this.#densities = new Map([...this.#densities, ...densities])
    })
    // Behind the values, which are waited for: on a small server each would make the other slower.
    if (!signal.aborted) void this.#jobEnergy.ask()
    return empty
  }

  /** Why these metrics have no values, in place of their plots. */
  async explain(situation: Situation, metrics: readonly string[], signal: AbortSignal): Promise<void> {
    const { span, pairs } = situation
    for (const metric of metrics) {
      const empty = {
        metric,
        devices: devicesOf(situation),
        span,
        isCurrent: isFollowing(situation),
        pairs,
      }
      const text = await whyNoValues(empty, signal)
      if (!signal.aborted) this.#panels.explain(metric, text)
    }
  }

  /**
   * Finer values of what the zoom shows, and a little beside it so that it can be moved; of the metrics only whose
   * values there are not all known yet.
   */
  async readDetail(situation: Situation, part: Span, signal: AbortSignal): Promise<void> {
    const margin = (part.end - part.start) / 4
    const around = { start: part.start - margin, end: Math.min(part.end + margin, Math.max(now(), part.end)) }
    const summaries = chooseSummaries(situation.view.metrics, this.#densities, around)
    const metrics = situation.view.metrics.filter(metric => {
      const known = this.#known(metric, part)
      return known === undefined || (known.summary && !summaries.has(metric))
    })
    if (metrics.length === 0) return
    const show = (metric: string, data: MetricData) => {
      // Beside the whole time there may be nothing: an empty plot says so, and can be moved on.
      if (data.lines.length > 0 || this.#panels.whole(metric) !== undefined)
        this.#panels.showDetail(metric, data)
    }
    await this.#whileBusy(metrics, () => loadMetrics(wantedOf(situation, metrics, around), show, signal))
  }

  /** What came since the last time. */
  async readFresh(situation: Situation, signal: AbortSignal): Promise<void> {
    const { view, span } = situation
    await forEachInTurns(view.metrics, async (metric, failed) => {
      const known = this.#panels.whole(metric)
      const start = freshStart(known, span)
      const [summary, asRate] = [known?.summary ?? false, isRate(view, metric)]
      const query = { ...wantedOf(situation, [metric], { start, end: span.end }), summary, asRate }
      const fresh = await askLines(query, AbortSignal.any([signal, failed]))
      // Read anew meanwhile, as a rate perhaps: then these are not its values.
      if (signal.aborted || this.#panels.whole(metric) !== known) return
      if (known === undefined && fresh.length === 0) return
      const lines = joinLines(known?.lines ?? [], fresh, span.start)
      this.#panels.showWhole(metric, { lines, span, summary, asRate })
    })
    if (signal.aborted) return
    this.#jobEnergy.expect(situation.job)
    void this.#jobEnergy.ask()
  }

  /** Takes away all that is shown. */
  clear(): void {
    this.#panels.arrange([])
    this.#jobEnergy.expect(undefined)
  }

  /** What would not be asked for again, because it does not change, will be. */
  forget(): void {
    this.#jobEnergy.forget()
  }

  /** What covers the part, but for less than can be seen. */
  #known(metric: string, part: Span): MetricData | undefined {
    const slack = (part.end - part.start) / 100
    return [this.#panels.detail(metric), this.#panels.whole(metric)].find(
      data =>
        data !== undefined && data.span.start - slack <= part.start && part.end <= data.span.end + slack,
    )
  }

  async #whileBusy(metrics: readonly string[], work: () => Promise<unknown>): Promise<void> {
    this.#panels.setBusy(metrics, 'busy')
    try {
      await work()
    } finally {
      this.#panels.setBusy(metrics, 'idle')
    }
  }
}
