/** How values of a metric are written. */
export interface Unit {
  /** "W", "°C"; empty where the name tells none. */
  readonly symbol: string
  /** Which prefixes make sense: kW and GiB do, k°C does not. */
  readonly prefixes: 'si' | 'binary' | 'duration' | 'none'
}

const plain: Unit = { symbol: '', prefixes: 'si' }

/** The words of a metric's name that tell its unit, as kwollect's and Prometheus's names have them. */
const units: ReadonlyMap<string, Unit> = new Map(
  (
    [
      ['watt watts', 'W', 'si'],
      ['joule joules', 'J', 'si'],
      ['volt volts', 'V', 'si'],
      ['ampere amperes amp amps', 'A', 'si'],
      ['hertz hz', 'Hz', 'si'],
      ['bit bits', 'bit', 'si'],
      ['byte bytes octets', 'B', 'binary'],
      ['celsius', '°C', 'none'],
      ['kelvin', 'K', 'none'],
      ['percent pct', '%', 'none'],
      ['rpm', 'rpm', 'none'],
      ['meter meters', 'm', 'si'],
      ['pascal pascals', 'Pa', 'si'],
      ['second seconds', 's', 'duration'],
      ['packet packets', 'packets', 'si'],
    ] as const
  ).flatMap(([words, symbol, prefixes]) =>
    words.split(' ').map(word => [word, { symbol, prefixes }] as const),
  ),
)

/** The unit of a metric's values by the last word of its name that names one: "prom_node_cpu_seconds_total" has s. */
export function unitOf(metric: string): Unit {
  const words = metric.toLowerCase().split(/[^a-z]+/)
  const word = words.findLast(part => units.has(part))
  return units.get(word ?? '') ?? plain
}

/** The unit of the increase per second: joules a second are watts, and bytes a second are counted in powers of 1000. */
export function rateUnit(unit: Unit): Unit {
  if (unit.symbol === 'J') return { symbol: 'W', prefixes: 'si' }
  if (unit.symbol === 's') return { symbol: 's/s', prefixes: 'none' }
  return { symbol: `${unit.symbol || '1'}/s`, prefixes: 'si' }
}

/** Whether values only grow until a restart, so that their increase is what tells something: by the name. */
export function isCounter(metric: string): boolean {
  return /_(total|count|sum|counter|octets|ticks)$/i.test(metric)
}

/** Whether an integral over time is an energy. */
export function isPower(unit: Unit): boolean {
  return unit.symbol === 'W'
}

/** By what values are divided before they are written, and the unit that they have then. */
interface Scale {
  readonly divisor: number
  readonly symbol: string
}

const siPrefixes = [
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
] as const
const binaryPrefixes = [
  [2 ** 50, 'Pi'],
  [2 ** 40, 'Ti'],
  [2 ** 30, 'Gi'],
  [2 ** 20, 'Mi'],
  [2 ** 10, 'Ki'],
  [1, ''],
] as const
const durations = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
] as const

/** @param largest the largest absolute value that is written in this scale */
function scaleFor(largest: number, unit: Unit): Scale {
  if (unit.prefixes === 'none' || largest === 0 || !Number.isFinite(largest))
    return { divisor: 1, symbol: unit.symbol }
  if (unit.prefixes === 'duration') {
    // 90 s are told as that, and not as 1.5 min.
    const [divisor, symbol] = durations.find(([size]) => largest >= (size > 1 ? size * 3 : size)) ?? [1, 's']
    return { divisor, symbol }
  }
  const prefixes = unit.prefixes === 'binary' ? binaryPrefixes : siPrefixes
  // Numbers without a unit are not told in thousandths: "load 0.2", not "200 m".
  const usable = unit.symbol === '' ? prefixes.filter(([size]) => size >= 1) : prefixes
  const [divisor, prefix] = usable.find(([size]) => largest >= size) ?? usable.at(-1) ?? [1, '']
  return { divisor, symbol: `${prefix}${unit.symbol}` }
}

/** "182 W", "1.25 kW", "7.45 GiB", with a space that does not break: four digits, or those before the point. */
export function formatValue(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '–'
  const { divisor, symbol } = scaleFor(Math.abs(value), unit)
  return `${formatNumber(value / divisor)}${symbol === '' ? '' : `\u00a0${symbol}`}`
}

/** Four significant digits without zeros at the end; a narrow space between thousands. */
function formatNumber(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e15 || (size > 0 && size < 1e-6)) return value.toExponential(2).replace('-', '−')
  const text = size >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(4)))
  return text.replace(/\B(?=(\d{3})+$)/g, '\u202f').replace('-', '−')
}

/** What stands at the ticks of an axis: as many digits as their distance needs, in one scale for all. */
export function axisLabels(splits: readonly number[], unit: Unit): string[] {
  const { divisor } = axisScale(splits, unit)
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0)) / divisor
  const digits = step > 0 ? Math.min(9, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))) : 0
  // 2.5 apart needs one digit although the power of ten of 2.5 says none
  const needed =
    step > 0 && !Number.isInteger(Number((step * 10 ** digits).toPrecision(6))) ? digits + 1 : digits
  return splits.map(split => (split / divisor).toFixed(needed).replace('-', '−'))
}

/** The scale that all ticks of an axis share. */
export function axisScale(splits: readonly number[], unit: Unit): Scale {
  return scaleFor(Math.max(0, ...splits.map(Math.abs)), unit)
}
