import { connect as connectSocket, type Socket } from 'node:net'
import postgres from 'postgres'
import { addressesOf, type HostAddresses, lookupFor } from './host_addresses.ts'

/** How to reach the database. */
export interface DatabaseAddress {
  /** Name, address or folder of the socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | undefined
}

/** What a program can tell a notice by. */
export interface Notice {
  /** SQLSTATE. */
  readonly code?: string | undefined
  readonly detail?: string | undefined
}

export interface ConnectionOptions {
  /** As pg_stat_activity shows it. */
  readonly name: string
  /** A notice of the server: its message and hint, and the rest of it. */
  readonly onNotice: (message: string, notice: Notice) => void
  /** A notification of any channel that was listened to on this connection. */
  readonly onNotification?: () => void
  readonly onLost?: () => void
  /**
   * What becomes of a statement on the server whose client gave it up: it is finished where absent, as is right for work
   * that takes its time and is found done at the next try. A question that is asked again is ended, or a slow one would be
   * computed many times at once.
   */
  readonly givenUp?: 'ended' | 'finished'
}

/** The database did not answer in time, or the connection was ended from this side. */
class ConnectionEnded extends Error {
  override name = 'ConnectionEnded'
}

const connectMs = 5_000
/** Name servers that do not answer are named as the cause, so they are given up before the connection. */
const lookupMs = 4_500
const hungUp = 'the server closed the connection'

/** What postgres.js would look up in the catalog; numbers as in pg_type. */
const arrayTypes = {
  text: { to: 1009, from: [1009], serialize: textArray, parse: (literal: string) => literal },
  bigint: {
    to: 1016,
    from: [1016],
    serialize: String,
    parse: (literal: string) => literal.slice(1, -1).split(',').filter(Boolean),
  },
}

/** An array literal: `{"a","say \\"b\\"",NULL}`. */
function textArray(texts: readonly (string | null)[]): string {
  return `{${texts.map(text => (text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`)).join(',')}}`
}

/**
 * The server ends a session whose client has vanished after two minutes. Its own default is two hours, in which a network
 * that swallows connections would have left one for each try, up to max_connections. Without effect on a local socket.
 */
const serverKeepAlive = { tcp_keepalives_idle: 60, tcp_keepalives_interval: 10, tcp_keepalives_count: 6 }

/** How soon the server notices that a client hung up, by what becomes of its statement; its own default is: with the answer. */
const clientCheck = {
  ended: { client_connection_check_interval: 2_000 },
  finished: { client_connection_check_interval: 0 },
}

/** Of the database's host, by name: what one connection learnt is good for the others, and for those that replace it. */
const addressesByHost = new Map<string, HostAddresses>()

function addressesShared(host: string): HostAddresses {
  const addresses = addressesByHost.get(host) ?? addressesOf(host)
  addressesByHost.set(host, addresses)
  return addresses
}

/** Options of postgres.js that are not in its types. */
interface ForeignOptions {
  readonly socket: () => Promise<Socket>
  readonly onnotify: () => void
}

/**
 * One connection to the database, which is never replaced behind the back of who holds it: what was learnt
 * through it (that it listens, what number a series has) is true until it is lost. postgres.js is given its
 * socket, because left alone it reconnects by itself, as fast as it can where a proxy accepts and closes, and
 * lets a socket whose server has vanished live on for as long as the kernel sends again (a quarter of an hour).
 */
export class Connection {
  readonly sql: postgres.Sql
  readonly #address: DatabaseAddress
  readonly #onLost: () => void
  #socket: Socket | undefined
  /** Why there is no connection any more. */
  #ended: Error | undefined

  /** Nothing is sent before the first statement. */
  constructor(address: DatabaseAddress, options: ConnectionOptions) {
    const { name, onNotice, onNotification, onLost, givenUp = 'finished' } = options
    this.#address = address
    this.#onLost = onLost ?? (() => {})
    const settings: postgres.Options<typeof arrayTypes> & ForeignOptions = {
      host: 'the socket below', // or postgres.js would ask the environment
      database: address.database,
      username: address.user,
      ...(address.password === undefined ? {} : { password: address.password }),
      max: 1,
      max_lifetime: null,
      idle_timeout: 0,
      connect_timeout: connectMs / 1000, // here for the log-in, which follows the socket's connection
      keep_alive: 10,
      onnotice: (notice: postgres.Notice) =>
        onNotice([notice.message, notice.hint].filter(Boolean).join(' '), notice),
      onnotify: () => onNotification?.(),
      // Asked at each connection, by a statement whose failure nobody handles: the process would end.
      fetch_types: false,
      types: arrayTypes,
      connection: {
        application_name: name,
        statement_timeout: 0,
        ...serverKeepAlive,
        ...clientCheck[givenUp],
      },
      socket: () => this.#openSocket(),
    }
    this.sql = postgres(settings)
  }

  /** No statement will be answered any more. */
  get isLost(): boolean {
    return this.#ended !== undefined
  }

  /**
   * @returns what the statement returns
   * @throws {ConnectionEnded} after `patienceMs` without an answer; the connection is lost then, because
   *   nobody knows whether the statement was carried out
   */
  async answerWithin<T>(patienceMs: number, statement: PromiseLike<T>): Promise<T> {
    if (this.#ended !== undefined) throw this.#ended
    const timer = setTimeout(
      () => this.#lose(new ConnectionEnded(`no answer in ${patienceMs / 1000} s`)),
      patienceMs,
    )
    try {
      return await statement
    } catch (error) {
      // What the database said says more than that it hung up then.
      throw error instanceof postgres.PostgresError ? error : (this.#ended ?? error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends it at once, in whatever state it is; a statement under way fails. */
  async end(): Promise<void> {
    this.#ended ??= new ConnectionEnded('the connection was ended')
    await this.sql.end({ timeout: 0 })
    this.#socket?.destroy()
  }

  #lose(reason: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    this.#socket?.destroy()
    // Fails the statement that is under way, and one that postgres.js may have queued for a reconnection.
    void this.sql.end({ timeout: 0 })
    this.#onLost()
  }

  /** Called by postgres.js for the first statement, and again where it wants to reconnect. */
  async #openSocket(): Promise<Socket> {
    if (this.#socket !== undefined) this.#lose(new ConnectionEnded(hungUp))
    if (this.#ended !== undefined) throw this.#ended
    const socket = connectTo(this.#address)
    this.#socket = socket
    socket.once('close', () => this.#lose(new ConnectionEnded(hungUp)))
    const timer = setTimeout(
      () => this.#lose(new ConnectionEnded(`no connection in ${connectMs / 1000} s`)),
      connectMs,
    )
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve)
        // Stays: an error between here and the listener of postgres.js would end the process.
        socket.on('error', error => {
          this.#lose(error)
          reject(error)
        })
      })
    } finally {
      clearTimeout(timer)
    }
    return socket
  }
}

function connectTo({ host, port }: DatabaseAddress): Socket {
  if (host.startsWith('/')) return connectSocket({ path: `${host}/.s.PGSQL.${port}` })
  const addresses = addressesShared(host)
  const socket = connectSocket({ host, port, lookup: lookupFor(addresses, lookupMs) })
  // The database may have moved.
  return socket.once('close', () => addresses.doubt())
}

/** Why a statement failed, for a sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) {
    // One for each address of a name, and no message of its own.
    return [...new Set(error.errors.map(reasonOf))].join(', ')
  }
  const { code, message } = error as { code?: string; message?: string }
  switch (code) {
    case 'CONNECT_TIMEOUT':
      return `the server did not answer the log-in in ${connectMs / 1000} s`
    case 'CONNECTION_CLOSED':
      return hungUp
    default:
      return message || code || String(error)
  }
}
