import type { SteadyClock } from '../../sidecar/schedule.ts'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

export interface SimulatedClock extends SteadyClock {
  /** Lets the time pass, and every timer fire that is due, with what follows from it. */
  advance(ms: number): Promise<void>
  /** Time passes and no timer fires, as in a program that is busy. */
  block(ms: number): void
  /** Sets the wall clock; timers count on as they did. */
  set(now: number): void
  /** From now on timers fire before their time, as the timers of Node can by a millisecond. */
  fireEarlyBy(ms: number): void
  /** How many are planned. */
  timers(): number
}

/** A wall clock and timers that move only when a test says so. */
export function simulatedClock(start = 1_732_320_000_123): SimulatedClock {
  let wall = start
  let monotonic = 0
  let early = 0
  const timers = new Set<Timer>()

  const pass = (ms: number) => {
    wall += ms
    monotonic += ms
  }
  const nextTimer = (until: number) =>
    [...timers].filter(({ at }) => at <= until).reduce<Timer | undefined>(earlier, undefined)

  return {
    now: () => wall,
    monotonic: () => monotonic,
    after(ms, callback) {
      const timer = { at: monotonic + Math.max(0, ms - early), callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const end = monotonic + ms
      for (let timer = nextTimer(end); timer !== undefined; timer = nextTimer(end)) {
        pass(Math.max(0, timer.at - monotonic))
        timers.delete(timer)
        timer.callback()
        await settled()
      }
      pass(Math.max(0, end - monotonic))
    },
    block: pass,
    set(now) {
      wall = now
    },
    fireEarlyBy(ms) {
      early = ms
    },
    timers: () => timers.size,
  }
}

function earlier(one: Timer | undefined, other: Timer): Timer {
  return one === undefined || other.at < one.at ? other : one
}

/** Promises that follow from one another in a few steps. */
async function settled(): Promise<void> {
  for (let step = 0; step < 5; step += 1) await Promise.resolve()
}
