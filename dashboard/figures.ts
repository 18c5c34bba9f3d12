import { element } from './dom.ts'
import type { DrawnLine } from './draw_lines.ts'
import { type Energy, energyOf } from './energy.ts'
import { extentOf } from './lines.ts'
import { type Span, spokenDuration } from './time.ts'
import { formatValue, isPower, type Unit } from './units.ts'

/** What a plot shows, in numbers. */
export interface Shown {
  readonly lines: readonly DrawnLine[]
  /** Up to the last moment that can have values: now, at most. */
  readonly span: Span
  readonly unit: Unit
  /** Seconds of a bucket of the summary, 0 for measured values. */
  readonly bucket: number
}

const energyUnits = {
  hours: { symbol: 'Wh', prefixes: 'si' },
  joules: { symbol: 'J', prefixes: 'si' },
} as const

/** "1.21 kWh": joules in watt-hours. */
const inWattHours = (joules: number) => formatValue(joules / 3600, energyUnits.hours)
const inJoules = (joules: number) => formatValue(joules, energyUnits.joules)

function share(covered: number, { start, end }: Span): string {
  const percent = (covered / (end - start)) * 100
  // 99.96 % is not all of it
  const digits =
    percent > 99 && percent < 100 ? Math.floor(percent * 100) / 100 : Math.round(percent * 10) / 10
  return `${Math.min(100, digits)}\u00a0%`
}

/**
 * "Energy of the 5 lines: 12.1 kWh (43.6 MJ), data for 99.8 % of 1 h": the sum of the lines that are shown, and the mean
 * of how much of the time each has values. That it is of the lines is said, since an outlet strip may be one of them
 * beside the nodes on it. Undefined for what is no power.
 */
export function energySentence({ lines, span, unit, bucket }: Shown): string | undefined {
  if (!isPower(unit)) return undefined
  const visible = lines.filter(({ isHidden }) => !isHidden)
  if (visible.length === 0) return undefined
  const energies = visible.map(({ line }) => energyOf(line, span, bucket))
  const joules = sum(energies, 'joules')
  const covered = sum(energies, 'covered') / visible.length
  const whose = visible.length === 1 ? 'Energy of the line' : `Energy of the ${visible.length} lines`
  return `${whose}: ${inWattHours(joules)} (${inJoules(joules)}), data for ${share(covered, span)} of ${spokenDuration(span.end - span.start)}`
}

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
export function figuresTable({ lines, span, unit, bucket }: Shown, caption: string): HTMLTableElement {
  const withEnergy = isPower(unit)
  const headings = ['Line', 'Lowest', 'Mean', 'Highest', 'Last', 'Values']
  if (withEnergy) headings.push('Energy (Wh)', 'Energy (J)', 'Time with data')
  const body = lines
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
        cells.push(inWattHours(joules), inJoules(joules), share(covered, span))
      }
      return element(
        'tr',
        {},
        element('th', { scope: 'row' }, element('bdi', {}, name)),
        ...cells.map(cell => element('td', {}, cell)),
      )
    })
  return element(
    'table',
    {},
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, ...headings.map(text => element('th', { scope: 'col' }, text)))),
    element('tbody', {}, ...body),
  )
}
