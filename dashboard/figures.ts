import type { DrawnLine } from './draw_lines.ts'
import { type Energy, energyOf } from './energy.ts'
import { formatShare, inJoules, inWattHours } from './energy_texts.ts'
import { extentOf } from './lines.ts'
import { makeTable } from './tables.ts'
import { type Span, spokenDuration } from './time.ts'
import { formatValue, type Unit } from './units.ts'

/** What a plot shows, in numbers. */
export interface Shown {
  readonly lines: readonly DrawnLine[]
  /** Up to the last moment that can have values: now, at most. */
  readonly span: Span
  readonly unit: Unit
  /** Seconds of a bucket of the summary, 0 for measured values. */
  readonly bucket: number
  /** The unit is a power, and nobody else tells its energy. */
  readonly withEnergy: boolean
}

/**
 * "Energy of the 5 lines: 12.1 kWh (43.6 MJ), data for 99.8 % of 1 h": the sum of the lines that are shown, and the mean
 * of how much of the time each has values. That it is of the lines is said, since an outlet strip may be one of them
 * beside the nodes on it. Undefined for what has none.
 */
export function energySentence({ lines, span, bucket, withEnergy }: Shown): string | undefined {
  if (!withEnergy) return undefined
  const visible = lines.filter(({ isHidden }) => !isHidden)
  if (visible.length === 0) return undefined
  const energies = visible.map(({ line }) => energyOf(line, span, bucket))
  const joules = sum(energies, 'joules')
  const covered = sum(energies, 'covered') / visible.length
  const whose = visible.length === 1 ? 'Energy of the line' : `Energy of the ${visible.length} lines`
  return `${whose}: ${inWattHours(joules)} (${inJoules(joules)}), data for ${shareOf(covered, span)} of ${spokenDuration(span.end - span.start)}`
}

const shareOf = (covered: number, { start, end }: Span) => formatShare(covered / (end - start))

function sum(energies: readonly Energy[], part: keyof Energy): number {
  return energies.reduce((total, energy) => total + energy[part], 0)
}

/** One sentence for who cannot see the plot: how many lines, and where the extremes are. */
export function plotSentence({ lines, span, unit }: Shown): string {
  const extents = lines
    .filter(({ isHidden }) => !isHidden)
    .map(({ line, name }) => ({ name, ...extentOf(line, span) }))
    .filter(({ count }) => count > 0)
  const [first] = extents
  if (first === undefined) return 'No value in this time.'
  const lowest = extents.reduce((low, next) => (next.minimum < low.minimum ? next : low), first)
  const highest = extents.reduce((high, next) => (next.maximum > high.maximum ? next : high), first)
  const values = extents.reduce((total, { count }) => total + count, 0)
  const mean = extents.reduce((total, extent) => total + extent.mean * extent.count, 0) / values
  const at = (name: string) => (extents.length > 1 ? ` (${name})` : '')
  const counted = (amount: number, noun: string) =>
    `${amount.toLocaleString('en')} ${noun}${amount === 1 ? '' : 's'}`
  return [
    `${counted(extents.length, 'line')}, ${counted(values, 'value')}`,
    `lowest ${formatValue(lowest.minimum, unit)}${at(lowest.name)}`,
    `mean ${formatValue(mean, unit)}`,
    `highest ${formatValue(highest.maximum, unit)}${at(highest.name)}`,
  ].join(' · ')
}

/** The same as a table, one row a line; with power its energy too. */
export function figuresTable(shown: Shown, caption: string): HTMLTableElement {
  const { lines, span, unit, bucket, withEnergy } = shown
  const headings = ['Line', 'Lowest', 'Mean', 'Highest', 'Last', 'Values']
  if (withEnergy) headings.push('Energy (Wh)', 'Energy (J)', 'Time with data')
  const rows = lines
    .filter(({ isHidden }) => !isHidden)
    .map(({ line, name }) => {
      const { minimum, mean, maximum, last, count } = extentOf(line, span)
      const values =
        count === 0
          ? ['–', '–', '–', '–']
          : [minimum, mean, maximum, last].map(value => formatValue(value, unit))
      const cells = [...values, count.toLocaleString('en')]
      if (withEnergy) {
        const { joules, covered } = energyOf(line, span, bucket)
        cells.push(inWattHours(joules), inJoules(joules), shareOf(covered, span))
      }
      return { name, cells }
    })
  return makeTable(caption, headings, rows)
}
