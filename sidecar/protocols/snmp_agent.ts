import { addressesOf, type HostAddresses, type Lookup } from '../host_addresses.ts'
import type { SnmpUrl } from '../snmp_url.ts'
import { exchange, newRoundTrip } from './snmp_exchange.ts'
import type { Answer, Request } from './snmp_pdu.ts'
import { type AgentSession, openSession } from './snmp_session.ts'

/** One SNMP agent. What grants access is secret: it appears in no message. */
export type SnmpAgent = Pick<SnmpUrl, 'host' | 'port' | 'access'>

/** The way to one agent: its address, a session that is renewed when its socket breaks, and its usual delay. */
export class AgentLink {
  readonly #agent: SnmpAgent
  readonly #now: () => number
  readonly #addresses: HostAddresses
  /** Ends the requests on their way; a set, because a caller may poll again before the last poll ended. */
  readonly #aborts = new Set<() => void>()
  #isClosed = false
  #roundTrip = newRoundTrip()
  #session: { readonly address: string; readonly opened: Promise<AgentSession> } | undefined

  /** @param now Unix milliseconds, for the moment at which a request left */
  constructor(agent: SnmpAgent, now: () => number, lookup: Lookup) {
    this.#agent = agent
    this.#now = now
    this.#addresses = addressesOf(agent.host, lookup)
  }

  /** @param deadline of performance.now(); the promise always resolves, by then at the latest */
  async ask(request: Request, deadline: number): Promise<Answer> {
    if (this.#isClosed) return { kind: 'silence', cause: 'stopped' }
    if (deadline - performance.now() < 1) return { kind: 'silence', cause: 'time-out' }
    return exchange({
      request,
      connect: () => this.#connect(deadline),
      deadline,
      roundTrip: this.#roundTrip,
      aborts: this.#aborts,
    })
  }

  /** Whether the agent in its present session taught its engine (v3), yet never answered. */
  async isMute(): Promise<boolean> {
    const session = await this.#session?.opened.catch(() => undefined)
    return session?.heard() === 'lesson'
  }

  /** The host did not answer: it may have moved, or be another one that is back later. */
  doubt(): void {
    this.#addresses.doubt()
    this.#roundTrip = newRoundTrip()
  }

  /** Ends the requests on their way as stopped. */
  abort(): void {
    for (const abort of this.#aborts) abort()
  }

  close(): void {
    this.#isClosed = true
    this.abort()
    this.#session?.opened.then(session => session.close()).catch(() => {})
    this.#session = undefined
  }

  /** The session with the agent's present address; a new one after a socket error or a move. */
  async #connect(deadline: number): Promise<AgentSession> {
    // Name servers that do not answer are named as the cause, so they are given up before the deadline.
    const patienceMs = Math.max(1, 0.9 * (deadline - performance.now()))
    const [{ address, family }] = await this.#addresses.resolve(patienceMs)
    const current = this.#session
    if (current?.address === address) {
      const session = await current.opened.catch(() => undefined)
      if (session && !session.isBroken()) return session
    }
    if (this.#isClosed) throw new Error('the host was closed')
    // The other copy of the request may have replaced it in the meantime.
    if (this.#session !== undefined && this.#session !== current) return this.#session.opened
    const { port, access } = this.#agent
    const opened = openSession({ address, family, port }, access, this.#now)
    this.#session = { address, opened }
    current?.opened.then(session => session.close()).catch(() => {})
    return opened
  }
}
