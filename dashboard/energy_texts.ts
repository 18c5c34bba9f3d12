import { formatValue } from './units.ts'

const energyUnits = {
  hours: { symbol: 'Wh', prefixes: 'si' },
  joules: { symbol: 'J', prefixes: 'si' },
} as const

/** "1.21 kWh": joules in watt-hours. */
export const inWattHours = (joules: number) => formatValue(joules / 3600, energyUnits.hours)
export const inJoules = (joules: number) => formatValue(joules, energyUnits.joules)

/** @param share of a whole; rounding errors may make it a little more than 1 */
export function formatShare(share: number): string {
  const percent = share * 100
  // 99.96 % is not all of it
  const digits =
    percent > 99 && percent < 100 ? Math.floor(percent * 100) / 100 : Math.round(percent * 10) / 10
  return `${Math.min(100, digits)}\u00a0%`
}
