import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Description } from '../../sidecar/descriptions.ts'
import { openIpmiHost } from '../../sidecar/protocols/ipmi.ts'
import { IpmiDispatcher, type IpmiOptions } from '../../sidecar/protocols/ipmi_dispatcher.ts'
import type { PollResult } from '../../sidecar/protocols/protocol.ts'
import { parseDeviceUrl } from '../../sidecar/urls.ts'
import { temporaryFolder } from '../harness/folders.ts'
import type { Scope } from '../harness/scope.ts'
import { sensorUrl } from '../peers/ipmi_sim.ts'

const now = () => performance.timeOrigin + performance.now()

/** A signal that never stops a poll. */
const running = new AbortController().signal

export type Place = { readonly host: string; readonly port: number; readonly password?: string }

/** A dispatcher with its SDRs in a folder that goes with the scope, and without the machine's freeipmi.conf. */
export function newDispatcher(scope: Scope, options: Partial<IpmiOptions> = {}): IpmiDispatcher {
  const sdrFolder = temporaryFolder(scope)
  return new IpmiDispatcher({ sdrFolder, processes: 8, now, siteConfiguration: '/dev/null', ...options })
}

/** The description of one sensor; its metric is named after it. */
export function describeSensor(
  url: string,
  sensor: number | string,
  changes: Partial<Description> = {},
): Description {
  return {
    name: `metric_${sensor}`,
    deviceId: 'node-1',
    url: parseDeviceUrl(url),
    updateEveryMs: 1000,
    scaleFactor: 1,
    labels: {},
    optional: false,
    source: { file: 'node-1.yml', line: 1, column: 1 },
    ...changes,
  }
}

export function openHost(
  dispatcher: Pick<IpmiDispatcher, 'ask'>,
  bmc: Place,
  urlOf: (sensor: number | string) => string = sensor => sensorUrl(bmc, sensor),
) {
  const url = parseDeviceUrl(urlOf(1))
  if (url.protocol !== 'ipmisensor') throw new TypeError(url.protocol)
  const host = openIpmiHost(url, { dispatcher, now })
  return {
    poll: (descriptions: readonly Description[]) =>
      host.poll({ descriptions, timeoutMs: 5000, signal: running }),
    read: (sensors: readonly (number | string)[], timeoutMs = 5000, signal = running) =>
      host.poll({
        descriptions: sensors.map(sensor => describeSensor(urlOf(sensor), sensor)),
        timeoutMs,
        signal,
      }),
  }
}

/** Value, or states where the value is none, by sensor. */
export function valuesOf(result: PollResult): Record<string, number | string | undefined> {
  return Object.fromEntries(
    result.samples.map(sample => [
      sample.series.metricId.replace('metric_', ''),
      Number.isNaN(sample.value) ? sample.labels?.value_str : sample.value,
    ]),
  )
}

/** A process of this test, of the program asked for. */
interface ChildProcess {
  readonly pid: number
  readonly group: number
  readonly arguments: string
}

/** Children of this process that run a program. */
export function childrenRunning(program: string): ChildProcess[] {
  return readdirSync('/proc').flatMap(name => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(parent) !== process.pid || !readlinkSync(`/proc/${name}/exe`).endsWith(`/${program}`))
        return []
      return [
        { pid: Number(name), group: Number(group), arguments: readFileSync(`/proc/${name}/cmdline`, 'utf8') },
      ]
    } catch {
      // No process, or one that has just ended.
      return []
    }
  })
}
