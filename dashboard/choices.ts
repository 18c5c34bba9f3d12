import type { Pair } from './api.ts'
import { ChoiceList } from './choice_list.ts'
import { byId, debounced } from './dom.ts'
import { isCounter, isPower, unitOf } from './units.ts'

/** What has been chosen since the last time. */
interface Choice {
  readonly devices?: readonly string[]
  readonly metrics?: readonly string[]
}

interface ChoiceEvents {
  /** Called once for several clicks that follow each other. */
  chosen(choice: Choice): void
}

/** The lists of devices and metrics. */
export interface Choices {
  /** @param devices that are shown: those chosen, or all nodes of the job */
  show(pairs: readonly Pair[], devices: readonly string[], metrics: readonly string[]): void
}

/** Who clicks on several items does so within this time. */
const clicksMs = 300
/** Few enough that a first visit may show all of them. */
const fewDevices = 8
/** How many metrics to begin with, of a few devices and of many. */
const firstMetrics = { few: 6, many: 1 }
const manyDevices = 50

export function makeChoices(events: ChoiceEvents): Choices {
  let pending: Choice = {}
  const apply = debounced(clicksMs, () => {
    const choice = pending
    pending = {}
    events.chosen(choice)
  })
  const choose = (choice: Choice) => {
    pending = { ...pending, ...choice }
    apply()
  }
  const devices = new ChoiceList(byId('devices', HTMLElement), 'devices', chosen =>
    choose({ devices: chosen }),
  )
  const metrics = new ChoiceList(byId('metrics', HTMLElement), 'metrics', chosen =>
    choose({ metrics: chosen }),
  )
  devices.setEmptyText('Nothing to choose from.')
  let shown: readonly Pair[] | undefined
  let shownDevices: readonly string[] | undefined
  let shownMetrics: readonly string[] | undefined
  return {
    show: (pairs, chosenDevices, chosenMetrics) => {
      // Asked for with each frame of a zoom.
      if (pairs === shown && chosenDevices === shownDevices && chosenMetrics === shownMetrics) return
      if (pairs !== shown) devices.setItems(unique(pairs.map(({ device }) => device)))
      if (pairs !== shown || chosenDevices !== shownDevices) {
        const chosen = new Set(chosenDevices)
        const offered = pairs.filter(({ device }) => chosen.size === 0 || chosen.has(device))
        metrics.setItems(metricsOf(offered))
        metrics.setEmptyText(
          chosen.size === 0 ? 'Nothing to choose from.' : 'These devices have no value then.',
        )
      }
      ;[shown, shownDevices, shownMetrics] = [pairs, chosenDevices, chosenMetrics]
      // Clicks that have not been applied yet are not undone by values that come in.
      devices.setChosen(pending.devices ?? chosenDevices)
      metrics.setChosen(pending.metrics ?? chosenMetrics)
    },
  }
}

/** On a phone the lists are as high as the window: who opens a link wants to see the plots. Else they stand beside. */
export function foldOnPhones(state: 'chosen' | 'to choose'): void {
  const chooser = byId('chooser', HTMLDetailsElement)
  const narrow = matchMedia('(max-width: 820px)')
  chooser.open = !narrow.matches || state === 'to choose'
  narrow.addEventListener('change', () => {
    chooser.open = !narrow.matches
  })
}

const naturally = new Intl.Collator('en', { numeric: true })

/** Sorted again here: the answer is in order of devices, so metrics come in the order of the first device's. */
function metricsOf(pairs: readonly Pair[]): string[] {
  return unique(pairs.map(({ metric }) => metric)).sort(naturally.compare)
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)]
}

/** The metrics of these devices to begin with: powers, temperatures, other values with a unit, counters, the rest. */
export function metricsToBeginWith(pairs: readonly Pair[], devices: readonly string[]): string[] {
  const rank = (metric: string) => {
    const unit = unitOf(metric)
    if (isPower(unit)) return 0
    if (unit.symbol === '°C') return 1
    if (isCounter(metric)) return 3
    return unit.symbol === '' ? 4 : 2
  }
  const chosen = new Set(devices)
  return metricsOf(pairs.filter(({ device }) => chosen.has(device)))
    .sort((one, other) => rank(one) - rank(other))
    .slice(0, devices.length > manyDevices ? firstMetrics.many : firstMetrics.few)
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
