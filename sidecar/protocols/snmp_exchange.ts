import { type Answer, isDenial, type Request, type Silence } from './snmp_pdu.ts'
import { type AgentSession, codeOf } from './snmp_session.ts'

/**
 * How long an agent takes, learned from its answers as TCP does (RFC 6298): the mean and the mean deviation
 * decide when a request is taken for lost. Each copy of a request has an id of its own, so that every answer
 * tells its time, also one to a repeated request (no need of Karn's rule).
 */
export interface RoundTrip {
  /** Milliseconds; undefined before the first answer. */
  mean: number | undefined
  deviation: number
}

export function newRoundTrip(): RoundTrip {
  return { mean: undefined, deviation: 0 }
}

/** An answer may be this much later than usual before its request is repeated: agents have other work, too. */
const SHORTEST_WAIT_MS = 200
const FIRST_WAIT_MS = 1000

/**
 * Milliseconds after which a request is sent again. A part of what is left at most, so that a few copies fit
 * into every poll: an agent never heard of gets a quarter, one known to be slow half.
 */
export function retryAfter({ mean, deviation }: RoundTrip, leftMs: number): number {
  if (mean === undefined) return Math.min(FIRST_WAIT_MS, leftMs / 4)
  const expected = Math.max(mean + 4 * deviation, Math.min(SHORTEST_WAIT_MS, leftMs / 4))
  return Math.min(expected, leftMs / 2)
}

/** RFC 6298, 2.2 and 2.3. */
export function learn(roundTrip: RoundTrip, tookMs: number): void {
  const { mean, deviation } = roundTrip
  roundTrip.deviation =
    mean === undefined ? tookMs / 2 : (3 / 4) * deviation + (1 / 4) * Math.abs(mean - tookMs)
  roundTrip.mean = mean === undefined ? tookMs : (7 / 8) * mean + (1 / 8) * tookMs
}

/** A host without an agent answers every copy with such an error; the second one ends the wait. */
const MOST_SOCKET_ERRORS = 2

/** One request, its time and how it can be ended early. */
export interface Exchange {
  readonly request: Request
  /** The agent's session; called for each copy, because the socket may break between them. */
  readonly connect: () => Promise<AgentSession>
  /** Of performance.now(). */
  readonly deadline: number
  readonly roundTrip: RoundTrip
  /** Holds how to end this exchange early, as long as it lasts. */
  readonly aborts: Set<() => void>
}

/** Sends a request and repeats it at doubling intervals, until any copy is answered or the time is over. */
export function exchange({ request, connect, deadline, roundTrip, aborts }: Exchange): Promise<Answer> {
  return new Promise(resolve => {
    const copies: (() => void)[] = []
    const errors: Silence[] = []
    let timer: NodeJS.Timeout | undefined
    const finish = (answer: Answer) => {
      clearTimeout(timer)
      aborts.delete(abort)
      for (const forget of copies) forget()
      resolve(answer)
    }
    const abort = () => finish({ kind: 'silence', cause: 'stopped' })
    const giveUp = () => finish({ kind: 'silence', cause: errors[0] ?? 'time-out' })
    const hear = (answer: Answer, tookMs: number) => {
      if (answer.kind !== 'silence') learn(roundTrip, tookMs)
      else if (!isDenial(answer.cause) && errors.push(answer.cause) < MOST_SOCKET_ERRORS) return
      finish(answer)
    }
    const sendCopy = (waitMs: number) => {
      const leftMs = deadline - performance.now()
      if (leftMs < 1) return giveUp()
      // A further copy is worth its datagram while it has about the time that an answer takes.
      const isLast = leftMs - waitMs < firstWaitMs / 2
      timer = setTimeout(isLast ? giveUp : () => sendCopy(2 * waitMs), isLast ? leftMs : waitMs)
      copies.push(send(connect, request, hear))
    }
    const firstWaitMs = retryAfter(roundTrip, deadline - performance.now())
    aborts.add(abort)
    sendCopy(firstWaitMs)
  })
}

/** @returns how to forget this copy */
function send(
  connect: () => Promise<AgentSession>,
  request: Request,
  hear: (answer: Answer, tookMs: number) => void,
): () => void {
  let isForgotten = false
  let takeBack = () => {}
  connect().then(
    session => {
      if (isForgotten) return
      const sentAt = performance.now()
      takeBack = session.send(request, answer => hear(answer, performance.now() - sentAt))
    },
    error => isForgotten || hear({ kind: 'silence', cause: codeOf(error) }, 0),
  )
  return () => {
    isForgotten = true
    takeBack()
  }
}
