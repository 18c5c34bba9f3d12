/** What OpenIPMI's simulator is told about the sensors of a BMC (ipmi_sim_cmd(5)). */
import { join } from 'node:path'

/** A sensor; its value is raw x factor x 10^exponent. */
export interface SimulatedSensor {
  /** Also its record id, where the numbers count from 1. */
  readonly number: number
  readonly name: string
  readonly kind: keyof typeof KINDS
  /** What its file says first, 0 to 255; of a `state` sensor: the number of the state. */
  readonly raw: number
  readonly factor?: number
  readonly exponent?: number
  readonly scanning?: 'on' | 'off'
}

/** Sensor type, unit and entity (IPMI 2.0, tables 42-3, 43-15, 43-13), and the sign of the raw byte. */
const KINDS = {
  temperature: { type: 0x01, unit: 0x01, entity: 0x37, isSigned: true },
  fan: { type: 0x04, unit: 0x12, entity: 0x1d, isSigned: false },
  power: { type: 0x0b, unit: 0x06, entity: 0x07, isSigned: false },
  current: { type: 0x03, unit: 0x05, entity: 0x0a, isSigned: false },
  /** A power supply's states; it has no number. 0 is "Presence detected", 1 "Power Supply Failure detected". */
  state: { type: 0x08, unit: 0x00, entity: 0x0a, isSigned: false },
} as const

/** As on a real server: below zero, rare units, a name of two sensors, one that is off, one with states. */
export const usualSensors: readonly SimulatedSensor[] = [
  { number: 1, name: 'Inlet Temp', kind: 'temperature', raw: 23 },
  { number: 2, name: 'Outdoor Temp', kind: 'temperature', raw: 0xf6, factor: 5, exponent: -1 },
  { number: 3, name: 'Fan1 RPM', kind: 'fan', raw: 47, factor: 120 },
  { number: 4, name: 'Pwr Consumption', kind: 'power', raw: 45, factor: 4 },
  { number: 5, name: 'Current 1', kind: 'current', raw: 6, exponent: -1 },
  { number: 6, name: 'Temp', kind: 'temperature', raw: 41 },
  { number: 7, name: 'Temp', kind: 'temperature', raw: 43 },
  { number: 8, name: 'Exhaust Temp', kind: 'temperature', raw: 30, scanning: 'off' },
  { number: 9, name: "A,1.00,C,'OK'", kind: 'temperature', raw: 50 },
  { number: 10, name: 'PS1 Status', kind: 'state', raw: 0 },
]

/** @param folder where the simulator finds `sensor-N`, which holds the raw byte of sensor N */
export function emulatorCommands(sensors: readonly SimulatedSensor[], folder: string): string {
  return [
    'mc_setbmc 0x20',
    'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02',
    'sel_enable 0x20 1000 0x0a',
    ...sensors.flatMap(sensor => sensorCommands(sensor, join(folder, `sensor-${sensor.number}`))),
    'mc_enable 0x20',
    '',
  ].join('\n')
}

function sensorCommands(sensor: SimulatedSensor, file: string): string[] {
  const { number, kind, scanning = 'on' } = sensor
  const { type } = KINDS[kind]
  const noEvents = Array.from({ length: 4 }, () => '0'.repeat(15)).join(' ')
  const enabled = scanning === 'on' ? 'enable scanning' : 'disable no-scanning'
  const readings =
    kind === 'state'
      ? [`sensor_add 0x20 0 ${number} ${type} 0x6f`, `sensor_set_bit 0x20 0 ${number} ${sensor.raw} 1 0`]
      : [`sensor_add 0x20 0 ${number} ${type} 0x01 poll 500 file "${file}"`]
  return [
    ...readings,
    `sensor_set_event_support 0x20 0 ${number} ${enabled} per-state ${noEvents}`,
    `main_sdr_add 0x20 ${sensorRecord(sensor).join(' ')}`,
  ]
}

/** A full sensor record (IPMI 2.0, table 43-1), byte by byte. */
function sensorRecord({ number, name, kind, factor = 1, exponent = 0 }: SimulatedSensor): number[] {
  const { type, unit, entity, isSigned } = KINDS[kind]
  const hasStates = kind === 'state'
  const key = [0x20, 0, number]
  const entityAndKind = [entity, number, 0x7f, 0x68, type, hasStates ? 0x6f : 0x01]
  const masks = hasStates ? [3, 0, 3, 0, 3, 0] : [0, 0, 0, 0, 0, 0]
  const units = [hasStates ? 0xc0 : isSigned ? 0x80 : 0, unit, 0, 0]
  // value = (M x raw + B x 10^K1) x 10^K2; B, accuracy and K1 are 0.
  const conversion = [factor & 0xff, ((factor >> 8) & 3) << 6, 0, 0, 0, (exponent & 0xf) << 4]
  const analog = [0, 0, 0, 0, ...(isSigned ? [0x7f, 0x80] : [0xff, 0])]
  const thresholds = [0, 0, 0, 0, 0, 0, 0, 0]
  const id = [...Buffer.from(name, 'latin1')]
  const body = [
    ...key,
    ...entityAndKind,
    ...masks,
    ...units,
    ...conversion,
    ...analog,
    ...thresholds,
    0,
    0,
    0,
    0xc0 | id.length,
    ...id,
  ]
  return [0, 0, 0x51, 0x01, body.length, ...body]
}
