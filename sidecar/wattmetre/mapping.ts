import { nameProblem } from '../names.ts'
import { shownValue } from '../spelling.ts'
import {
  messages,
  type Place,
  type Problem,
  readYaml,
  type YamlEntry,
  type YamlFile,
  type YamlScalar,
} from '../yaml_source.ts'
import { portDevice } from './ports.ts'

/** What the ports of one wattmetre power. */
export interface Mapping {
  /** Device by port. */
  readonly devices: ReadonlyMap<number, string>
  /** `file:line:column` of each port, for messages. */
  readonly places: ReadonlyMap<number, string>
}

export const emptyMapping: Mapping = { devices: new Map(), places: new Map() }

export interface LoadedMapping {
  /** Good only where there are no errors. */
  readonly mapping: Mapping
  /** `file:line:column: sentence`, in the order of the file. */
  readonly errors: readonly string[]
}

/**
 * Reads a mapping file: `device_id: [wattmetre_id-portX, wattmetre_id-portY]`, one entry per device with the
 * ports that power it. One file may serve all wattmetres of a site: the ports of others are checked as well,
 * and passed over. A port powers one device.
 */
export async function loadMapping(path: string, wattmetreId: string): Promise<LoadedMapping> {
  const file = await readYaml(path)
  if ('unreadable' in file) return { mapping: emptyMapping, errors: [file.unreadable] }
  const problems = [...file.problems]
  const ports = readPorts(file, problems)
  const own = ports.filter(({ wattmetre }) => wattmetre === wattmetreId)
  const devices = new Map(own.map(({ port, device }) => [port, device]))
  const places = new Map(own.map(({ port, at }) => [port, placeIn(file, at)]))
  return { mapping: { devices, places }, errors: messages(file, problems) }
}

/** One port in the file. */
interface MappedPort {
  readonly wattmetre: string
  readonly port: number
  readonly device: string
  readonly at: number
}

function readPorts(file: YamlFile, problems: Problem[]): MappedPort[] {
  const { root } = file
  if (root.kind === 'nothing') return []
  if (root.kind !== 'mapping') {
    const sentence = `a mapping file holds lines of the form device_id: [${example}], got ${kindOf(root)}`
    problems.push({ at: root.at, sentence })
    return []
  }
  const first = new Map<string, Place>()
  return root.entries.flatMap(entry => readDevice(entry, file, first, problems))
}

const example = 'wattmetre-port1, wattmetre-port2'

/** @param first where each port stands first, up to here */
function readDevice(
  { key, keyAt, value }: YamlEntry,
  file: YamlFile,
  first: Map<string, Place>,
  problems: Problem[],
): MappedPort[] {
  const wrong = nameProblem(key)
  if (wrong !== undefined) problems.push({ at: keyAt, sentence: `a device_id ${wrong}` })
  if (value.kind !== 'list') {
    const sentence = `${shownValue(key)} must have a list of ports ([${example}]), got ${kindOf(value)}`
    problems.push({ at: keyAt, sentence })
    return []
  }
  return value.items.flatMap(item => {
    if (item.kind !== 'scalar') {
      problems.push({
        at: item.at,
        sentence: `a port must be a name like wattmetre-port1, got ${kindOf(item)}`,
      })
      return []
    }
    return readPort(item, key, file, first, problems)
  })
}

function readPort(
  { text, at }: YamlScalar,
  device: string,
  file: YamlFile,
  first: Map<string, Place>,
  problems: Problem[],
): MappedPort[] {
  const [, wattmetre, digits] = /^(.+)-port(0|[1-9]\d{0,5})$/s.exec(text) ?? []
  if (wattmetre === undefined || digits === undefined) {
    const sentence = `unknown port ${shownValue(text)}: a port is the wattmetre_id, -port and its number, counted from 0`
    problems.push({ at, sentence })
    return []
  }
  const before = first.get(text)
  if (before !== undefined) {
    const sentence = `${shownValue(text)} is listed twice (first in line ${before.line}): a port powers one device`
    problems.push({ at, sentence })
    return []
  }
  first.set(text, file.place(at))
  return [{ wattmetre, port: Number(digits), device, at }]
}

function kindOf({ kind }: { readonly kind: string }): string {
  if (kind === 'nothing') return 'nothing'
  return kind === 'scalar' ? 'text' : `a ${kind}`
}

function placeIn({ path, place }: YamlFile, at: number): string {
  const { line, column } = place(at)
  return `${path}:${line}:${column}`
}

/**
 * What a mapping says that the wattmetre does not have: known only when it has measured.
 *
 * @param ports how many the wattmetre has
 * @returns sentences, each with its place
 */
export function unknownPorts({ places }: Mapping, wattmetreId: string, ports: number): string[] {
  const unknown = [...places].filter(([port]) => port >= ports)
  return unknown.map(([port, place]) => {
    const name = portDevice(wattmetreId, port)
    return `${place}: ${name} is unknown: the wattmetre has ${ports} ports, ${portDevice(wattmetreId, 0)} to ${ports - 1}`
  })
}
