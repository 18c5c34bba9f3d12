/** More varbinds than this do not fit into one unfragmented datagram for usual OIDs and values. */
const MOST_VARBINDS = 50

/** How long a claim counts that was made twice; then the agent is asked again. */
const BELIEVED_MS = 5 * 60_000
/**
 * In so many polls a claim is made before it is believed. SNMP v1 and v2c prove nothing: one answer damaged on
 * its way, or forged, would else cost the values of minutes.
 */
const POLLS_TO_BELIEVE = 2

/** What an agent says against a request: believed, it changes what later polls ask. */
interface Claim {
  /** That made it, one within five minutes of the other. */
  readonly polls: number
  /** When it was made last, in milliseconds of a clock that never goes back. */
  readonly at: number
}

/**
 * What an agent has taught about itself; kept from poll to poll, forgotten when it stops answering. A wrong
 * spoiler costs one request; what would cost more where it was wrong is a claim, and no claim counts for ever.
 */
export interface Habits {
  /** OIDs that spoiled a request for the others, asked alone until they are answered. */
  readonly spoilers: Set<string>
  /** Those of them of which the agent says that it lacks them (v1: such an OID fails the whole request). */
  readonly absent: Map<string, Claim>
  /** That answers to more than `varbinds` are too big. */
  tooBig: (Claim & { readonly varbinds: number }) | undefined
}

/** What is assumed of an agent that nothing is known of. */
export function newHabits(): Habits {
  return { spoilers: new Set(), absent: new Map(), tooBig: undefined }
}

/** The largest number of varbinds to ask for in one request. */
export function largestRequest({ tooBig }: Habits, now: number): number {
  return tooBig !== undefined && isBelieved(tooBig, now) ? tooBig.varbinds : MOST_VARBINDS
}

/** The OIDs that need not be asked for, because the agent lacks them. */
export function lackedOids({ absent }: Habits, now: number): ReadonlySet<string> {
  const lacked = new Set<string>()
  for (const [oid, claim] of absent) if (isBelieved(claim, now)) lacked.add(oid)
  return lacked
}

/** An answer had these OIDs: they do not spoil it, or not any more. */
export function acquit({ spoilers, absent }: Habits, oids: readonly string[]): void {
  if (spoilers.size === 0) return
  for (const oid of oids) {
    spoilers.delete(oid)
    absent.delete(oid)
  }
}

/** @returns the claim made in one poll more */
export function claimAgain(former: Claim | undefined, now: number): Claim {
  const polls = former !== undefined && now - former.at < BELIEVED_MS ? former.polls : 0
  return { polls: polls + 1, at: now }
}

function isBelieved({ polls, at }: Claim, now: number): boolean {
  return polls >= POLLS_TO_BELIEVE && now - at < BELIEVED_MS
}
