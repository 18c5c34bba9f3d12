import { randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import type { HostAddress } from '../host_addresses.ts'
import type { SnmpAccess } from '../snmp_url.ts'
import { communityMessages } from './snmp_community.ts'
import type { Answer, Request, Silence } from './snmp_pdu.ts'
import { userMessages } from './snmp_user.ts'

/** Where an agent listens. */
export interface AgentAddress extends HostAddress {
  readonly port: number
}

/** Writes and reads the messages of one agent in one version of SNMP; nothing here throws, whatever is read. */
export interface Messages {
  /** @param id of 31 bits; the answer carries it */
  encode(request: Request, id: number): Buffer
  /** The id of a message that may be an answer; undefined for everything else, which is dropped. */
  idOf(datagram: Buffer): number | undefined
  /**
   * @param sentAt Unix milliseconds at which the request left
   * @returns 'ask again' where the message taught what a request needs (v3: the agent's engine and its time)
   */
  read(datagram: Buffer, request: Request, sentAt: number): Answer | 'ask again'
}

/** A socket to one agent and the requests on their way through it. */
export interface AgentSession {
  /**
   * Sends a request once.
   *
   * @param settle hears one answer, or a socket error, or nothing
   * @returns takes the request back: nothing is heard of it any more
   */
  send(request: Request, settle: (answer: Answer) => void): () => void
  /** The most that came from the agent: nothing, only what {@link Messages.read} learned from, or an answer. */
  heard(): 'nothing' | 'lesson' | 'answer'
  /** Whether the socket failed, so that a new session is needed. */
  isBroken(): boolean
  close(): void
}

/** The agent's engine, its time, and whatever comes once more; an agent that only ever teaches is unreadable. */
const MOST_LESSONS = 3

/**
 * Opens a session. Its socket is connected, so that the kernel drops what another address or port sends. One
 * descriptor an agent is the price; a socket shared by all agents would have to compare the senders in
 * JavaScript, and replies of all agents could be forged to its one port.
 *
 * @param now Unix milliseconds
 * @throws {NodeJS.ErrnoException} EMFILE, ENETUNREACH and the like
 */
export async function openSession(
  agent: AgentAddress,
  access: SnmpAccess,
  now: () => number,
): Promise<AgentSession> {
  const messages = access.version === 3 ? userMessages(access) : communityMessages(access)
  const socket = await connectTo(agent)
  const waiting = new Map<number, Waiting>()
  let heard: 'nothing' | 'lesson' | 'answer' = 'nothing'
  let state: 'open' | 'broken' | 'closed' = 'open'

  const send = (request: Waiting) => {
    if (state === 'closed') return
    request.id = freeId(waiting)
    request.sentAt = now()
    waiting.set(request.id, request)
    socket.send(messages.encode(request.request, request.id), error => {
      if (error && waiting.delete(request.id)) request.settle({ kind: 'silence', cause: codeOf(error) })
    })
  }
  socket.on('message', datagram => {
    const id = messages.idOf(datagram)
    const request = id === undefined ? undefined : waiting.get(id)
    if (request === undefined) return
    waiting.delete(request.id)
    const answer = messages.read(datagram, request.request, request.sentAt)
    if (answer !== 'ask again') heard = 'answer'
    else if (heard === 'nothing') heard = 'lesson'
    if (answer !== 'ask again') request.settle(answer)
    else if (++request.lessons <= MOST_LESSONS) send(request)
    else request.settle({ kind: 'unreadable' })
  })
  socket.on('error', error => {
    const cause = codeOf(error)
    // A refused datagram says that nobody listens now; the socket itself is as good as before.
    if (cause !== 'ECONNREFUSED' && state === 'open') state = 'broken'
    const all = [...waiting.values()]
    waiting.clear()
    for (const { settle } of all) settle({ kind: 'silence', cause })
  })

  return {
    send: (request, settle) => {
      const own: Waiting = { request, settle, id: 0, sentAt: 0, lessons: 0 }
      send(own)
      return () => waiting.delete(own.id)
    },
    heard: () => heard,
    isBroken: () => state !== 'open',
    close: () => {
      if (state === 'closed') return
      state = 'closed'
      waiting.clear()
      socket.close()
    },
  }
}

interface Waiting {
  readonly request: Request
  readonly settle: (answer: Answer) => void
  id: number
  sentAt: number
  lessons: number
}

/** Random, so that an answer can only be forged by who saw the request; of four bytes, so that sizes are even. */
function freeId(waiting: ReadonlyMap<number, Waiting>): number {
  let id = randomInt(2 ** 24, 2 ** 31)
  while (waiting.has(id)) id = randomInt(2 ** 24, 2 ** 31)
  return id
}

/** @returns a UDP socket connected to the agent, on a port that the kernel chose */
function connectTo(agent: AgentAddress): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(agent.family === 6 ? 'udp6' : 'udp4')
    const fail = (error: Error) => {
      socket.close()
      reject(error)
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.off('error', fail)
      resolve(socket)
    })
    socket.connect(agent.port, agent.address)
  })
}

/** What a socket or resolver error is called. */
export function codeOf(error: unknown): Silence {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
