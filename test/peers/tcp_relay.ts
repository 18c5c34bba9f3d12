import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Scope } from '../harness/scope.ts'

/** A relay before a real server: the network between two machines, which a test can break. Ends with the scope. */
export interface TcpRelay {
  readonly host: string
  readonly port: number
  /** Connections made up to now. */
  connections(): number
  /** From now on nothing passes in either direction, and nothing says so: the other machine lost its power. */
  goSilent(): void
  /** Requests that went nowhere. */
  swallowed(): number
  /** Undoes {@link goSilent} for connections made from now on; those of before stay dead. */
  recover(): void
  /** Resets all connections. */
  cut(): void
  /**
   * Lets the next request that holds the text go through, and cuts the connection when the server answers it.
   * @returns when that has happened
   */
  cutBeforeAnswerTo(text: string): Promise<void>
  /**
   * Breaks the connection on which so many more bytes have gone one way: a reset, or silence in both directions with
   * both ends open. Those made afterwards work. Another call replaces it.
   */
  breakAfter(bytes: number, way: 'requests' | 'answers', manner: 'reset' | 'silence'): void
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
  isSilent: boolean
}

/**
 * A server asks whether a silent client lives, and ends its session with all that it has locked; of a request that broke
 * off between its last two messages that is the batch. The loopback interface answers for the dead: the relay ends it.
 */
const keepAliveMs = 5_000

/** @param port to listen on; a free one unless told */
export async function startTcpRelay(
  scope: Scope,
  target: { readonly host: string; readonly port: number },
  port = 0,
): Promise<TcpRelay> {
  const pairs = new Set<Pair>()
  let connections = 0
  let swallowed = 0
  let isSilent = false
  let break_: { left: number; readonly way: string; readonly manner: string } | undefined
  let trap: { readonly text: string; readonly sprung: () => void } | undefined

  const end = (pair: Pair) => {
    pairs.delete(pair)
    pair.client.destroy()
    pair.server.destroy()
  }
  /** @returns what still passes of it */
  const passing = (pair: Pair, way: string, piece: Buffer): Buffer => {
    if (break_?.way !== way) return piece
    const passed = piece.subarray(0, break_.left)
    break_.left -= passed.length
    if (break_.left > 0) return passed
    if (break_.manner === 'silence') pair.isSilent = true
    // What passed is on its way first.
    else setImmediate(end, pair)
    break_ = undefined
    return passed
  }
  const relay = createServer(client => {
    connections += 1
    const pair: Pair = { client, server: connect(target.port, target.host), isSilent }
    pairs.add(pair)
    let armed: typeof trap
    client.on('data', request => {
      if (pair.isSilent) {
        swallowed += 1
        return
      }
      if (trap !== undefined && request.includes(trap.text)) {
        armed = trap
        trap = undefined
      }
      pair.server.write(passing(pair, 'requests', request))
    })
    pair.server.on('data', answer => {
      if (pair.isSilent) return
      // PostgreSQL's answer to a statement ends with CommandComplete ("C") and ReadyForQuery ("Z").
      if (armed !== undefined && answer.includes('SELECT 1\0')) {
        end(pair)
        armed.sprung()
      } else client.write(passing(pair, 'answers', answer))
    })
    for (const socket of [client, pair.server]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        if (!pair.isSilent) end(pair)
        else if (socket === client) setTimeout(end, keepAliveMs, pair).unref()
      })
    }
  }).listen(port, '127.0.0.1')
  await once(relay, 'listening')
  scope.teardown(async () => {
    relay.close()
    for (const pair of pairs) end(pair)
    await once(relay, 'close')
  })
  return {
    host: '127.0.0.1',
    port: (relay.address() as AddressInfo).port,
    connections: () => connections,
    swallowed: () => swallowed,
    goSilent() {
      isSilent = true
      for (const pair of pairs) pair.isSilent = true
    },
    recover() {
      isSilent = false
    },
    cut() {
      for (const pair of pairs) end(pair)
    },
    cutBeforeAnswerTo: text =>
      new Promise(sprung => {
        trap = { text, sprung }
      }),
    breakAfter(bytes, way, manner) {
      break_ = { left: bytes, way, manner }
    },
  }
}
