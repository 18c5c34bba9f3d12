import { createSocket, type Socket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import type { HostAddress } from './snmp_address.ts'

/** Where an agent listens. */
export interface AgentAddress extends HostAddress {
  readonly port: number
}

/**
 * The UDP socket that net-snmp is given in place of node:dgram's (its option `dgramModule`).
 *
 * net-snmp looks at the request id of a reply and not at its sender, throws on some replies out of its message
 * handler and takes those of another SNMP version for its own. This socket is connected, so that the kernel
 * drops what another address or port sends, lets only messages of the session's version through and says which
 * request an unreadable one answers. One descriptor an agent is the price; a socket shared by all agents would
 * have to compare the senders in JavaScript, and replies of all agents could be forged to its one port.
 */
export class AgentSocket extends EventEmitter<{ message: [Buffer]; close: [] }> {
  /** Request id of the datagram sent last; undefined before the first. */
  lastSent: number | undefined
  readonly #socket: Socket
  readonly #version: number
  readonly #onUnreadable: (requestId: number) => void
  #closed = false

  constructor(socket: Socket, handlers: AgentSocketHandlers) {
    super()
    this.#socket = socket
    this.#version = handlers.version
    this.#onUnreadable = handlers.onUnreadable
    socket.on('message', datagram => this.#receive(datagram))
    // Never handed to net-snmp: its onError emits an event named after the error, which nobody hears.
    socket.on('error', handlers.onError)
    socket.on('close', () => this.emit('close'))
  }

  #receive(datagram: Buffer): void {
    const header = readHeader(datagram)
    if (header?.version !== this.#version) return
    try {
      this.emit('message', datagram)
    } catch {
      this.#onUnreadable(header.requestId)
    }
  }

  /** The signature that net-snmp calls; port and address are the connected ones. */
  send(
    datagram: Buffer,
    offset: number,
    length: number,
    _port: number,
    _address: string,
    sent: (error: Error | null) => void,
  ): void {
    this.lastSent = readHeader(datagram)?.requestId
    // After close() net-snmp would still start a timer for a datagram on its way and keep the process alive.
    this.#socket.send(datagram, offset, length, error => this.#closed || sent(error))
  }

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
  }
}

/** What an {@link AgentSocket} asks and tells its session. */
export interface AgentSocketHandlers {
  /** As in the message: 0 is v1, 1 is v2c. */
  readonly version: number
  /** A message with this request id, awaited or not, made net-snmp throw. */
  readonly onUnreadable: (requestId: number) => void
  /** The socket's own failures; ECONNREFUSED is the agent's ICMP "port unreachable". */
  readonly onError: (error: NodeJS.ErrnoException) => void
}

/**
 * @returns a UDP socket connected to the agent, on a port that the kernel chose
 * @throws {NodeJS.ErrnoException} EMFILE, ENETUNREACH and the like
 */
export function connectTo(agent: AgentAddress): Promise<Socket> {
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

/** Version and request id of an SNMP v1 or v2c message. */
export interface MessageHeader {
  readonly version: number
  readonly requestId: number
}

/**
 * Reads the first fields of a community-based message (RFC 1901, RFC 3416):
 * SEQUENCE { INTEGER version, OCTET STRING community, [context] PDU { INTEGER request-id, …
 *
 * @returns undefined where the bytes are no such message; what follows the request id is not looked at
 */
export function readHeader(datagram: Buffer): MessageHeader | undefined {
  const message = readElement(datagram, 0)
  if (message?.tag !== 0x30) return undefined
  const version = readElement(datagram, message.start)
  if (version?.tag !== 0x02) return undefined
  const community = readElement(datagram, version.end)
  if (community?.tag !== 0x04) return undefined
  const pdu = readElement(datagram, community.end)
  if (pdu === undefined || (pdu.tag & 0xe0) !== 0xa0) return undefined
  const requestId = readElement(datagram, pdu.start)
  if (requestId?.tag !== 0x02) return undefined
  const versionNumber = readInteger(datagram, version)
  const requestNumber = readInteger(datagram, requestId)
  if (versionNumber === undefined || requestNumber === undefined) return undefined
  return { version: versionNumber, requestId: requestNumber }
}

interface Element {
  readonly tag: number
  readonly start: number
  readonly end: number
}

/** One BER tag and definite length (X.690 8.1.3). Content that ends after the datagram is for the decoder to refuse. */
function readElement(bytes: Buffer, at: number): Element | undefined {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined) return undefined
  if (first < 0x80) return { tag, start: at + 2, end: at + 2 + first }
  // A datagram is shorter than 2^16, but agents pad lengths: 0x84 00 00 00 2a is legal.
  const size = first & 0x7f
  const start = at + 2 + size
  if (size < 1 || size > 4 || start > bytes.length) return undefined
  return { tag, start, end: start + bytes.readUIntBE(at + 2, size) }
}

function readInteger(bytes: Buffer, element: Element): number | undefined {
  const size = element.end - element.start
  if (size < 1 || size > 5 || element.end > bytes.length) return undefined
  return bytes.readIntBE(element.start, size)
}
