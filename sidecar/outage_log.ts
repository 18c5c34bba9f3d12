import { type Events, Gathering, someOf } from './gathering.ts'
import type { Log } from './log.ts'
import type { Clock } from './schedule.ts'

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
