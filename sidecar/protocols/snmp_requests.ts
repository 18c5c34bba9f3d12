import { Tag } from './snmp_ber.ts'
import { acquit, claimAgain, type Habits, lackedOids, largestRequest } from './snmp_habits.ts'
import { type Answer, ERROR_NAMES, ErrorStatus, type Silence, type Varbind } from './snmp_pdu.ts'

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
 * side, so nothing waits for a slow one. A request that cannot be answered as a whole is asked again without
 * the OID that the agent blames, or in halves down to it; that costs the others nothing. What it shows of the
 * agent is kept in `habits`.
 *
 * @param ask sends one GET with its retries; silence ends the poll, because the time is over then
 * @param now milliseconds of a clock that never goes back, for what is remembered for a while
 */
export async function readOids(
  oids: readonly string[],
  habits: Habits,
  ask: (oids: readonly string[]) => Promise<Answer>,
  now: number,
): Promise<Findings> {
  const tooBigBefore = habits.tooBig
  const lacked = lackedOids(habits, now)
  const byOid = new Map<string, Finding>([...lacked].map(oid => [oid, { reason: lacks(oid) }]))
  const asked = lacked.size === 0 ? oids : oids.filter(oid => !lacked.has(oid))
  let heard = false
  let requests: (readonly string[])[] = plan(asked, habits, largestRequest(habits, now))
  for (let request = requests.shift(); request; request = requests.shift()) {
    const answer = await ask(request)
    if (answer.kind === 'silence') return { byOid, silence: answer.cause, heard }
    heard = true
    if (answer.kind === 'varbinds') {
      take(request, answer, byOid)
      acquit(habits, request)
    } else if (answer.kind === 'refused' && answer.status === ErrorStatus.authorizationError) {
      for (const oid of request)
        byOid.set(oid, {
          reason: `the agent does not let this community, or this user at this level, read ${oid}`,
        })
    } else if (request.length === 1) {
      for (const oid of request) byOid.set(oid, { reason: remember(answer, oid, habits, now) })
    } else if (isTooBig(answer)) {
      const varbinds = Math.ceil(request.length / 2)
      habits.tooBig = { ...claimAgain(tooBigBefore, now), varbinds }
      requests = plan([...request, ...requests.flat()], habits, varbinds)
    } else {
      requests.unshift(...split(request, answer))
    }
  }
  return { byOid, heard }
}

/** Requests of even size, so that no answer is larger than it must be; spoilers come last, alone. */
function plan(oids: readonly string[], { spoilers }: Habits, largest: number): string[][] {
  const together = spoilers.size === 0 ? oids : oids.filter(oid => !spoilers.has(oid))
  const count = Math.ceil(together.length / largest)
  const size = Math.ceil(together.length / count)
  const requests = Array.from({ length: count }, (_, index) =>
    together.slice(index * size, (index + 1) * size),
  )
  return [...requests, ...oids.filter(oid => spoilers.has(oid)).map(oid => [oid])]
}

/** The blamed OID alone, so that a wrong index costs it nothing, and the others; halves where none is blamed. */
function split(request: readonly string[], answer: Answer): (readonly string[])[] {
  const blamed = answer.kind === 'refused' ? request[answer.index - 1] : undefined
  if (blamed !== undefined) return [[blamed], request.filter(oid => oid !== blamed)]
  const half = Math.ceil(request.length / 2)
  return [request.slice(0, half), request.slice(half)]
}

/** @returns why the agent has no value for an OID that it refused alone */
function remember(answer: Answer, oid: string, habits: Habits, now: number): string {
  habits.spoilers.add(oid)
  if (answer.kind === 'refused' && answer.status === ErrorStatus.noSuchName) {
    habits.absent.set(oid, claimAgain(habits.absent.get(oid), now))
    return lacks(oid)
  }
  habits.absent.delete(oid)
  return reasonOf(answer, oid)
}

function take(
  request: readonly string[],
  answer: Extract<Answer, { kind: 'varbinds' }>,
  byOid: Map<string, Finding>,
): void {
  request.forEach((oid, index) => {
    const varbind = answer.varbinds[index]
    if (varbind?.oid !== oid) byOid.set(oid, { reason: `the agent answered with another OID than ${oid}` })
    else if (isException(varbind)) byOid.set(oid, { reason: lacks(oid) })
    else if (varbind.value === null || varbind.value === undefined) {
      byOid.set(oid, { reason: unreadable(oid) })
    } else byOid.set(oid, { sentAt: answer.sentAt, varbind })
  })
}

/** RFC 3416: the agent has no such object or instance, or nothing behind it. */
export function isException({ type }: Varbind): boolean {
  return type === Tag.NoSuchObject || type === Tag.NoSuchInstance || type === Tag.EndOfMibView
}

function lacks(oid: string): string {
  return `the agent has no ${oid}`
}

function isTooBig(answer: Answer): boolean {
  return answer.kind === 'refused' && answer.status === ErrorStatus.tooBig
}

function reasonOf(answer: Answer, oid: string): string {
  if (isTooBig(answer)) return `the value of ${oid} is too big for one answer of the agent`
  if (answer.kind === 'refused') {
    return `the agent refuses ${oid}: ${ERROR_NAMES[answer.status] ?? `error ${answer.status}`}`
  }
  return unreadable(oid)
}

function unreadable(oid: string): string {
  return `the agent's answer for ${oid} cannot be read`
}
