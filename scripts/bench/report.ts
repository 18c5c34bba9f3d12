/** One line of a bench: what was measured, here and on what it is compared with. Printed by `--json` as it is. */
export interface Line {
  readonly name: string
  /** Median of ours; null where it was not measured, and `note` says why. */
  readonly ours: number | null
  /** Median of what ours is compared with; null where the target is about ours alone. */
  readonly baseline: number | null
  /** Of `ours` and `baseline`: "ms", "bytes", "values/s". */
  readonly unit: string
  /** How the two compare, in the sense of the target; null where one is missing. */
  readonly ratio: number | null
  /** In words: ">= 40 x", "<= 0.55 x", ">= 20000 values/s"; "none" on a line for information. */
  readonly target: string
  /** null where it was skipped or has no target: that misses none. */
  readonly met: boolean | null
  readonly note?: string
}

export interface Target {
  readonly bound: '>=' | '<=' | '<'
  readonly value: number
  /** "x" bounds the ratio; any other unit bounds our own value, which is measured in it. */
  readonly unit: string
}

/** A piece of work and what it has to reach. */
export interface Work {
  readonly name: string
  readonly target: Target
}

/** @returns the target of a ratio: faster, or smaller, by that factor */
export function times(bound: Target['bound'], value: number): Target {
  return { bound, value, unit: 'x' }
}

/** @returns a line about two times of the same work: the ratio says how many times faster ours is */
export function speedLine(work: Work, oursMs: number, baselineMs: number): Line {
  return ratioLine(work, oursMs, baselineMs, 'ms', baselineMs / oursMs)
}

/** @returns a line about two amounts, of bytes or of time: the ratio says what share of the baseline ours is */
export function shareLine(work: Work, ours: number, baseline: number, unit: string): Line {
  return ratioLine(work, ours, baseline, unit, ours / baseline)
}

/** @returns a line whose target is about our own value */
export function absoluteLine(work: Work, ours: number): Line {
  return { ...emptyLine(work, work.target.unit), ours, met: isMet(work.target, ours) }
}

/** @returns a line for what could not be measured: a target missed */
export function failedLine(work: Work, unit: string, reason: string): Line {
  return { ...emptyLine(work, unit), met: false, note: reason }
}

/** @returns a line for what this server cannot do: no target missed */
export function skippedLine(work: Work, unit: string, reason: string): Line {
  return { ...emptyLine(work, unit), met: null, note: reason }
}

/** @returns two times of the same work that no target is about: how far the comparison depends on the baseline's form */
export function informationLine(name: string, oursMs: number, baselineMs: number): Line {
  const ratio = baselineMs / oursMs
  return {
    name: `(information) ${name}`,
    ours: oursMs,
    baseline: baselineMs,
    unit: 'ms',
    ratio,
    target: 'none',
    met: null,
  }
}

function emptyLine({ name, target }: Work, unit: string): Omit<Line, 'met'> {
  const words = `${target.bound} ${target.value} ${target.unit}`
  return { name, ours: null, baseline: null, unit, ratio: null, target: words }
}

function ratioLine(work: Work, ours: number, baseline: number, unit: string, ratio: number): Line {
  return { ...emptyLine(work, unit), ours, baseline, ratio, met: isMet(work.target, ratio) }
}

function isMet({ bound, value }: Target, measured: number): boolean {
  if (bound === '>=') return measured >= value
  return bound === '<=' ? measured <= value : measured < value
}

/** The exit status of a bench: 1 where a target is missed. */
export function exitStatus(lines: readonly Line[]): 0 | 1 {
  return lines.some(({ met }) => met === false) ? 1 : 0
}

export const headings = ['work', 'ours', 'baseline', 'unit', 'ratio', 'target', ''] as const

/** @returns a table for a terminal, numbers to the right; notes stand below their line */
export function table(lines: readonly Line[]): string {
  const rows = lines.map(cells)
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map(row => row[column]?.length ?? 0)),
  )
  const numeric = [1, 2, 4]
  const lay = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        numeric.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const body = rows.flatMap((row, index) => {
    const note = lines[index]?.note
    return note === undefined ? [lay(row)] : [lay(row), `    ${note}`]
  })
  return [lay(headings), ...body].join('\n')
}

/** @returns what stands under the headings */
export function cells(line: Line): string[] {
  return [
    line.name,
    shown(line.ours),
    shown(line.baseline),
    line.unit,
    line.ratio === null ? '-' : `${shown(line.ratio)} x`,
    line.target,
    verdict(line),
  ]
}

function verdict({ met, ours }: Line): string {
  if (met === null) return ours === null ? 'skipped' : ''
  return met ? 'met' : 'MISSED'
}

/** Three significant digits, and whole numbers whole. */
function shown(value: number | null): string {
  if (value === null) return '-'
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}
