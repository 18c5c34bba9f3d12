import type { Energy, Job, MetricEnergy } from './api.ts'
import { element } from './dom.ts'
import { formatShare, inJoules, inWattHours } from './energy_texts.ts'
import { showNotice } from './notice.ts'
import type { Notice } from './reasons.ts'
import { foldedTable, makeTable } from './tables.ts'
import { localTime, spokenDuration } from './time.ts'
import { formatValue } from './units.ts'

/** The section above the plots that tells a job's energy: a sentence for each metric, and a table of its nodes. */
export class JobEnergyView {
  readonly #host: HTMLElement
  readonly #title = element('h2', { id: 'job-energy-title' })
  readonly #note = element('span', { class: 'note' })
  readonly #message = element('p', { class: 'message' })
  readonly #notice = element('div')
  readonly #list = element('div')
  /** By metric: an opened table stays open when newer figures come. */
  #blocks = new Map<string, Block>()

  constructor(host: HTMLElement) {
    this.#host = host
  }

  /** Keeps the place of an answer, so that the plots below do not jump when it comes; undefined takes it away. */
  expect(job: Job | undefined): void {
    this.#host.hidden = job === undefined
    this.#host.replaceChildren()
    if (job === undefined) return
    const header = element('header', {}, this.#title, this.#note)
    this.#host.append(header, this.#message, this.#notice, this.#list)
    this.#title.textContent = `Energy of job ${job.id}`
    this.#say('Added up once the plots are here …')
    this.#arrange([])
  }

  show(job: Job, energies: readonly MetricEnergy[]): void {
    this.#say(energies.length === 0 ? nothingKnown : '')
    this.#note.textContent = [
      job.isRunning ? `so far, until ${localTime(job.span.end)}` : '',
      energies.length > 1 ? 'alternatives: each metric measures the nodes by itself' : '',
    ]
      .filter(Boolean)
      .join(', ')
    this.#arrange(energies.map(({ metric }) => metric))
    for (const energy of energies) this.#blocks.get(energy.metric)?.show(energy, job)
  }

  /** Instead of figures: why there are none. */
  explain(notice: Notice, retry: () => void): void {
    this.#say('')
    this.#arrange([])
    showNotice(this.#notice, notice, retry)
  }

  #say(text: string): void {
    this.#message.textContent = text
    this.#message.hidden = text === ''
    this.#note.textContent = ''
    showNotice(this.#notice, undefined)
  }

  #arrange(metrics: readonly string[]): void {
    const before = this.#blocks
    this.#blocks = new Map(metrics.map(metric => [metric, before.get(metric) ?? makeBlock(metric)]))
    const roots = [...this.#blocks.values()].map(({ root }) => root)
    // What stays in its place keeps its focus.
    if (roots.length !== before.size || roots.some((root, index) => this.#list.children[index] !== root))
      this.#list.replaceChildren(...roots)
  }
}

const nothingKnown =
  'It is not known: no power and no energy counter of its nodes has a value in its time. Metrics count as such whose names end in …_watt, …_joules_total or …_watthour_total.'

interface Block {
  readonly root: HTMLElement
  show(energy: MetricEnergy, job: Job): void
}

function makeBlock(metric: string): Block {
  const sentence = element('p', { class: 'sentence' })
  const { details, table } = foldedTable('Nodes', `Energy of each node by ${metric}`)
  let render = () => {}
  details.addEventListener('toggle', () => render())
  return {
    root: element('div', { class: 'below' }, sentence, details),
    show: (energy, job) => {
      sentence.replaceChildren(...sentenceOf(energy, job))
      render = () => {
        if (details.open) table.replaceChildren(nodesTable(energy, job))
      }
      render()
    },
  }
}

const methods = { counter: 'from an energy counter', power: 'from power by trapezoid' } as const

/**
 * "power_watt of 2 of 3 nodes: 40 Wh (144 kJ) from power by trapezoid; data for 85 % of the time, longest gap 3 min",
 * with the energy in bold
 */
function sentenceOf({ metric, nodes, total, source }: MetricEnergy, job: Job): (Node | string)[] {
  const silent = silentNodes(nodes, job).length
  const count = silent > 0 ? `${nodes.length} of ${nodes.length + silent}` : nodes.length
  const whose = nodes.length + silent === 1 ? '1 node' : `${count} nodes`
  const energy = Number.isNaN(total.joules)
    ? 'not measured'
    : `${inWattHours(total.joules)} (${inJoules(total.joules)})`
  const method = Number.isNaN(total.joules) ? '' : ` ${methods[source]}`
  const gap = total.longestGap > 0 ? `longest gap ${gapText(total)}` : 'no gap'
  return [
    element('bdi', {}, metric),
    ` of ${whose}: `,
    element('strong', {}, energy),
    `${method}; data for ${formatShare(total.coveredShare)} of the time, ${gap}`,
  ]
}

/** The nodes of the job that have no value: the total is without them. */
function silentNodes(nodes: MetricEnergy['nodes'], job: Job): string[] {
  const known = new Set(nodes.map(({ node }) => node))
  return job.nodes.filter(node => !known.has(node))
}

function nodesTable({ metric, nodes, total }: MetricEnergy, job: Job): HTMLTableElement {
  return makeTable(
    `Energy of the nodes of job ${job.id} by ${metric}`,
    ['Node', 'Energy (Wh)', 'Energy (J)', 'Time with data', 'Longest gap', 'Values'],
    [
      ...nodes.map(energy => ({ name: energy.node, cells: cellsOf(energy) })),
      ...silentNodes(nodes, job).map(name => ({ name, cells: ['–', '–', 'none', '–', '0'] })),
    ],
    { name: 'All nodes', cells: cellsOf(total) },
  )
}

function cellsOf(energy: Energy): string[] {
  const { joules, seconds, coveredShare, longestGap, samples } = energy
  return [
    inWattHours(joules),
    inJoules(joules),
    `${formatShare(coveredShare)} of ${spokenDuration(seconds)}`,
    longestGap > 0 ? gapText(energy) : 'none',
    samples.toLocaleString('en'),
  ]
}

/** Before the first value and behind the last a gap may be short. */
function gapText({ longestGap }: Energy): string {
  return longestGap < 1
    ? formatValue(longestGap, { symbol: 's', prefixes: 'duration' })
    : spokenDuration(longestGap)
}
