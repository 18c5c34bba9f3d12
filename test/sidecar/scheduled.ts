import { type Due, HostSchedule, type PollOutcome, phaseOf } from '../../sidecar/schedule.ts'
import { simulatedClock } from './simulated_clock.ts'

export interface Metric {
  readonly name: string
  readonly updateEveryMs: number
}

export const second = 1_000

export const metric = (updateEveryMs: number): Metric => ({
  name: `every ${updateEveryMs} ms`,
  updateEveryMs,
})

/** A schedule on a simulated clock, and every poll that it asked for. */
export function scheduled(
  metrics: readonly Metric[],
  options: { key?: string; latencyMs?: () => number; outcome?: (at: number) => PollOutcome } = {},
) {
  const clock = simulatedClock()
  const key = options.key ?? 'switch-3'
  const polls: { at: number; names: string[]; nextInMs: number }[] = []
  let [running, overlaps, skipped] = [0, 0, 0]
  const schedule = new HostSchedule<Metric>({
    key,
    clock,
    onSkipped: count => {
      skipped += count
    },
    async poll({ items, nextInMs }: Due<Metric>) {
      overlaps += running > 0 ? 1 : 0
      running += 1
      polls.push({ at: clock.now(), names: items.map(({ name }) => name), nextInMs })
      const outcome = options.outcome?.(clock.now()) ?? 'answered'
      const latency = options.latencyMs?.() ?? 0
      if (latency > 0) await new Promise<void>(resolve => clock.after(latency, resolve))
      running -= 1
      return outcome
    },
  })
  schedule.setItems(metrics)
  const at = (name: string) => polls.filter(({ names }) => names.includes(name)).map(poll => poll.at)
  return { schedule, clock, polls, at, skipped: () => skipped, overlaps: () => overlaps, phase: phaseOf(key) }
}
