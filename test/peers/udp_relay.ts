import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Scope } from '../harness/scope.ts'

/** What a relay does to what passes: it sends, changes, multiplies or swallows datagrams. */
export interface RelayRules {
  /** Sees each request; the default hands it to the agent as it is. */
  readonly onRequest?: (request: Buffer, to: RelayEnds) => void
  /** Sees each answer of the real agent; the default hands it to the client as it is. */
  readonly onAnswer?: (answer: Buffer, to: RelayEnds) => void
}

/** Where a rule can send datagrams, also later; what it sends after the relay's end is dropped. */
export interface RelayEnds {
  agent(datagram: Buffer): void
  /** From the address that the client asked. */
  client(datagram: Buffer): void
  /** To the client, but from another port of the same address. */
  clientFromElsewhere(datagram: Buffer): void
}

/** A relay before a real agent; it answers on `port` of 127.0.0.1. */
export interface Relay {
  readonly port: number
  /** Requests seen, the first first. */
  readonly requests: readonly Buffer[]
}

/** Stands between a client and a real agent as a bad network or a hostile host would. Ends with the scope. */
export async function startRelay(
  scope: Scope,
  agent: { readonly host: string; readonly port: number },
  rules: RelayRules = {},
): Promise<Relay> {
  const front = await boundSocket(scope)
  const back = await boundSocket(scope)
  const elsewhere = await boundSocket(scope)
  const requests: Buffer[] = []
  let client: RemoteInfo | undefined
  let hasEnded = false
  scope.teardown(() => {
    hasEnded = true
  })
  const toClient = (socket: Socket) => (datagram: Buffer) => {
    if (client && !hasEnded) socket.send(datagram, client.port, client.address)
  }
  const ends: RelayEnds = {
    agent: datagram => hasEnded || back.send(datagram, agent.port, agent.host),
    client: toClient(front),
    clientFromElsewhere: toClient(elsewhere),
  }
  front.on('message', (request, from) => {
    client = from
    requests.push(request)
    if (rules.onRequest) rules.onRequest(request, ends)
    else ends.agent(request)
  })
  back.on('message', answer => {
    if (rules.onAnswer) rules.onAnswer(answer, ends)
    else ends.client(answer)
  })
  return { port: front.address().port, requests }
}

async function boundSocket(scope: Scope): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  scope.teardown(() => {
    socket.close()
  })
  return socket
}
