/** Repeats something while a page is looked at. */
export interface Live {
  /** @param seconds between the end of one round and the beginning of the next */
  start(seconds: number): void
  stop(): void
}

/** @param round must not fail: what it has to say, it says itself */
export function makeLive(round: () => Promise<void>): Live {
  let timer: ReturnType<typeof setTimeout> | undefined
  let pause = 0
  let generation = 0
  const wait = () => {
    clearTimeout(timer)
    timer = setTimeout(run, pause * 1000)
  }
  const run = async () => {
    timer = undefined
    // A page in the background asks nothing; the round comes when somebody looks again.
    if (document.hidden) return
    const mine = generation
    await round()
    if (mine === generation) wait()
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && timer === undefined && pause > 0) void run()
  })
  return {
    start: seconds => {
      generation++
      pause = seconds
      wait()
    },
    stop: () => {
      generation++
      pause = 0
      clearTimeout(timer)
      timer = undefined
    },
  }
}

/** How often new values are asked for: a two-hundredth of the time, which is four pixels of a plot or so. */
export function refreshSeconds(shownSeconds: number): number {
  return Math.min(60, Math.max(2, shownSeconds / 200))
}

/** While live, everything is read anew as often: values that a device sent late, and new devices, come in. */
export const wholeEverySeconds = 300
