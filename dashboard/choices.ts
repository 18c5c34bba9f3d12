import type { Pair } from './api.ts'
import { makeChoiceList } from './choice_list.ts'
import { byId } from './dom.ts'
import { isCounter, isPower, unitOf } from './units.ts'

export interface ChoiceEvents {
  devicesChosen(devices: readonly string[]): void
  metricsChosen(metrics: readonly string[]): void
}

/** The lists of devices and metrics. */
export interface Choices {
  /** @param devices that are shown: those chosen, or all nodes of the job */
  show(pairs: readonly Pair[], devices: readonly string[], metrics: readonly string[]): void
}

/** Few enough that a first visit may show all of them. */
const fewDevices = 8
const firstMetrics = 6

export function makeChoices(events: ChoiceEvents): Choices {
  const devices = makeChoiceList(byId('devices', HTMLElement), 'devices', events.devicesChosen)
  const metrics = makeChoiceList(byId('metrics', HTMLElement), 'metrics', events.metricsChosen)
  devices.setEmptyText('No device has a value then.')
  let shown: readonly Pair[] | undefined
  let shownDevices: readonly string[] | undefined
  return {
    show: (pairs, chosenDevices, chosenMetrics) => {
      if (pairs !== shown) devices.setItems(unique(pairs.map(({ device }) => device)))
      if (pairs !== shown || chosenDevices !== shownDevices) {
        const chosen = new Set(chosenDevices)
        const offered = pairs.filter(({ device }) => chosen.size === 0 || chosen.has(device))
        metrics.setItems(metricsOf(offered))
        metrics.setEmptyText(
          chosen.size === 0 ? 'No metric has a value then.' : 'These devices have no value then.',
        )
      }
      ;[shown, shownDevices] = [pairs, chosenDevices]
      devices.setChosen(chosenDevices)
      metrics.setChosen(chosenMetrics)
    },
  }
}

const naturally = new Intl.Collator('en', { numeric: true })

/** Sorted again here: the answer is in order of devices, so metrics come in the order of the first device's. */
export function metricsOf(pairs: readonly Pair[]): string[] {
  return unique(pairs.map(({ metric }) => metric)).sort(naturally.compare)
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)]
}

/** The metrics to begin with: powers, temperatures, other values with a unit, counters, the rest. */
export function metricsToBeginWith(pairs: readonly Pair[]): string[] {
  const rank = (metric: string) => {
    const unit = unitOf(metric)
    if (isPower(unit)) return 0
    if (unit.symbol === '°C') return 1
    if (isCounter(metric)) return 3
    return unit.symbol === '' ? 4 : 2
  }
  return metricsOf(pairs)
    .sort((one, other) => rank(one) - rank(other))
    .slice(0, firstMetrics)
}

/** All devices where there are few; a visitor of a large site is asked to choose. */
export function devicesToBeginWith(pairs: readonly Pair[]): string[] {
  const devices = unique(pairs.map(({ device }) => device))
  return devices.length <= fewDevices ? devices : []
}

/** Several answers as one, in natural order, each pair once. */
export function mergePairs(answers: readonly (readonly Pair[])[]): readonly Pair[] {
  const [first = [], ...others] = answers
  if (others.length === 0) return first
  const merged = new Map(answers.flat().map(pair => [`${pair.device}\n${pair.metric}`, pair]))
  return [...merged.values()].sort(
    (one, other) =>
      naturally.compare(one.device, other.device) || naturally.compare(one.metric, other.metric),
  )
}
