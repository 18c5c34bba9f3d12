import type { Description } from '../descriptions.ts'
import { type Lookup, systemLookup } from '../host_addresses.ts'
import type { Sample, Series } from '../sample.ts'
import type { RowOid } from '../snmp_url.ts'
import { type Host, HostUnreachable, type Poll, type PollResult } from './protocol.ts'
import { AgentLink, type SnmpAgent } from './snmp_agent.ts'
import { newHabits } from './snmp_habits.ts'
import type { Request, Silence } from './snmp_pdu.ts'
import { type Finding, type Findings, readOids } from './snmp_requests.ts'
import { IndexTables, SYS_UPTIME } from './snmp_tables.ts'
import { toReading } from './snmp_values.ts'

export interface SnmpDependencies {
  /** Unix milliseconds, with as much fraction as the clock has. */
  readonly now: () => number
  /** Milliseconds of a clock that never goes back, for what is kept for minutes; performance.now where absent. */
  readonly monotonic?: () => number
  /** Resolves the agent's name; the system's resolver where absent. */
  readonly lookup?: Lookup
}

/**
 * Reads OIDs of one agent by SNMP GET (v1, v2c and v3).
 *
 * A poll never takes longer than its time-out: a request without an answer is sent again after the time that
 * the agent usually takes, and then at doubling intervals; all copies may still be answered until the end. What
 * came before the agent fell silent is kept. A description whose OID the agent lacks, refuses or answers
 * unreadably is `missing` and costs no other.
 *
 * Tables that templates need are walked at the end of the poll in which they are due, in the time that is left.
 */
export function openSnmpHost(agent: SnmpAgent, dependencies: SnmpDependencies): Host {
  return new SnmpHost(agent, dependencies)
}

class SnmpHost implements Host {
  readonly #agent: SnmpAgent
  readonly #link: AgentLink
  readonly #seriesOf = new WeakMap<Description, Series>()
  readonly #monotonic: () => number
  readonly #tables: IndexTables
  #habits = newHabits()

  constructor(agent: SnmpAgent, dependencies: SnmpDependencies) {
    const { now, monotonic = () => performance.now(), lookup = systemLookup } = dependencies
    this.#agent = agent
    this.#monotonic = monotonic
    this.#tables = new IndexTables(monotonic)
    this.#link = new AgentLink(agent, now, lookup)
  }

  async poll({ descriptions, timeoutMs, signal }: Poll): Promise<PollResult> {
    const deadline = performance.now() + timeoutMs
    const stop = () => this.#link.abort()
    const ask: Ask = request =>
      signal.aborted
        ? Promise.resolve({ kind: 'silence', cause: 'stopped' })
        : this.#link.ask(request, deadline)
    signal.addEventListener('abort', stop)
    try {
      const findings = await this.#find(descriptions, ask)
      const { silence } = findings
      if (silence !== undefined && silence !== 'stopped' && !findings.heard) {
        const sentence = await this.#unreachable(silence, timeoutMs)
        this.#link.doubt()
        this.#habits = newHabits()
        throw new HostUnreachable(sentence)
      }
      return this.#result(descriptions, findings, timeoutMs)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  close(): void {
    this.#link.close()
  }

  /** Asks what is known to ask, then walks the tables that are due and asks what they brought to light. */
  async #find(descriptions: readonly Description[], ask: Ask): Promise<Findings> {
    const get = (oids: Iterable<string>) =>
      readOids([...oids], this.#habits, wanted => ask({ kind: 'get', oids: wanted }), this.#monotonic())
    const tables = tablesOf(descriptions)
    if (tables.size === 0) return get(this.#oidsOf(descriptions))
    const first = await get(this.#oidsOf(descriptions).add(SYS_UPTIME))
    if (first.silence !== undefined) return first
    if (this.#tables.hasRestarted(first.byOid.get(SYS_UPTIME))) {
      this.#tables.forget()
      this.#habits = newHabits()
    }
    await this.#tables.refresh(tables, ask)
    const further = [...this.#oidsOf(descriptions)].filter(oid => !first.byOid.has(oid))
    if (further.length === 0) return first
    const second = await get(further)
    return { ...second, byOid: new Map([...first.byOid, ...second.byOid]), heard: true }
  }

  #oidsOf(descriptions: readonly Description[]): Set<string> {
    const oids = new Set<string>()
    for (const description of descriptions) {
      const oid = this.#resolve(oidOf(description))
      if (typeof oid === 'string') oids.add(oid)
    }
    return oids
  }

  #resolve(oid: string | RowOid): ReturnType<IndexTables['resolve']> {
    return typeof oid === 'string' ? oid : this.#tables.resolve(oid)
  }

  #result(descriptions: readonly Description[], findings: Findings, timeoutMs: number): PollResult {
    const samples: Sample[] = []
    const missing: { description: Description; reason: string }[] = []
    for (const description of descriptions) {
      const oid = oidOf(description)
      const finding = this.#findingOf(oid, findings, timeoutMs)
      if ('reason' in finding) {
        if (typeof oid !== 'string' && findings.silence === undefined) this.#tables.doubt(oid)
        missing.push({ description, reason: finding.reason })
        continue
      }
      const { value, text } = toReading(finding.varbind)
      const sample = {
        timestamp: Math.round(finding.sentAt * 1000),
        series: this.#series(description),
        value: value * description.scaleFactor,
      }
      samples.push(text === undefined ? sample : { ...sample, labels: { value_str: text } })
    }
    return { samples, missing }
  }

  #findingOf(oid: string | RowOid, { byOid, silence }: Findings, timeoutMs: number): Finding {
    const resolved = this.#resolve(oid)
    if (typeof resolved === 'string') {
      return byOid.get(resolved) ?? { reason: unanswered(silence, timeoutMs) }
    }
    if (resolved !== undefined) return resolved
    const isUnread = silence === undefined && typeof oid !== 'string'
    return { reason: isUnread ? this.#tables.unread(oid) : unanswered(silence, timeoutMs) }
  }

  #series(description: Description): Series {
    let series = this.#seriesOf.get(description)
    if (series === undefined) {
      const { deviceId, name: metricId, labels } = description
      series = { deviceId, metricId, labels }
      this.#seriesOf.set(description, series)
    }
    return series
  }

  async #whyMute(): Promise<string> {
    const { access } = this.#agent
    if (access.version !== 3) return '(dead, filtered, or the community is wrong)'
    if (!(await this.#link.isMute())) return '(dead, filtered, or without SNMP v3)'
    return `although the agent told its engine id (${access.priv ? 'priv or privkey is wrong' : 'filtered'})`
  }

  /** Why nothing at all came back, in words. */
  async #unreachable(silence: Silence, timeoutMs: number): Promise<string> {
    const { host, port } = this.#agent
    switch (silence) {
      case 'time-out':
        return `no answer in ${inSeconds(timeoutMs)} ${await this.#whyMute()}`
      case 'unknown user':
        return 'the agent does not know the user'
      case 'wrong digest':
        return 'the agent finds the digest wrong: auth or authkey is not the one that it has for the user'
      case 'unsupported level':
        return 'the agent does not offer the user this level: it lacks the auth or priv protocol'
      case 'decryption error':
        return 'the agent cannot decrypt the request: priv or privkey is wrong'
      case 'other report':
        return 'the agent reports an SNMP v3 error that is not known'
      case 'ECONNREFUSED':
        return `no SNMP agent listens on UDP port ${port} (${silence})`
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
      case 'ETIMEOUT':
        return `the name ${host} cannot be resolved (${silence})`
      default:
        return `the request cannot be sent (${silence})`
    }
  }
}

type Ask = (request: Request) => ReturnType<AgentLink['ask']>

function oidOf({ name, url }: Description): string | RowOid {
  // The sidecar opens one host for each protocol and address; another protocol here is its mistake.
  if (url.protocol !== 'snmp') throw new TypeError(`${name} is not read by SNMP`)
  return url.oid
}

function tablesOf(descriptions: readonly Description[]): Set<string> {
  const tables = new Set<string>()
  for (const description of descriptions) {
    const oid = oidOf(description)
    if (typeof oid !== 'string') tables.add(oid.table)
  }
  return tables
}

/** Why the rest of a poll is missing, in words. */
function unanswered(silence: Silence | undefined, timeoutMs: number): string {
  if (silence === 'stopped') return 'the poll was stopped before the answer came'
  if (silence === undefined || silence === 'time-out') {
    return `no answer within the ${inSeconds(timeoutMs)} of the poll`
  }
  return `the agent fell silent during the poll (${silence})`
}

function inSeconds(ms: number): string {
  return `${Math.round(ms) / 1000} s`
}
