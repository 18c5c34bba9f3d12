import type { Description } from '../descriptions.ts'
import type { Sample } from '../sample.ts'

/** One poll of one host: the descriptions that are due at the same moment. */
export interface Poll {
  readonly descriptions: readonly Description[]
  /** For the whole poll, retries included. */
  readonly timeoutMs: number
  /**
   * Aborted when nothing of the host is wanted any more, or the program stops: the poll ends with what it has, at
   * once, or where a session has to be closed (IPMI) within 1.5 s, which is less than the end of a host is waited for.
   */
  readonly signal: AbortSignal
}

/** What one poll of one host brought. */
export interface PollResult {
  readonly samples: readonly Sample[]
  /** Descriptions that got no value although the host answered, with the reason in words. */
  readonly missing: readonly { readonly description: Description; readonly reason: string }[]
  /** What was wrong with the answer and cost nothing else (bad lines, a page that broke off), a sentence each. */
  readonly warnings?: readonly string[]
}

/**
 * A connection to one host, made when its first description appears and closed with its last.
 * It knows its protocol and nothing of the schedule, the spool or the database.
 */
export interface Host {
  /**
   * @returns samples stamped with the moment their request was sent
   * @throws {HostUnreachable} when nothing at all came back; the message is one sentence without secrets
   */
  poll(poll: Poll): Promise<PollResult>
  close(): void
}

/** The host gave no usable answer. The message says why ("no answer in 2 s", "HTTP 503"). */
export class HostUnreachable extends Error {
  override name = 'HostUnreachable'
}

/** The host is there and still sends: no value yet, but no reason to ask it less often. */
export class HostBusy extends HostUnreachable {
  override name = 'HostBusy'
}
