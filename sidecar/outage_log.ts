import type { Log } from './log.ts'
import type { Clock } from './schedule.ts'

/** What happens to many hosts within this shares a line: a rack without power, a missing ipmi-sensors. */
const gatherMs = 5_000
/** Of many, so many are named. */
const named = 3

/** A host that stopped answering. */
export interface Outage {
  /** As messages show it. */
  readonly host: string
  /** The part of it that reasons may quote. */
  readonly address: string
  readonly devices: readonly string[]
  readonly reason: string
  readonly metrics: number
  readonly nextInMs: number
}

/** A host that answers again. */
export interface Return {
  readonly host: string
  readonly afterMs: number
}

/**
 * Logs hosts that stop answering and answer again: the first at once, because somebody may be waiting for it, and
 * those that follow for the same reason in one line for each five seconds.
 */
export class OutageLog {
  readonly #outages: Gathering<Outage>
  readonly #returns: Gathering<Return>

  constructor(clock: Clock, log: Log) {
    this.#outages = new Gathering(clock, outages => log.warning(outageSentence(outages)))
    this.#returns = new Gathering(clock, returns => log.warning(returnSentence(returns)))
  }

  unreachable(outage: Outage): void {
    this.#outages.add(kindOf(outage), outage)
  }

  back(host: Return): void {
    this.#returns.add('', host)
  }

  /** Says what has been gathered. */
  stop(): void {
    this.#outages.stop()
    this.#returns.stop()
  }
}

interface Group<Event> {
  events: Event[]
  cancel: () => void
}

type Events<Event> = readonly [Event, ...Event[]]

/** Hands on the first event of a kind at once, and those that follow it closely together. */
class Gathering<Event> {
  readonly #clock: Clock
  readonly #say: (events: Events<Event>) => void
  readonly #groups = new Map<string, Group<Event>>()

  constructor(clock: Clock, say: (events: Events<Event>) => void) {
    this.#clock = clock
    this.#say = say
  }

  add(kind: string, event: Event): void {
    const group = this.#groups.get(kind)
    if (group !== undefined) {
      group.events.push(event)
      return
    }
    this.#say([event])
    this.#gather(kind)
  }

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

/** Equal for reasons that differ in times and in the host's name only. */
function kindOf(outage: Outage): string {
  return reasonOfMany(outage).replace(/\d+(?:\.\d+)? s\b/g, '… s')
}

function reasonOfMany({ reason, address }: Outage): string {
  const literal = address.replace(/\W/g, '\\$&')
  return reason.replace(new RegExp(`(?<![\\w.-])${literal}(?![\\w-])`, 'g'), '…')
}

function outageSentence(outages: Events<Outage>): string {
  const [first] = outages
  const metrics = outages.reduce((sum, outage) => sum + outage.metrics, 0).toLocaleString('en')
  const lost = `${metrics} metrics are not collected`
  if (outages.length > 1) {
    return `cannot reach ${outages.length} hosts more (${someOf(outages.map(({ host }) => host))}): ${reasonOfMany(first)}; ${lost}`
  }
  const next = Math.max(first.nextInMs / 1000, 0.1)
  return `cannot reach ${first.host} (${someOf(first.devices)}): ${first.reason}; ${lost}, next try in ${next.toFixed(next < 1 ? 1 : 0)} s`
}

function returnSentence(returns: Events<Return>): string {
  const [first] = returns
  const seconds = returns.map(({ afterMs }) => Math.round(afterMs / 1000))
  if (returns.length === 1) return `${first.host} answers again after ${seconds[0]} s`
  const [least, most] = [Math.min(...seconds), Math.max(...seconds)]
  const after = least === most ? `${most} s` : `${least} to ${most} s`
  return `${returns.length} hosts more answer again after ${after} (${someOf(returns.map(({ host }) => host))})`
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, named).join(', ')
  return names.length > named ? `${shown}, …` : shown
}
