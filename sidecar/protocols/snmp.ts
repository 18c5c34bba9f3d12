import type { Description } from '../descriptions.ts'
import type { Sample, Series } from '../sample.ts'
import type { SnmpUrl } from '../snmp_url.ts'
import { type Host, HostUnreachable, type Poll, type PollResult } from './protocol.ts'
import { addressOf, type Lookup, systemLookup } from './snmp_address.ts'
import { type Finding, type Findings, newHabits, readOids } from './snmp_requests.ts'
import { type AgentSession, type Answer, openSession, type Silence } from './snmp_session.ts'
import { toReading } from './snmp_values.ts'

/** One SNMP agent. What grants access is secret: it appears in no message. */
export type SnmpAgent = Pick<SnmpUrl, 'host' | 'port' | 'access'>

export interface SnmpDependencies {
  /** Unix milliseconds, with as much fraction as the clock has. */
  readonly now: () => number
  /** Resolves the agent's name; the system's resolver where absent. */
  readonly lookup?: Lookup
}

/**
 * Reads OIDs of one agent by SNMP v2c GET (RFC 3416).
 *
 * A poll never takes longer than its time-out: a request without an answer is sent once more at half of what
 * is left, and both copies may still be answered until the end. What came before the agent fell silent is
 * kept. A description whose OID the agent lacks, refuses or answers unreadably is `missing` and costs no other.
 */
export function openSnmpHost(agent: SnmpAgent, dependencies: SnmpDependencies): Host {
  return new SnmpHost(agent, dependencies)
}

class SnmpHost implements Host {
  readonly #agent: SnmpAgent
  readonly #now: () => number
  readonly #address: ReturnType<typeof addressOf>
  readonly #seriesOf = new WeakMap<Description, Series>()
  /** Ends the requests on their way; a set, because a caller may poll again before the last poll ended. */
  readonly #aborts = new Set<() => void>()
  #isClosed = false
  #habits = newHabits()
  #session: { readonly address: string; readonly opened: Promise<AgentSession> } | undefined

  constructor(agent: SnmpAgent, { now, lookup = systemLookup }: SnmpDependencies) {
    this.#agent = agent
    this.#now = now
    this.#address = addressOf(agent.host, lookup)
  }

  async poll({ descriptions, timeoutMs, signal }: Poll): Promise<PollResult> {
    const deadline = performance.now() + timeoutMs
    const byOid = groupByOid(descriptions)
    const findings = await readOids([...byOid.keys()], this.#habits, oids =>
      this.#ask(oids, deadline, signal),
    )
    const { silence } = findings
    if (silence !== undefined && silence !== 'stopped' && !findings.heard) {
      this.#address.doubt()
      this.#habits = newHabits()
      throw new HostUnreachable(this.#unreachable(silence, timeoutMs))
    }
    return this.#result(byOid, findings, timeoutMs)
  }

  close(): void {
    this.#isClosed = true
    for (const abort of this.#aborts) abort()
    this.#session?.opened.then(session => session.close()).catch(() => {})
    this.#session = undefined
  }

  /** One GET, sent a second time at half of the time left. The first answer to either counts; silence is both's. */
  #ask(oids: readonly string[], deadline: number, signal: AbortSignal): Promise<Answer> {
    if (this.#isClosed || signal.aborted) return Promise.resolve({ kind: 'silence', cause: 'stopped' })
    const leftMs = deadline - performance.now()
    if (leftMs < 1) return Promise.resolve({ kind: 'silence', cause: 'time-out' })
    return new Promise(resolve => {
      const causes: Silence[] = []
      const finish = (answer: Answer) => {
        clearTimeout(again)
        signal.removeEventListener('abort', abort)
        this.#aborts.delete(abort)
        resolve(answer)
      }
      const abort = () => finish({ kind: 'silence', cause: 'stopped' })
      const settle = (answer: Answer) => {
        if (answer.kind !== 'silence') return finish(answer)
        // A socket error says more than that the time was over.
        if (causes.push(answer.cause) === 2) {
          finish({ kind: 'silence', cause: causes.find(cause => cause !== 'time-out') ?? 'time-out' })
        }
      }
      const again = setTimeout(() => this.#get(oids, deadline).then(settle), leftMs / 2)
      signal.addEventListener('abort', abort)
      this.#aborts.add(abort)
      this.#get(oids, deadline).then(settle)
    })
  }

  async #get(oids: readonly string[], deadline: number): Promise<Answer> {
    try {
      const session = await this.#connect(deadline)
      const leftMs = deadline - performance.now()
      // net-snmp takes a time-out of 0 for its default of 5 s.
      if (leftMs < 1) return { kind: 'silence', cause: 'time-out' }
      return await session.get(oids, leftMs)
    } catch (error) {
      return { kind: 'silence', cause: codeOf(error) }
    }
  }

  /** The session with the agent's present address; a new one after a socket error or a move. */
  async #connect(deadline: number): Promise<AgentSession> {
    const { address, family } = await this.#address.resolve(Math.max(1, deadline - performance.now()))
    const current = this.#session
    if (current?.address === address) {
      const session = await current.opened.catch(() => undefined)
      if (session && !session.isBroken()) return session
    }
    if (this.#isClosed) throw new Error('the host was closed')
    // The other copy of the request may have replaced it in the meantime.
    if (this.#session !== undefined && this.#session !== current) return this.#session.opened
    const { port, access } = this.#agent
    if (access.version === 3) throw new Error('SNMP v3')
    const opened = openSession({ address, family, port }, access.community, this.#now)
    this.#session = { address, opened }
    current?.opened.then(session => session.close()).catch(() => {})
    return opened
  }

  #result(
    byOid: ReadonlyMap<string, readonly Description[]>,
    findings: Findings,
    timeoutMs: number,
  ): PollResult {
    const samples: Sample[] = []
    const missing: { description: Description; reason: string }[] = []
    const unanswered: Finding = { reason: this.#unanswered(findings.silence, timeoutMs) }
    for (const [oid, descriptions] of byOid) {
      const finding = findings.byOid.get(oid) ?? unanswered
      if ('reason' in finding) {
        for (const description of descriptions) missing.push({ description, reason: finding.reason })
        continue
      }
      const { value, text } = toReading(finding.varbind)
      const timestamp = Math.round(finding.sentAt * 1000)
      for (const description of descriptions) {
        samples.push({
          timestamp,
          series: this.#series(description),
          value: value * description.scaleFactor,
          ...(text === undefined ? {} : { labels: { value_str: text } }),
        })
      }
    }
    return { samples, missing }
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

  /** Why nothing at all came back, in words. */
  #unreachable(silence: Silence, timeoutMs: number): string {
    const { host, port } = this.#agent
    switch (silence) {
      case 'time-out':
        return `no answer in ${inSeconds(timeoutMs)} (dead, filtered, or the community is wrong)`
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

  /** Why the rest of a poll is missing, in words. */
  #unanswered(silence: Silence | undefined, timeoutMs: number): string {
    if (silence === 'stopped') return 'the poll was stopped before the answer came'
    if (silence === 'time-out') return `no answer within the ${inSeconds(timeoutMs)} of the poll`
    return `the agent fell silent during the poll (${silence})`
  }
}

function groupByOid(descriptions: readonly Description[]): Map<string, Description[]> {
  const byOid = new Map<string, Description[]>()
  for (const description of descriptions) {
    // The sidecar opens one host for each protocol and address; another protocol here is its mistake.
    if (description.url.protocol !== 'snmp') throw new TypeError(`${description.name} is not read by SNMP`)
    const oid = String(description.url.oid)
    const group = byOid.get(oid)
    if (group) group.push(description)
    else byOid.set(oid, [description])
  }
  return byOid
}

function inSeconds(ms: number): string {
  return `${Math.round(ms) / 1000} s`
}

function codeOf(error: unknown): Silence {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
