/** What the fault tests share: how long they are, their seed, and the figures that `npm run test:faults` reports. */
import { appendFileSync } from 'node:fs'
import type { ExecutionContext } from 'ava'
import { randomNumbers } from '../sidecar/spool_witness.ts'

/** `long` where `npm run test:faults` runs them. */
export const lengthVariable = 'KWOLLECT_TEST_FAULTS'
/** The file that gets a line of JSON, a {@link FaultReport}, for each test. */
export const reportVariable = 'KWOLLECT_TEST_FAULTS_REPORT'
/** Seconds that PostgreSQL is away in the long form of the outage. */
export const outageVariable = 'KWOLLECT_TEST_OUTAGE_S'

/** One test as the report shows it. */
export interface FaultReport {
  readonly title: string
  readonly seed: number
  readonly seconds: number
  /** In the order to show; "values", "missing" and "doubled" where there was a database. */
  readonly figures: Readonly<Record<string, number>>
}

export interface Fault {
  /** From 0 to 1, the same in a run with the same seed. */
  readonly random: () => number
  /** A whole number from 0 up to, but not including, the limit. */
  readonly below: (limit: number) => number
  /** Shows on a long run how far it has come. */
  progress(done: number, all: number, unit: string): void
  /** What it came to: into the test's output and the report. Before the assertions, which may end the test. */
  report(figures: FaultReport['figures']): void
}

const isLong = process.env[lengthVariable] === 'long'

/** How much of a fault `npm test` shows, and how much `npm run test:faults`. */
export function sized<T>(short: T, long: T): T {
  return isLong ? long : short
}

/**
 * The randomness of a test, from a seed that it prints.
 *
 * @param known the seed of a run that showed a bug; by chance, or as the environment says, where absent
 */
export function seeded(t: ExecutionContext, known?: number): Fault {
  const began = performance.now()
  const seed = known ?? Number(process.env.KWOLLECT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32))
  t.log(`KWOLLECT_TEST_SEED=${seed}`)
  const random = randomNumbers(seed)
  let shownTenth = 0
  return {
    random,
    below: limit => Math.floor(random() * limit),
    progress(done, all, unit) {
      const tenth = Math.floor((done / all) * 10)
      if (!isLong || tenth <= shownTenth) return
      shownTenth = tenth
      process.stderr.write(`  ${done} of ${all} ${unit} after ${secondsSince(began)} s\n`)
    },
    report(figures) {
      for (const [name, figure] of Object.entries(figures)) t.log(`${name}: ${figure}`)
      const file = process.env[reportVariable]
      const report: FaultReport = { title: t.title, seed, seconds: secondsSince(began), figures }
      if (file) appendFileSync(file, `${JSON.stringify(report)}\n`)
    },
  }
}

function secondsSince(began: number): number {
  return Math.round((performance.now() - began) / 1000)
}

/** How what is stored differs from what was taken. */
export interface Difference {
  readonly values: number
  readonly missing: number
  readonly doubled: number
  /** Stored although never taken. */
  readonly foreign: number
}

/** Compares two lists of values, in any order; a value that was taken twice has to be stored twice. */
export function differenceOf(taken: readonly string[], stored: readonly string[]): Difference {
  const due = new Map<string, number>()
  for (const value of taken) due.set(value, (due.get(value) ?? 0) + 1)
  let [doubled, foreign] = [0, 0]
  for (const value of stored) {
    const count = due.get(value)
    if (count === undefined) foreign += 1
    else if (count === 0) doubled += 1
    else due.set(value, count - 1)
  }
  const missing = [...due.values()].reduce((sum, count) => sum + count, 0)
  return { values: stored.length, missing, doubled, foreign }
}

/** fsynced = stored, once. */
export function assertSame(t: ExecutionContext, { values, missing, doubled, foreign }: Difference): void {
  t.deepEqual({ missing, doubled, foreign }, { missing: 0, doubled: 0, foreign: 0 })
  t.true(values > 0, 'nothing was stored, which shows nothing')
}
