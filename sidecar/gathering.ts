import type { Clock } from './schedule.ts'

/** What happens to many hosts within this shares a line: a rack without power, a missing ipmi-sensors. */
const gatherMs = 5_000
/** Of many, so many are named. */
const named = 3

interface Group<Event> {
  events: Event[]
  cancel: () => void
}

/** At least one. */
export type Events<Event> = readonly [Event, ...Event[]]

/** Hands on the first event of a kind at once, and those that follow it closely together. */
export class Gathering<Event> {
  readonly #clock: Clock
  readonly #say: (events: Events<Event>) => void
  readonly #groups = new Map<string, Group<Event>>()

  constructor(clock: Clock, say: (events: Events<Event>) => void) {
    this.#clock = clock
    this.#say = say
  }

  /** @param kind events of different kinds do not share a line */
  add(kind: string, event: Event): void {
    const group = this.#groups.get(kind)
    if (group !== undefined) {
      group.events.push(event)
      return
    }
    this.#say([event])
    this.#gather(kind)
  }

  /** Hands on what has been gathered. */
  stop(): void {
    for (const { events, cancel } of this.#groups.values()) {
      cancel()
      this.#sayAll(events)
    }
    this.#groups.clear()
  }

  #gather(kind: string): void {
    const cancel = this.#clock.after(gatherMs, () => {
      const events = this.#groups.get(kind)?.events ?? []
      this.#groups.delete(kind)
      // As long as it goes on, a line for each five seconds.
      if (events.length > 0) this.#gather(kind)
      this.#sayAll(events)
    })
    this.#groups.set(kind, { events: [], cancel })
  }

  #sayAll([first, ...others]: readonly Event[]): void {
    if (first !== undefined) this.#say([first, ...others])
  }
}

/** Events with the same key together, in the order of their first. */
export function groupsOf<Event>(events: readonly Event[], keyOf: (event: Event) => string): Events<Event>[] {
  // No group is empty.
  return [...Map.groupBy(events, keyOf).values()] as [Event, ...Event[]][]
}

/** The first of many names, for a sentence. */
export function someOf(names: readonly string[]): string {
  const shown = names.slice(0, named).join(', ')
  return names.length > named ? `${shown}, …` : shown
}
