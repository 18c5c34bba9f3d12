import { createHash } from 'node:crypto'
import { backOffFrom, longestRestMs, restMs } from './back_off.ts'

/** The wall clock and a timer, given by tests in a form of their own. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Calls back once after `ms`; the returned function takes it back. */
  after(ms: number, callback: () => void): () => void
}

/** One that also tells how long something takes, whatever the wall clock is set to. */
export interface SteadyClock extends Clock {
  /** Milliseconds from any beginning; never set. */
  monotonic(): number
}

/** The system's clock: wall time, because polls of several collectors and years must fall on the same grid. */
export const systemClock: SteadyClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

/** Node's timers fire at once beyond this; only a clock that was set back by weeks asks for more. */
const longestTimerMs = 2 ** 31 - 1

/** What is due at one moment. */
export interface Due<Item> {
  readonly items: readonly Item[]
  /**
   * Milliseconds until this host is due again, before which a poll should end; never less than half the
   * shortest period of its items, or periods that nearly coincide (1000 and 1001 ms) would leave no time.
   */
  readonly nextInMs: number
}

/** Whether a host said anything at all; `silent` counts towards its back-off. */
export type PollOutcome = 'answered' | 'silent'

export interface ScheduleOptions<Item> {
  /** Stable name of the host; decides its phase. */
  readonly key: string
  readonly clock: Clock
  /** Never called while an earlier call for this host has not settled; must not reject. */
  readonly poll: (due: Due<Item>) => Promise<PollOutcome>
  /** A poll was due while the former one still ran, or the program or the clock jumped over it. */
  readonly onSkipped: (polls: number) => void
}

/**
 * The polls of one host. A period P is due at the moments t = phase (mod P), the same phase for all periods,
 * so that the 1 s and the 5 s metrics of a host meet in one request, while hosts are spread over the period.
 * Moments are computed from the clock, never by adding up, so that nothing drifts.
 *
 * A host that does not answer is left out at more and more of its moments (`back_off.ts`); they are not skipped polls.
 * When it is asked, then for everything that it has: as soon as it is back, every metric has a value.
 */
export class HostSchedule<Item extends { readonly updateEveryMs: number }> {
  readonly #options: ScheduleOptions<Item>
  readonly #phase: number
  #groups = new Map<number, Item[]>()
  #cancel: (() => void) | undefined
  /** The moment that the timer is for. */
  #planned: number | undefined
  /** The moment up to which everything was served. */
  #served = Number.NEGATIVE_INFINITY
  #polling: Promise<void> | undefined
  /** The poll under way came at once: what is due on the grid meanwhile waits for it instead of being skipped. */
  #isAtOnce = false
  /** Polled as soon as nothing else is. */
  #waiting: Item[] = []
  #wantedAtOnce = false
  /** Polls in a row without an answer. */
  #silentPolls = 0
  /** A moment of the grid, before which a host that does not answer is not asked. */
  #restUntil = Number.NEGATIVE_INFINITY
  #stopped = false

  constructor(options: ScheduleOptions<Item>) {
    this.#options = options
    this.#phase = phaseOf(options.key)
  }

  /**
   * What to poll from now on; replaces what was given before.
   * @param atOnce those of them that are also polled now, without waiting for their first moment
   */
  setItems(items: readonly Item[], atOnce: readonly Item[] = []): void {
    this.#groups = Map.groupBy(items, item => item.updateEveryMs)
    this.#planAgain()
    this.#waiting.push(...atOnce)
    this.#wantedAtOnce ||= atOnce.length > 0
    if (this.#polling === undefined) this.#pollWaiting()
  }

  /** Unix milliseconds of the next poll; undefined where nothing is to be polled. */
  get nextPollAt(): number | undefined {
    return this.#planned
  }

  /** @returns when the poll that is under way has ended */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await this.#polling
  }

  /** After a change of what is polled, or how often. */
  #planAgain(): void {
    const now = this.#options.clock.now()
    // A moment that is due already, whose timer this busy program has not come to, must not be lost; one that
    // was served by a timer a little early must not come again. Beyond that the clock was set.
    const isEarly = this.#served > now && this.#served - now < this.#shortestPeriod()
    const after = isEarly ? this.#served : now
    this.#plan(Math.min(after, (this.#planned ?? Number.POSITIVE_INFINITY) - 1))
  }

  /** @param after the moment last served: a timer that fires a little early must not serve it twice */
  #plan(after: number): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#planned = undefined
    if (this.#stopped || this.#groups.size === 0) return
    const now = this.#options.clock.now()
    // No rest is so long, or the clock was set back.
    const isRest = this.#restUntil - now <= Math.max(longestRestMs, this.#shortestPeriod())
    const due = this.#nextMoment(isRest ? Math.max(after, this.#restUntil - 1) : after)
    const waitMs = Math.min(longestTimerMs, Math.max(0, due - now))
    this.#planned = due
    this.#cancel = this.#options.clock.after(waitMs, () => this.#serve(due))
  }

  #nextMoment(after: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const period of this.#groups.keys()) next = Math.min(next, nextDue(period, this.#phase, after))
    return next
  }

  #shortestPeriod(): number {
    return Math.min(...this.#groups.keys())
  }

  #serve(due: number): void {
    const { clock, onSkipped } = this.#options
    const now = clock.now()
    // Set back by a period or more: the moments of the new time are what counts.
    const isSetBack = due - now >= this.#shortestPeriod()
    const until = isSetBack ? due : Math.max(due, now)
    // All that became due meanwhile, where the timer came late or the clock was set: nothing waits for another
    // whole period because the program was busy for a moment of its own.
    const groups = [...this.#groups].filter(([period]) => nextDue(period, this.#phase, due - 1) <= until)
    const jumped = groups.some(([period]) => nextDue(period, this.#phase, due) <= until)
    const items = this.#isBackingOff() ? this.#allItems() : groups.flatMap(([, items]) => items)
    if (this.#isAtOnce) this.#waiting.push(...items)
    else if (this.#polling !== undefined || jumped) onSkipped(1)
    if (this.#polling === undefined && items.length > 0) this.#poll(items, until)
    this.#served = until
    this.#plan(isSetBack ? now : until)
  }

  /** @param until the moment up to which everything is served by this poll */
  #poll(items: readonly Item[], until: number): void {
    const nextInMs = Math.max(
      this.#nextMoment(until) - Math.max(until, this.#options.clock.now()),
      Math.min(...items.map(({ updateEveryMs }) => updateEveryMs)) / 2,
    )
    this.#polling = this.#options.poll({ items, nextInMs }).then(outcome => {
      this.#polling = undefined
      this.#isAtOnce = false
      this.#learn(outcome, until)
      this.#pollWaiting()
    })
  }

  /** @param at the moment that was served */
  #learn(outcome: PollOutcome, at: number): void {
    const wasBackingOff = this.#isBackingOff()
    this.#silentPolls = outcome === 'silent' ? this.#silentPolls + 1 : 0
    this.#restUntil = Number.NEGATIVE_INFINITY
    if (this.#groups.size > 0 && this.#isBackingOff()) {
      const period = this.#shortestPeriod()
      const restedAt = at + restMs(this.#silentPolls, period, this.#phase / phases)
      this.#restUntil = nextDue(period, this.#phase, restedAt) - period
    }
    if (wasBackingOff || this.#isBackingOff()) this.#planAgain()
  }

  #isBackingOff(): boolean {
    return this.#silentPolls >= backOffFrom
  }

  #allItems(): Item[] {
    return [...this.#groups.values()].flat()
  }

  #pollWaiting(): void {
    const current = new Set(this.#allItems())
    const wanted = [...new Set(this.#waiting)].filter(item => current.has(item))
    this.#waiting = []
    if (this.#stopped || wanted.length === 0) return
    this.#isAtOnce = this.#wantedAtOnce
    this.#wantedAtOnce = false
    this.#poll(this.#isBackingOff() ? [...current] : wanted, this.#options.clock.now())
  }
}

/** All phases are below this. */
const phases = 2 ** 48

/** Milliseconds, the same in every run and on every machine; spread evenly over any period. */
export function phaseOf(key: string): number {
  return createHash('sha256').update(key).digest().readUIntBE(0, 6)
}

/** The first moment after `after` that is congruent to the phase modulo the period. */
export function nextDue(period: number, phase: number, after: number): number {
  const passed = (((after - phase) % period) + period) % period
  return Math.floor(after - passed + period)
}
