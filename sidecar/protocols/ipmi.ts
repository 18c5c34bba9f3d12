/** Sensors of BMCs by IPMI, through FreeIPMI's ipmi-sensors. */
import type { Description } from '../descriptions.ts'
import type { IpmiUrl } from '../ipmi_url.ts'
import type { Sample, Series } from '../sample.ts'
import type { BmcRequest, IpmiDispatcher } from './ipmi_dispatcher.ts'
import type { BmcAnswer } from './ipmi_job.ts'
import { findSensor, isOutdated, type SensorList, sensorList } from './ipmi_sensors.ts'
import { type Host, HostBusy, HostUnreachable, type Poll, type PollResult } from './protocol.ts'

/** A BMC and how it is spoken to. User and password are secrets: they appear in no message. */
export type Bmc = Pick<IpmiUrl, 'host' | 'port' | 'access'>

export interface IpmiDependencies {
  readonly dispatcher: Pick<IpmiDispatcher, 'ask'>
  /** Unix milliseconds, a fraction is allowed. */
  readonly now: () => number
}

/**
 * How old a list of sensors may be that lacks one which is described. Not shorter: on a slow BMC taking the list
 * costs some polls. A new SDR comes with a restart of the BMC, after which the list is taken again anyway.
 */
const LIST_MS = 3_600_000

const STILL_SENDING =
  'the BMC sends the list of its sensors (SDR) or its answer for longer than a poll may last; it is waited for'

/**
 * Reads sensors of one BMC. The first poll lists all of its sensors; later ones read those described, by record
 * id, which costs the BMC a fraction of the time.
 *
 * A reading of N/A (a fan of a node that is off) is no sample. It is `missing` only until the first value: it
 * comes and goes with the node's power and would fill the log. A sensor without a number gives NaN and its
 * states in words.
 */
export function openIpmiHost(bmc: Bmc, dependencies: IpmiDependencies): Host {
  return new IpmiHost(bmc, dependencies)
}

class IpmiHost implements Host {
  readonly #target: string
  readonly #access: Bmc['access']
  readonly #dispatcher: IpmiDependencies['dispatcher']
  readonly #now: () => number
  readonly #seriesOf = new WeakMap<Description, Series>()
  readonly #hadValue = new WeakSet<Description>()
  #sensors: SensorList | undefined
  /** Whether the last question was answered in full. */
  #answered = false
  /** A question that outlasted its poll. */
  #late: Promise<BmcAnswer> | undefined

  constructor({ host, port, access }: Bmc, { dispatcher, now }: IpmiDependencies) {
    // With the port always there: ipmi-sensors takes a bare localhost for this machine's own BMC.
    this.#target = `${host.includes(':') ? `[${host}]` : host}:${port}`
    this.#access = access
    this.#dispatcher = dispatcher
    this.#now = now
  }

  async poll(poll: Poll): Promise<PollResult> {
    const deadline = performance.now() + poll.timeoutMs
    await this.#untilFree(deadline)
    if (this.#sensors !== undefined && !this.#lacksOne(this.#sensors, poll.descriptions)) {
      const result = await this.#read(this.#sensors, poll, deadline)
      if (result !== undefined) return result
    }
    const answer = await this.#ask('all', poll, deadline)
    if (answer.rows.length === 0) throw new HostUnreachable(answer.failure ?? 'the BMC has no sensors')
    const list = sensorList(answer.rows, this.#now(), answer.failure)
    return this.#result(poll, list, answer)
  }

  /** Nothing is open between polls; a list that is still on its way ends by itself or with the signal of its poll. */
  close(): void {}

  /** @returns undefined where the BMC's sensors are no longer those of the list */
  async #read(list: SensorList, poll: Poll, deadline: number): Promise<PollResult | undefined> {
    const found = poll.descriptions.map(description => findSensor(description, list))
    const records = [...new Set(found.filter(id => typeof id === 'number'))].sort((a, b) => a - b)
    if (records.length === 0) return this.#result(poll, list, undefined)
    const answer = await this.#ask(records, poll, deadline)
    if (answer.isUnknownRecord || isOutdated(list, answer.rows)) {
      this.#sensors = undefined
      return undefined
    }
    if (answer.rows.length === 0) throw new HostUnreachable(answer.failure ?? 'no sensor was read')
    return this.#result(poll, list, answer)
  }

  /** Whether the list is to be taken again: the sensor that it lacks may have come with a new SDR. */
  #lacksOne(list: SensorList, descriptions: readonly Description[]): boolean {
    if (this.#answered && this.#now() - list.takenAt < LIST_MS) return false
    return descriptions.some(description => typeof findSensor(description, list) !== 'number')
  }

  async #ask(records: BmcRequest['records'], poll: Poll, deadline: number): Promise<BmcAnswer> {
    const asked = this.#dispatcher.ask({
      target: this.#target,
      access: this.#access,
      records,
      company: this.#answered && records !== 'all' ? 'together' : 'alone',
      timeoutMs: poll.timeoutMs,
      deadline,
      signal: poll.signal,
    })
    const settled = asked.then(answer => {
      this.#answered = answer.failure === undefined
      if (records === 'all' && this.#answered) this.#sensors = sensorList(answer.rows, this.#now())
      return answer
    })
    const answer = await within(settled, deadline)
    if (answer !== undefined) return answer
    this.#late = settled
    throw new HostBusy(STILL_SENDING)
  }

  /** A second session beside one that reads the SDR would slow both down. */
  async #untilFree(deadline: number): Promise<void> {
    if (this.#late === undefined) return
    if ((await within(this.#late, deadline)) === undefined) throw new HostBusy(STILL_SENDING)
    this.#late = undefined
  }

  #result(poll: Poll, list: SensorList, answer: BmcAnswer | undefined): PollResult {
    const rows = new Map(answer?.rows.map(row => [row.id, row]))
    const timestamp = Math.round((answer?.sentAt ?? this.#now()) * 1000)
    const samples: Sample[] = []
    const missing: { description: Description; reason: string }[] = []
    for (const description of poll.descriptions) {
      const sensor = findSensor(description, list)
      const row = typeof sensor === 'number' ? rows.get(sensor) : undefined
      const value = row && (row.reading ?? row.states)
      if (value !== undefined) {
        this.#hadValue.add(description)
        samples.push({ ...scaled(value, description), timestamp, series: this.#series(description) })
      } else if (typeof sensor !== 'number') {
        missing.push({ description, reason: sensor.reason })
      } else if (row === undefined) {
        missing.push({ description, reason: answer?.failure ?? 'ipmi-sensors left the sensor out' })
      } else if (!this.#hadValue.has(description)) {
        missing.push({ description, reason: 'the sensor reads N/A, as while the machine is off' })
      }
    }
    return { samples, missing, warnings: warningsOf(answer) }
  }

  #series(description: Description): Series {
    let series = this.#seriesOf.get(description)
    if (series === undefined) {
      const { deviceId, name: metricId, labels } = description
      series = { deviceId, metricId, labels }
      this.#seriesOf.set(description, series)
    }
    return series
  }
}

function scaled(value: number | string, { scaleFactor }: Description): Pick<Sample, 'value' | 'labels'> {
  if (typeof value === 'number') return { value: value * scaleFactor }
  return { value: Number.NaN, labels: { value_str: value } }
}

function warningsOf(answer: BmcAnswer | undefined): readonly string[] {
  const [line] = answer?.unreadable ?? []
  return line === undefined ? [] : [`ipmi-sensors printed a line that is no sensor: ${line.slice(0, 200)}`]
}

/** @returns undefined when the moment came first, in the milliseconds of `performance.now()` */
async function within<T>(promise: Promise<T>, deadline: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>(resolve => {
    // A little later: the dispatcher gives up at the same moment, and says why.
    timer = setTimeout(() => resolve(undefined), Math.max(0, deadline - performance.now()) + 20)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
