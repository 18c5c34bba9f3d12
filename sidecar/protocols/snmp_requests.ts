import { ErrorStatus, isVarbindError, type Varbind } from 'net-snmp'
import type { Answer, Silence } from './snmp_session.ts'

/** More varbinds than this do not fit into one unfragmented datagram for usual OIDs and values. */
const MOST_VARBINDS = 50

/** What an agent has taught about itself; kept from poll to poll, forgotten when it stops answering. */
export interface Habits {
  /** The largest number of varbinds that it did not call too big. */
  largestRequest: number
  /** OIDs that spoil a request for the others, asked alone from then on. */
  readonly spoilers: Set<string>
}

/** What is assumed of an agent that nothing is known of. */
export function newHabits(): Habits {
  return { largestRequest: MOST_VARBINDS, spoilers: new Set() }
}

/** A value with the moment (Unix milliseconds) its request was sent, or the reason why there is none. */
export type Finding = { readonly sentAt: number; readonly varbind: Varbind } | { readonly reason: string }

/** What the requests of one poll brought. */
export interface Findings {
  readonly byOid: ReadonlyMap<string, Finding>
  /** Set where the agent fell silent; the OIDs that are not in `byOid` were not answered. */
  readonly silence?: Silence
  /** Whether anything came back at all. */
  readonly heard: boolean
}

/**
 * Reads distinct OIDs of one agent in as few GETs as it permits.
 *
 * One request after another: the agents of BMCs and PDUs answer from one slow thread and drop what arrives
 * meanwhile, and 1,008 values of a switch are 21 round trips, well within its period. Hosts are polled side by
 * side, so nothing waits for a slow one. A request that cannot be answered as a whole is asked again in
 * halves down to the OID that spoils it, which costs the others nothing and is remembered in `habits`.
 *
 * @param ask sends one GET with its retry; silence ends the poll, because the time is over then
 */
export async function readOids(
  oids: readonly string[],
  habits: Habits,
  ask: (oids: readonly string[]) => Promise<Answer>,
): Promise<Findings> {
  const byOid = new Map<string, Finding>()
  let heard = false
  let requests = plan(oids, habits)
  for (let request = requests.shift(); request; request = requests.shift()) {
    const answer = await ask(request)
    if (answer.kind === 'silence') return { byOid, silence: answer.cause, heard }
    heard = true
    if (answer.kind === 'varbinds') {
      take(request, answer, byOid)
    } else if (answer.kind === 'refused' && answer.status === ErrorStatus.AuthorizationError) {
      for (const oid of request)
        byOid.set(oid, { reason: `the agent does not let this community read ${oid}` })
    } else if (request.length > 1) {
      const half = Math.ceil(request.length / 2)
      if (isTooBig(answer)) {
        habits.largestRequest = half
        requests = plan([...request, ...requests.flat()], habits)
      } else {
        requests.unshift(request.slice(0, half), request.slice(half))
      }
    } else {
      for (const oid of request) {
        habits.spoilers.add(oid)
        byOid.set(oid, { reason: reasonOf(answer, oid) })
      }
    }
  }
  return { byOid, heard }
}

/** Requests of even size, so that no answer is larger than it must be; spoilers come last, alone. */
function plan(oids: readonly string[], habits: Habits): string[][] {
  const together = oids.filter(oid => !habits.spoilers.has(oid))
  const count = Math.ceil(together.length / habits.largestRequest)
  const size = Math.ceil(together.length / count)
  const requests = Array.from({ length: count }, (_, index) =>
    together.slice(index * size, (index + 1) * size),
  )
  return [...requests, ...oids.filter(oid => habits.spoilers.has(oid)).map(oid => [oid])]
}

function take(
  request: readonly string[],
  answer: Extract<Answer, { kind: 'varbinds' }>,
  byOid: Map<string, Finding>,
): void {
  request.forEach((oid, index) => {
    const varbind = answer.varbinds[index]
    if (varbind?.oid !== oid) byOid.set(oid, { reason: `the agent answered with another OID than ${oid}` })
    else if (isVarbindError(varbind)) byOid.set(oid, { reason: `the agent has no ${oid}` })
    // net-snmp hands out null for a string that ends after the datagram.
    else if (varbind.value === null) byOid.set(oid, { reason: unreadable(oid) })
    else byOid.set(oid, { sentAt: answer.sentAt, varbind })
  })
}

function isTooBig(answer: Answer): boolean {
  return answer.kind === 'refused' && answer.status === ErrorStatus.TooBig
}

function reasonOf(answer: Answer, oid: string): string {
  if (isTooBig(answer)) return `the value of ${oid} is too big for one answer of the agent`
  if (answer.kind === 'refused') {
    return `the agent refuses ${oid}: ${ErrorStatus[answer.status] ?? `error ${answer.status}`}`
  }
  return unreadable(oid)
}

function unreadable(oid: string): string {
  return `the agent's answer for ${oid} cannot be read`
}
