/** What ipmi-sensors prints with --comma-separated-output --no-header-output --no-sensor-type-output. */

/** A sensor as one line shows it. */
export interface SensorRow {
  readonly id: number
  readonly name: string
  /** Undefined: N/A, as of a sensor that is switched off or has states only. */
  readonly reading: number | undefined
  /** The states in words of a sensor that has states and no number (`Fully Redundant`). */
  readonly states: string | undefined
}

/**
 * `id,name,reading,units,event`. Nothing is quoted but the event, and names and events may hold commas and
 * quotes themselves. The longest name that leaves a reading, a unit and an event is the right one, because no
 * event has a number behind a comma.
 */
const ROW =
  /^(?<id>\d{1,5}),(?<name>.*),(?<reading>N\/A|[-+]?\d+(?:\.\d+)?|[-+]?nan|[-+]?inf),(?<units>[^,]*),(?<event>'.*'|[^',]*)$/s

/** @returns undefined for a line of another form */
export function readRow(line: string): SensorRow | undefined {
  const fields = ROW.exec(line)?.groups
  if (fields === undefined) return undefined
  const { id, name = '', reading, units, event = '' } = fields
  const number = Number(reading)
  // A sensor of states has no unit; one with a unit whose reading is N/A has nothing to say.
  const hasStates = reading === 'N/A' && units === 'N/A' && event.startsWith("'")
  return {
    id: Number(id),
    name,
    reading: Number.isFinite(number) ? number : undefined,
    states: hasStates ? event.slice(1, -1).replaceAll("' '", ', ') : undefined,
  }
}

/** @returns whether the line says that a record id asked for does not exist; nothing else is printed then */
export function isUnknownRecord(line: string): boolean {
  return /^Sensor Record ID '\d+' not found$/.test(line)
}

/** Printed before the SDR is read from the BMC, which may take minutes; only where one host is asked. */
export function isCaching(complaint: string): boolean {
  return complaint.startsWith('Caching SDR')
}

/** The sentences of ipmi-sensors in ours, where they need more words. */
const EXPLANATIONS: ReadonlyMap<string, string> = new Map([
  ['connection timeout', 'no answer to IPMI'],
  ['session timeout', 'it fell silent'],
  ['password invalid', 'it refuses the password'],
  ['password verification timeout', 'it refuses the password, or fell silent'],
  ['username invalid', 'it does not know the user'],
  ['invalid hostname', 'the name cannot be resolved'],
  ['k_g invalid', 'it refuses the k_g of freeipmi.conf'],
  [
    'privilege level insufficient',
    'the user may not use IPMI at this level; try ?privilege=operator behind the sensor',
  ],
  [
    'privilege level cannot be obtained for this user',
    'the user may not use IPMI at this level; try ?privilege=operator, or ?workaround=opensesspriv, behind the sensor',
  ],
  [
    'cipher suite id unavailable',
    'it does not have the cipher suite; try ?cipher=17, or ?driver=LAN, behind the sensor',
  ],
  ['ipmi 2.0 unavailable', 'it does not speak IPMI 2.0; try ?driver=LAN behind the sensor'],
  ['BMC busy', 'it is busy (BMC busy)'],
])

/** @param complaint a line of standard error, without the host in front */
export function explain(complaint: string): string {
  const sentence = complaint.replace(/^ipmi-sensors: /, '').trim()
  const known = EXPLANATIONS.get(sentence)
  return known ?? `ipmi-sensors says: ${sentence.slice(0, 200)}`
}
