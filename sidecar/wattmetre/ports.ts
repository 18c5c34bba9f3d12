import type { Promotable } from '../promoted.ts'
import type { Labels, Series } from '../sample.ts'

/** The metric that all ports have. */
const powerMetric = 'wattmetre_power_watt'

/** One port of the wattmetre: its series, and what a promotion is about. */
export interface Port extends Series, Promotable {
  /** Counted from 0. */
  readonly number: number
}

/** @returns the device that the database knows a port by */
export function portDevice(wattmetreId: string, port: number): string {
  return `${wattmetreId}-port${port}`
}

/** The ports of a wattmetre under one mapping: the same object for the same port, so that its series is known. */
export class Ports {
  readonly #wattmetreId: string
  readonly #devices: ReadonlyMap<number, string>
  readonly #ports: Port[] = []

  /** @param devices what each mapped port powers */
  constructor(wattmetreId: string, devices: ReadonlyMap<number, string>) {
    this.#wattmetreId = wattmetreId
    this.#devices = devices
  }

  at(port: number): Port {
    for (let number = this.#ports.length; number <= port; number += 1) this.#ports.push(this.#make(number))
    return this.#ports[port] ?? this.#make(port)
  }

  /** @returns the first ports */
  upTo(count: number): readonly Port[] {
    return Array.from({ length: count }, (_, port) => this.at(port))
  }

  #make(number: number): Port {
    const device = this.#devices.get(number)
    const labels: Labels = device === undefined ? {} : { _device_alias: device }
    const deviceId = portDevice(this.#wattmetreId, number)
    return { number, deviceId, metricId: powerMetric, name: powerMetric, labels }
  }
}
