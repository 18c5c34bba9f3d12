import { Tag } from './snmp_ber.ts'
import { type Answer, ERROR_NAMES, type Request, type Varbind } from './snmp_pdu.ts'
import { isException } from './snmp_requests.ts'
import { toText } from './snmp_values.ts'

/** Rows a GETBULK asks for: names of interfaces and sensors then fit into one unfragmented datagram. */
const MOST_ROWS_AT_ONCE = 30
/** More than any table of interfaces, sensors or outlets; an agent that makes up rows is stopped here. */
const MOST_ROWS = 20_000
/** For the whole table, over as many polls as it takes. */
const LONGEST_WALK_MS = 120_000

/** A table column that is being read, from poll to poll until it is done. */
export interface Walk {
  readonly table: string
  /** Index by value, the first row where several have the same. */
  readonly rows: Map<string, string>
  /** The OID read last, at first the table's own. */
  at: string
  count: number
  rowsAtOnce: number
  /** How often in a row the agent was silent from the start of a turn. */
  silences: number
  /** By the same clock as {@link walkOn}'s. */
  readonly startedAt: number
}

/** @param startedAt milliseconds of a clock that never goes back */
export function startWalk(table: string, startedAt: number): Walk {
  return {
    table,
    rows: new Map(),
    at: table,
    count: 0,
    rowsAtOnce: MOST_ROWS_AT_ONCE,
    silences: 0,
    startedAt,
  }
}

/**
 * How far a walk got: the table is read; or it ended before, for the reason given, and what came counts; or
 * nothing came and it goes on where it stopped.
 */
export type Progress = 'complete' | { readonly reason: string } | 'interrupted'

/**
 * Reads on in a table column (GETBULK, or GETNEXT in v1) until it ends or the agent falls silent.
 *
 * Each row must follow the one before in the order of OIDs, as RFC 3416 demands: an agent that goes round in
 * circles would be read for ever.
 */
export async function walkOn(
  walk: Walk,
  ask: (request: Request) => Promise<Answer>,
  now: () => number,
): Promise<Progress> {
  const start = walk.at
  for (;;) {
    const answer = await ask({ kind: 'next', oid: walk.at, rows: walk.rowsAtOnce })
    if (answer.kind === 'varbinds') {
      walk.silences = 0
      const progress = take(walk, answer.varbinds)
      if (progress !== undefined) return progress
      if (now() - walk.startedAt > LONGEST_WALK_MS) {
        return { reason: `the agent's list of ${walk.table} takes longer than ${LONGEST_WALK_MS / 1000} s` }
      }
    } else if (answer.kind === 'silence') {
      if (answer.cause === 'time-out' && walk.at === start) {
        walk.silences++
        // A large answer comes in fragments, which some networks drop each time.
        walk.rowsAtOnce = Math.ceil(walk.rowsAtOnce / 2)
      }
      return 'interrupted'
    } else if (walk.rowsAtOnce > 1) {
      // Too big, or an agent that knows GETBULK badly.
      walk.rowsAtOnce = Math.ceil(walk.rowsAtOnce / 4)
    } else if (answer.kind === 'refused' && ERROR_NAMES[answer.status] === 'noSuchName') {
      return 'complete'
    } else {
      const why = answer.kind === 'refused' ? ERROR_NAMES[answer.status] : 'its answer cannot be read'
      return { reason: `the agent does not list ${walk.table}: ${why ?? 'an unknown error'}` }
    }
  }
}

/** @returns undefined where the table goes on */
function take(walk: Walk, varbinds: readonly Varbind[]): Progress | undefined {
  const { table } = walk
  if (varbinds.length === 0) return 'complete'
  for (const varbind of varbinds) {
    const { oid } = varbind
    if (oid === undefined) return { reason: `the agent's list of ${table} cannot be read` }
    if (isException(varbind) || !oid.startsWith(`${table}.`)) return 'complete'
    if (!follows(walk.at, oid)) {
      return { reason: `the agent's list of ${table} does not go on behind ${walk.at} but jumps to ${oid}` }
    }
    if (++walk.count > MOST_ROWS) return { reason: `the agent's list of ${table} has over ${MOST_ROWS} rows` }
    const text = toText(varbind)
    if (varbind.type !== Tag.Null && !walk.rows.has(text)) walk.rows.set(text, oid.slice(table.length + 1))
    walk.at = oid
  }
  return undefined
}

/** Whether `next` is behind `oid` in the order of OIDs: arc by arc, and a prefix comes first. */
function follows(oid: string, next: string): boolean {
  const arcs = oid.split('.')
  const nextArcs = next.split('.')
  for (const [index, arc] of arcs.entries()) {
    const nextArc = nextArcs[index]
    if (nextArc === undefined) return false
    if (nextArc !== arc) return Number(nextArc) > Number(arc)
  }
  return nextArcs.length > arcs.length
}
