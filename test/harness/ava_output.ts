import { stripVTControlCharacters } from 'node:util'

/** What a run of ava came to. */
export interface Tally {
  passed: number
  failed: number
  /** Titles with the reason as {@link testWhere} writes it. */
  readonly skipped: string[]
}

/** The lines at the end of ava's report that mean failure, each with its number: "2 uncaught exceptions". */
const failures =
  /^ {2}(\d+) (?:tests? failed|hooks? failed|uncaught exceptions?|unhandled rejections?|tests? remained pending.*|test files? (?:were|was) not found.*|previous failures?.*)$/

/**
 * Counts in ava's own report, line by line. ava 8.0.0's TAP reporter dies with an exception of its own when
 * a test times out, and its report for people is the one that names the test.
 */
export function countLine(tally: Tally, coloured: string): void {
  const line = stripVTControlCharacters(coloured)
  const skipped = /^ {2}- \[(?:skip|todo)\] (.*)$/.exec(line)
  const failed = failures.exec(line)
  if (line.startsWith('  ✔ ')) tally.passed++
  else if (skipped?.[1]) tally.skipped.push(skipped[1])
  else if (failed) tally.failed += Number(failed[1])
}
