import type { Description } from './descriptions.ts'
import { type Events, Gathering, groupsOf, someOf } from './gathering.ts'
import type { Log } from './log.ts'
import type { Clock } from './schedule.ts'

/** A metric that comes and goes is told of once in this time for each reason. */
const againMs = 60_000
/** Reasons of one metric that are remembered; then all are forgotten: one that is never the same twice would fill the memory. */
const mostReasons = 10
/** Of hosts that lack different metrics at the same time, so many groups have a line of their own. */
const mostLines = 5

/** A description that has no value although its host answers. */
export interface Missing {
  readonly description: Description
  readonly reason: string
}

interface HostMissing {
  /** As messages show it. */
  readonly host: string
  readonly missing: Events<Missing>
}

/**
 * Logs metrics that have no value, a line for all of a host, and for all hosts that lack the same metrics: the first host
 * at once, those that follow it together, every five seconds. A device may lack hundreds, and a site have hundreds of it.
 */
export class MissingLog {
  readonly #clock: Clock
  readonly #log: Pick<Log, 'warning'>
  readonly #gathering: Gathering<HostMissing>
  /** When a reason was told of: Unix milliseconds. By description, which outlives its host's connection. */
  readonly #said = new WeakMap<Description, Map<string, number>>()

  constructor(clock: Clock, log: Pick<Log, 'warning'>) {
    this.#clock = clock
    this.#log = log
    this.#gathering = new Gathering(clock, events => this.#say(events))
  }

  /**
   * @param host as messages show it
   * @param missing what has no value any more, or for another reason than before
   */
  report(host: string, missing: readonly Missing[]): void {
    const [first, ...others] = missing.filter(each => this.#isNews(each))
    if (first !== undefined) this.#gathering.add('', { host, missing: [first, ...others] })
  }

  /** Says what has been gathered. */
  stop(): void {
    this.#gathering.stop()
  }

  #isNews({ description, reason }: Missing): boolean {
    const said = this.#said.get(description) ?? new Map<string, number>()
    const agoMs = this.#clock.now() - (said.get(reason) ?? Number.NEGATIVE_INFINITY)
    // Below 0 the clock was set back.
    if (agoMs >= 0 && agoMs < againMs) return false
    if (said.size >= mostReasons) said.clear()
    this.#said.set(description, said.set(reason, this.#clock.now()))
    return true
  }

  #say(events: Events<HostMissing>): void {
    // Several polls of a host may have told.
    const hosts = groupsOf(events, ({ host }) => host).map(
      ([first, ...others]): HostMissing => ({
        host: first.host,
        missing: [...first.missing, ...others.flatMap(({ missing }) => missing)],
      }),
    )
    const groups = groupsOf(hosts, ({ missing }) => JSON.stringify(metricsOf(missing).sort()))
    groups.sort((one, other) => other.length - one.length)
    for (const group of groups.slice(0, mostLines)) this.#log.warning(lineOf(group))
    const rest = groups.slice(mostLines).flat()
    if (rest.length === 0) return
    const metrics = countOf(rest.flatMap(({ missing }) => missing))
    this.#log.warning(
      `no value of ${metrics} metrics from ${rest.length} hosts more (${someOf(rest.map(({ host }) => host))}); the view kwollector_status has a reason for each`,
    )
  }
}

/** What a host lacks, for its status. */
export function missingSentence(host: string, missing: Events<Missing>): string {
  const [{ description, reason }] = missing
  if (missing.length === 1) return `no value of ${description.name} (${description.deviceId}): ${reason}`
  const devices = new Set(missing.map(({ description }) => description.deviceId))
  return `no value of ${manyOf(missing)} from ${host} (${someOf([...devices])}): ${reasonsOf(missing)}`
}

/** @param group hosts that lack the same metrics; with the place of the first description, to begin looking */
function lineOf([first, ...others]: Events<HostMissing>): string {
  const hosts = [first, ...others].map(({ host }) => host)
  const missing: Events<Missing> = [...first.missing, ...others.flatMap(each => each.missing)]
  const { file, line, column } = missing[0].description.source
  const sentence =
    others.length === 0
      ? missingSentence(first.host, missing)
      : `no value of ${manyOf(missing)} from ${hosts.length} hosts (${someOf(hosts)}): ${reasonsOf(missing)}`
  return `${file}:${line}:${column}: ${sentence}`
}

function manyOf(missing: readonly Missing[]): string {
  return `${countOf(missing)} metrics (${someOf(metricsOf(missing))})`
}

/** One that lacked a value for two reasons counts once. */
function countOf(missing: readonly Missing[]): string {
  return new Set(missing.map(({ description }) => description)).size.toLocaleString('en')
}

/** Each name once. */
function metricsOf(missing: readonly Missing[]): string[] {
  return [...new Set(missing.map(({ description }) => description.name))]
}

function reasonsOf(missing: Events<Missing>): string {
  const others = new Set(missing.map(({ reason }) => reason)).size - 1
  if (others === 0) return missing[0].reason
  return `${missing[0].reason}, and ${others === 1 ? 'another reason' : `${others} other reasons`}`
}
