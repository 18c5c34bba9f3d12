import { EventEmitter } from 'node:events'
import { createSession, type Session, Version1, Version2c } from 'net-snmp'

/** A varbind as net-snmp reads it. */
export interface OracleVarbind {
  readonly oid: string
  readonly type: number
  readonly value: unknown
}

/** What the npm package net-snmp writes and reads, without a network: an independent judge of our own codec. */
export interface Oracle {
  /** Calls one of the session's requests and returns the datagram that it sends. */
  request(call: (session: Session, done: (error: Error | null, varbinds?: unknown) => void) => void): Buffer
  /** What the last request's callback is given for this answer; undefined where net-snmp refuses it. */
  read(answer: Buffer): readonly OracleVarbind[] | undefined
}

/** @param version 1, or 2 for v2c */
export function snmpOracle(version: 1 | 2, community: string): Oracle {
  const socket = new DeafSocket()
  const session = createSession('127.0.0.1', community, {
    version: version === 1 ? Version1 : Version2c,
    retries: 0,
    timeout: 1,
    dgramModule: { createSocket: () => socket },
  })
  session.on('error', () => {})
  let result: readonly OracleVarbind[] | undefined
  return {
    request(call) {
      result = undefined
      call(session, (error, varbinds) => {
        result = error ? undefined : ((varbinds as OracleVarbind[] | undefined) ?? []).flat()
      })
      return socket.sent
    },
    read(answer) {
      socket.emit('message', answer)
      return result
    },
  }
}

/** Keeps what it is given to send. */
class DeafSocket extends EventEmitter {
  sent = Buffer.of()

  send(
    bytes: Buffer,
    start: number,
    length: number,
    _port: number,
    _host: string,
    done: (error: null) => void,
  ) {
    this.sent = Buffer.from(bytes.subarray(start, start + length))
    done(null)
  }

  ref() {}
  unref() {}
  close() {}
}
