import {
  createSession,
  RequestFailedError,
  ResponseInvalidError,
  type Session,
  type Varbind,
  Version2c,
} from 'net-snmp'
import { type AgentAddress, AgentSocket, connectTo } from './snmp_socket.ts'

/** What became of one GET. */
export type Answer =
  /** `sentAt`: Unix milliseconds at which the request left. One varbind per OID, in the order asked. */
  | { readonly kind: 'varbinds'; readonly sentAt: number; readonly varbinds: readonly Varbind[] }
  /** The agent answered with an error for the request as a whole (error-status of RFC 3416). */
  | { readonly kind: 'refused'; readonly status: number }
  /** An answer came that is no SNMP, or the request cannot be written. */
  | { readonly kind: 'unreadable' }
  /** Nothing came. */
  | { readonly kind: 'silence'; readonly cause: Silence }

/** Why nothing came: the time was over, the poll or session was ended, or the code of a socket error. */
export type Silence = 'time-out' | 'stopped' | (string & {})

/** A net-snmp session with one agent, over a socket of its own. */
export interface AgentSession {
  /** One GET, sent once; the promise always resolves, also when the session is closed meanwhile. */
  get(oids: readonly string[], timeoutMs: number): Promise<Answer>
  /** Whether the socket failed, so that a new session is needed. */
  isBroken(): boolean
  close(): void
}

/**
 * Opens a session for SNMP v2c.
 *
 * @param now Unix milliseconds, for `sentAt`
 * @throws {NodeJS.ErrnoException} where no socket can be had
 */
export async function openSession(
  agent: AgentAddress,
  community: string,
  now: () => number,
): Promise<AgentSession> {
  const waiting = new Map<number, (answer: Answer) => void>()
  let broken = false

  const settleAll = (cause: Silence) => {
    for (const settle of waiting.values()) settle({ kind: 'silence', cause })
  }
  const socket = new AgentSocket(await connectTo(agent), {
    version: Version2c,
    onUnreadable: requestId => waiting.get(requestId)?.({ kind: 'unreadable' }),
    onError: error => {
      // A refused datagram says that nobody listens now; the socket itself is as good as before.
      broken ||= error.code !== 'ECONNREFUSED'
      settleAll(error.code ?? error.message)
    },
  })
  const session = createSession(agent.address, community, {
    version: Version2c,
    port: agent.port,
    // A request that is sent again gets a new id, so that the answer tells which of the two it belongs to.
    retries: 0,
    dgramModule: { createSocket: () => socket },
  })
  // net-snmp reports what it cannot decode here, without the request; AgentSocket catches it and knows the id.
  session.on('error', error => {
    throw error
  })

  return {
    get: (oids, timeoutMs) =>
      new Promise(resolve => {
        const sentAt = now()
        let requestId: number | undefined
        const settle = (answer: Answer) => {
          if (requestId !== undefined) waiting.delete(requestId)
          resolve(answer)
        }
        requestId = send(session, socket, oids, timeoutMs, (error, varbinds = []) => {
          settle(error ? answerOf(error) : { kind: 'varbinds', sentAt, varbinds })
        })
        if (requestId !== undefined) waiting.set(requestId, settle)
      }),
    isBroken: () => broken,
    close: () => {
      broken = true
      settleAll('stopped')
      socket.close()
    },
  }
}

/** @returns the id of the request, undefined where nothing was sent (the callback has been called then) */
function send(
  session: Session,
  socket: AgentSocket,
  oids: readonly string[],
  timeoutMs: number,
  callback: (error: Error | null, varbinds?: Varbind[]) => void,
): number | undefined {
  socket.lastSent = undefined
  // There is no time-out per request: net-snmp reads the session's when it makes a request.
  Object.assign(session, { timeout: timeoutMs })
  session.get([...oids], callback)
  return socket.lastSent
}

/** net-snmp's messages are not used: they can contain the community. */
function answerOf(error: Error & { code?: unknown }): Answer {
  if (error.name === 'RequestTimedOutError') return { kind: 'silence', cause: 'time-out' }
  if (error instanceof RequestFailedError) return { kind: 'refused', status: error.status }
  if (!(error instanceof ResponseInvalidError) && typeof error.code === 'string') {
    return { kind: 'silence', cause: error.code }
  }
  return { kind: 'unreadable' }
}
