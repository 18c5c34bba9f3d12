import { createHash } from 'node:crypto'

/** The wall clock and a timer, given by tests in a form of their own. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Calls back once after `ms`; the returned function takes it back. */
  after(ms: number, callback: () => void): () => void
}

/** The system's clock: wall time, because polls of several collectors and years must fall on the same grid. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

/** What is due at one moment. */
export interface Due<Item> {
  readonly items: readonly Item[]
  /** Milliseconds until this host is due again: a poll must end before. */
  readonly nextInMs: number
}

export interface ScheduleOptions<Item> {
  /** Stable name of the host; decides its phase. */
  readonly key: string
  readonly clock: Clock
  /** Never called while an earlier call for this host has not settled; must not reject. */
  readonly poll: (due: Due<Item>) => Promise<void>
  /** A poll was due while the former one still ran, or came more than a period too late. */
  readonly onSkipped: (polls: number) => void
}

/**
 * The polls of one host. A period P is due at the moments t = phase (mod P), the same phase for all periods,
 * so that the 1 s and the 5 s metrics of a host meet in one request, while hosts are spread over the period.
 * Moments are computed from the clock, never by adding up, so that nothing drifts.
 */
export class HostSchedule<Item extends { readonly updateEveryMs: number }> {
  readonly #options: ScheduleOptions<Item>
  readonly #phase: number
  #groups = new Map<number, Item[]>()
  #cancel: (() => void) | undefined
  #polling: Promise<void> | undefined
  #stopped = false

  constructor(options: ScheduleOptions<Item>) {
    this.#options = options
    this.#phase = phaseOf(options.key)
  }

  /** What to poll from now on; replaces what was given before. */
  setItems(items: readonly Item[]): void {
    this.#groups = Map.groupBy(items, item => item.updateEveryMs)
    this.#plan(this.#options.clock.now())
  }

  /** @returns when the poll that is under way has ended */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await this.#polling
  }

  /** @param after the moment last served: a timer that fires a little early must not serve it twice */
  #plan(after: number): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#stopped || this.#groups.size === 0) return
    const due = this.#nextMoment(after)
    this.#cancel = this.#options.clock.after(Math.max(0, due - this.#options.clock.now()), () =>
      this.#serve(due),
    )
  }

  #nextMoment(after: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const period of this.#groups.keys()) next = Math.min(next, nextDue(period, this.#phase, after))
    return next
  }

  #serve(due: number): void {
    const { clock, onSkipped } = this.#options
    const items = [...this.#groups].flatMap(([period, group]) =>
      nextDue(period, this.#phase, due - 1) === due ? group : [],
    )
    const now = clock.now()
    const next = this.#nextMoment(due)
    const late = now >= next
    if (this.#polling !== undefined || late) onSkipped(1)
    else this.#poll({ items, nextInMs: next - now })
    // Late, or the clock was set: go on from where the clock is now.
    const stepped = Math.abs(now - due) >= next - due
    this.#plan(stepped ? now : due)
  }

  #poll(due: Due<Item>): void {
    this.#polling = this.#options.poll(due).finally(() => {
      this.#polling = undefined
    })
  }
}

/** Milliseconds, the same in every run and on every machine; spread evenly over any period. */
export function phaseOf(key: string): number {
  return createHash('sha256').update(key).digest().readUIntBE(0, 6)
}

/** The first moment after `after` that is congruent to the phase modulo the period. */
export function nextDue(period: number, phase: number, after: number): number {
  const passed = (((after - phase) % period) + period) % period
  return Math.floor(after - passed + period)
}
