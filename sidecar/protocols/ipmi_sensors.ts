import type { Description } from '../descriptions.ts'
import type { SensorRow } from './ipmi_output.ts'

/** The sensors that a BMC has, as its SDR lists them. */
export interface SensorList {
  readonly nameOf: ReadonlyMap<number, string>
  /** Unix milliseconds. */
  readonly takenAt: number
  /** Why the rest of it is not known, where it is not whole. */
  readonly brokenOff: string | undefined
}

export function sensorList(rows: readonly SensorRow[], takenAt: number, brokenOff?: string): SensorList {
  return { nameOf: new Map(rows.map(({ id, name }) => [id, name])), takenAt, brokenOff }
}

/** @returns the record id of the sensor that a description means, or why there is none */
export function findSensor(description: Description, list: SensorList): number | { readonly reason: string } {
  const sensor = sensorOf(description)
  if (typeof sensor === 'number') {
    if (list.nameOf.has(sensor)) return sensor
    return { reason: list.brokenOff ?? `the BMC has no sensor with the record id ${sensor}` }
  }
  const ids = [...list.nameOf].filter(([, name]) => name === sensor).map(([id]) => id)
  const [id] = ids
  if (id === undefined) return { reason: list.brokenOff ?? `the BMC has no sensor named ${sensor}` }
  if (ids.length === 1) return id
  return {
    reason: `${ids.length} sensors are named ${sensor}; write the record id of one in place of the name: ${ids.join(', ')}`,
  }
}

/** @returns whether a sensor has come, gone or been renamed since */
export function isOutdated(list: SensorList, rows: readonly SensorRow[]): boolean {
  return rows.some(({ id, name }) => list.nameOf.get(id) !== name)
}

function sensorOf({ url, name }: Description): number | string {
  // The sidecar opens one host for each protocol and address; another protocol here is its mistake.
  if (url.protocol !== 'ipmisensor') throw new TypeError(`${name} is not read by IPMI`)
  return url.sensor
}
