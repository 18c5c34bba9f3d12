import type { RowOid } from '../snmp_url.ts'
import type { Answer, Request } from './snmp_pdu.ts'
import type { Finding } from './snmp_requests.ts'
import { startWalk, type Walk, walkOn } from './snmp_walk.ts'

/** sysUpTime, hundredths of a second since the agent started (RFC 3418). */
export const SYS_UPTIME = '1.3.6.1.2.1.1.3.0'

const KEPT_MS = 5 * 60_000
/** A table that is empty, as those of an agent that is starting are, is looked at again earlier. */
const KEPT_EMPTY_MS = 60_000

/** A table whose walk got no answer at so many polls must not hold up the values of every further one. */
const MOST_SILENCES = 6

/** A table is walked so many times out of turn at most: where rows move all the time, no two walks may agree. */
const MOST_REPEATS = 3

/** A clock that differs this much from the agent's, and by 1 % of the time between, is no restart. */
const UPTIME_TOLERANCE_MS = 10_000

/** The OID that a template means, or why there is none. */
type Resolved = string | { readonly reason: string }

interface Table {
  /** Index by value, as known; undefined until it was read once. */
  rows: ReadonlyMap<string, string> | undefined
  /** What the last walk said: the same, but in doubt. A template for which the two differ means no row. */
  last: ReadonlyMap<string, string> | undefined
  /** What templates in use came to, so that a poll makes no text. */
  readonly resolved: Map<RowOid, Resolved>
  /** OIDs that templates came to while one walk was known, and that gave no value. */
  readonly valueless: Set<string>
  /** Why the rows are not all, to be added to what is said of a row that is not found. */
  flaw: string | undefined
  dueAt: number
  /**
   * `once`: of some templates one walk alone knows the row. `doubted`: the last walk, damaged on its way perhaps,
   * contradicts what is known. `settled`: two walks agree on each template, or it seems that no two ever will.
   */
  standing: 'once' | 'doubted' | 'settled'
  /** Walks since it was settled. */
  unsettled: number
  /** Under way, over several polls where the agent is slow or falls silent. */
  walk: Walk | undefined
}

/**
 * The table columns of one agent by which templates name rows. Each is walked once and kept, and walked again
 * after five minutes or when the agent has restarted, because its indexes may be others then.
 *
 * One damaged or forged answer must not cost the values of five minutes: where a template has no value after
 * the first walk, or a later walk says another thing of one than was known, the table is walked at the next poll
 * once more, and what two of the walks agree on is taken. Until then such a template has no value: by the former
 * row it could be that of another interface, which nobody would ever find among the right ones. Only templates
 * in use count, because other rows (names of processes) may change all the time.
 */
export class IndexTables {
  readonly #tables = new Map<string, Table>()
  readonly #now: () => number
  #uptime: { readonly ms: number; readonly at: number } | undefined

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now
  }

  /** @returns the OID that a template means now; why there is none; undefined before its table was read */
  resolve(oid: RowOid): Resolved | undefined {
    const table = this.#tables.get(oid.table)
    if (table?.rows === undefined) return undefined
    let resolved = table.resolved.get(oid)
    if (resolved === undefined) {
      resolved = find(oid, table)
      table.resolved.set(oid, resolved)
    }
    return resolved
  }

  /** Why a template of a table that was never read to its end has no value. */
  unread({ table }: RowOid): string {
    const rows = this.#tables.get(table)?.walk?.count ?? 0
    return `the agent's list of ${table} is not read yet (${rows} rows so far)`
  }

  /** A template has no value, although its table was read: the walk may have missed or misread its row. */
  doubt(oid: RowOid): void {
    const table = this.#tables.get(oid.table)
    if (table?.rows === undefined || table.standing !== 'once') return
    const resolved = this.resolve(oid)
    if (typeof resolved === 'string') table.valueless.add(resolved)
    table.dueAt = this.#now()
  }

  /** Whether the agent started anew since the last call, which makes what is known of its tables wrong. */
  hasRestarted(finding: Finding | undefined): boolean {
    if (finding === undefined || 'reason' in finding || typeof finding.varbind.value !== 'number')
      return false
    const last = this.#uptime
    const now = { ms: finding.varbind.value * 10, at: this.#now() }
    this.#uptime = now
    if (last === undefined) return false
    // Not only where it went back: it may have passed the former value while the agent was out of reach.
    const passed = now.at - last.at
    return now.ms < last.ms || last.ms + passed - now.ms > UPTIME_TOLERANCE_MS + passed / 100
  }

  forget(): void {
    this.#tables.clear()
  }

  /**
   * Walks those of the given tables that are due; the walk ends with the agent's silence, and goes on there at
   * the next call, after the other tables. What was known of a table counts until its new walk is done.
   */
  async refresh(names: ReadonlySet<string>, ask: (request: Request) => Promise<Answer>): Promise<void> {
    for (const name of names) if (!this.#tables.has(name)) this.#tables.set(name, newTable())
    for (const [name, table] of [...this.#tables]) {
      if (!names.has(name) || table.dueAt > this.#now()) continue
      table.walk ??= startWalk(name, this.#now())
      const progress = await walkOn(table.walk, ask, this.#now)
      if (progress === 'interrupted') {
        this.#putOff(name, table, table.walk)
        return
      }
      this.#take(table, table.walk.rows, progress === 'complete' ? undefined : progress.reason)
      table.walk = undefined
    }
  }

  #take(table: Table, rows: ReadonlyMap<string, string>, flaw: string | undefined): void {
    const verdict = standingAfter(table, rows)
    table.standing = table.unsettled === MOST_REPEATS ? 'settled' : verdict
    table.unsettled = table.standing === 'settled' ? 0 : table.unsettled + 1
    table.last = rows
    table.dueAt = this.#now()
    if (table.standing !== 'doubted') table.dueAt += rows.size === 0 ? KEPT_EMPTY_MS : KEPT_MS
    if (verdict === 'doubted') {
      for (const oid of table.resolved.keys()) table.resolved.set(oid, find(oid, table))
      return
    }
    table.rows = rows
    table.flaw = flaw
    table.resolved.clear()
    table.valueless.clear()
  }

  #putOff(name: string, table: Table, walk: Walk): void {
    this.#tables.delete(name)
    this.#tables.set(name, table)
    if (walk.silences < MOST_SILENCES) return
    table.walk = undefined
    table.dueAt = this.#now() + KEPT_EMPTY_MS
  }
}

function newTable(): Table {
  return {
    rows: undefined,
    last: undefined,
    resolved: new Map(),
    valueless: new Set(),
    flaw: undefined,
    dueAt: 0,
    standing: 'once',
    unsettled: 0,
    walk: undefined,
  }
}

/** What to think of a table after one more walk: does it say of each template what an earlier one said? */
function standingAfter(table: Table, rows: ReadonlyMap<string, string>): Table['standing'] {
  if (table.rows === undefined) return 'once'
  let standing: Table['standing'] = 'settled'
  for (const [oid, resolved] of table.resolved) {
    const index = rows.get(oid.text)
    if (index === table.rows.get(oid.text) || index === table.last?.get(oid.text)) continue
    // What had no value yet is taken on one walk's word, as everything was at first.
    const hadValue = typeof resolved === 'string' && !table.valueless.has(resolved)
    if (table.standing !== 'once' || hadValue) return 'doubted'
    standing = 'once'
  }
  return standing
}

function find({ prefix, table, text, suffix }: RowOid, { rows, last, flaw }: Table): Resolved {
  const index = rows?.get(text)
  if (index !== last?.get(text)) {
    return { reason: `the row of ${table} that equals ${text} seems to have moved; the table is read again` }
  }
  if (index !== undefined) return `${prefix}.${index}${suffix === '' ? '' : `.${suffix}`}`
  return { reason: `no row of ${table} equals ${text}${flaw === undefined ? '' : ` (${flaw})`}` }
}
