import type { Description } from './descriptions.ts'
import { isStorable, nameProblem } from './names.ts'
import { type Labels, sampleLabelKeys } from './sample.ts'
import { didYouMean, nearest, shownValue } from './spelling.ts'
import { BadUrl } from './url_parts.ts'
import { type DeviceUrl, parseDeviceUrl } from './urls.ts'
import type { Problem, YamlEntry, YamlFile, YamlMapping } from './yaml_source.ts'

const KEYS = ['name', 'device_id', 'url', 'update_every', 'scale_factor', 'labels', 'optional'] as const
type Key = (typeof KEYS)[number]

const DEFAULT_PERIOD_MS = 10_000
/** A shorter period is a mistaken unit (seconds). */
const SHORTEST_PERIOD_MS = 10
/** Node's timers hold 31 bits: 24.8 days. */
const LONGEST_PERIOD_MS = 2 ** 31 - 1
const LARGEST_LABELS_BYTES = 64 * 1024
/** Labels that kwollector itself gives to single samples. */
const RESERVED_LABELS: ReadonlySet<string> = new Set(sampleLabelKeys)

/**
 * Reads one description. Each reader below adds what is wrong with its key to the problems, at the key's place.
 *
 * @returns undefined where anything is wrong with it
 */
export function readDescription(
  mapping: YamlMapping,
  file: YamlFile,
  problems: Problem[],
): Description | undefined {
  const found: Problem[] = []
  const fields = readFields(mapping, found)
  const name = readName(fields.get('name'), found)
  const deviceId = readName(fields.get('device_id'), found)
  const url = readUrl(fields.get('url'), found)
  const updateEveryMs = readPeriod(fields.get('update_every'), found)
  const scaleFactor = readFactor(fields.get('scale_factor'), found)
  const labels = readLabels(fields.get('labels'), found)
  const optional = readOptional(fields.get('optional'), found)
  problems.push(...found)
  if (name === undefined || deviceId === undefined || url === undefined || found.length > 0) return undefined
  const source = { file: file.path, ...file.place(mapping.at) }
  return { name, deviceId, url, updateEveryMs, scaleFactor, labels, optional, source }
}

/** A key without a value counts as absent. */
function readFields({ entries, at }: YamlMapping, problems: Problem[]): ReadonlyMap<Key, YamlEntry> {
  const fields = new Map<Key, YamlEntry>()
  const guessed = new Set<string | undefined>()
  for (const entry of entries) {
    const key = KEYS.find(known => known === entry.key)
    if (key === undefined) {
      const sentence = `unknown key ${entry.key}${didYouMean(entry.key, KEYS)}`
      problems.push({ at: entry.keyAt, sentence })
      guessed.add(nearest(entry.key, KEYS))
    } else if (entry.value.kind !== 'nothing') {
      fields.set(key, entry)
    }
  }
  for (const key of ['name', 'device_id', 'url'] as const) {
    if (!fields.has(key) && !guessed.has(key)) problems.push({ at, sentence: `${key} is missing` })
  }
  return fields
}

/** @returns the text of a scalar that PostgreSQL can store */
function readText({ key, keyAt, value }: YamlEntry, problems: Problem[]): string | undefined {
  if (value.kind !== 'scalar') {
    const got = value.kind === 'nothing' ? 'nothing' : `a ${value.kind}`
    problems.push({ at: keyAt, sentence: `${key} must be text, got ${got}` })
  } else if (isStorable(value.text)) {
    return value.text
  } else {
    problems.push({ at: keyAt, sentence: `${key} holds a NUL or half of a surrogate pair` })
  }
  return undefined
}

function readName(entry: YamlEntry | undefined, problems: Problem[]): string | undefined {
  const text = entry && readText(entry, problems)
  if (entry === undefined || text === undefined) return undefined
  const what = nameProblem(text)
  if (what === undefined) return text
  problems.push({ at: entry.keyAt, sentence: `${entry.key} ${what}` })
  return undefined
}

function readUrl(entry: YamlEntry | undefined, problems: Problem[]): DeviceUrl | undefined {
  const text = entry && readText(entry, problems)
  if (entry === undefined || text === undefined) return undefined
  try {
    return parseDeviceUrl(text)
  } catch (error) {
    if (!(error instanceof BadUrl)) throw error
    problems.push({ at: entry.keyAt, sentence: error.message })
    return undefined
  }
}

function readPeriod(entry: YamlEntry | undefined, problems: Problem[]): number {
  if (entry === undefined) return DEFAULT_PERIOD_MS
  const period = readNumber(entry)
  const rule = periodRule(period)
  if (rule !== undefined) {
    problems.push({ at: entry.keyAt, sentence: `update_every must be ${rule}, got ${shown(entry)}` })
  }
  return period ?? DEFAULT_PERIOD_MS
}

/** @returns what a period must be, where it is not that */
function periodRule(period: number | undefined): string | undefined {
  if (period === undefined || period <= 0) return 'a positive number of milliseconds'
  if (!Number.isInteger(period)) return 'a whole number of milliseconds'
  if (period < SHORTEST_PERIOD_MS) return `${SHORTEST_PERIOD_MS} milliseconds or more`
  if (period > LONGEST_PERIOD_MS) return `${LONGEST_PERIOD_MS} milliseconds or less`
  return undefined
}

function readFactor(entry: YamlEntry | undefined, problems: Problem[]): number {
  if (entry === undefined) return 1
  const factor = readNumber(entry)
  if (factor === undefined) {
    problems.push({ at: entry.keyAt, sentence: `scale_factor must be a finite number, got ${shown(entry)}` })
  }
  return factor ?? 1
}

/** A finite decimal number; quotes are let pass, templates write them. 010 is eight for YAML 1.1: none. */
function readNumber({ value }: YamlEntry): number | undefined {
  if (value.kind !== 'scalar') return undefined
  if (!/^[-+]?(?:0|[1-9]\d*)?(?:\.\d*)?(?:e[-+]?\d+)?$/i.test(value.text) || !/\d/.test(value.text))
    return undefined
  const number = Number(value.text)
  return Number.isFinite(number) ? number : undefined
}

/** PyYAML, which read kwollect 1.0's files, took these words of YAML 1.1. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['no', false],
  ['off', false],
])

function readOptional(entry: YamlEntry | undefined, problems: Problem[]): boolean {
  if (entry === undefined) return false
  const optional = entry.value.kind === 'scalar' ? BOOLEANS.get(entry.value.text.toLowerCase()) : undefined
  if (optional === undefined) {
    problems.push({ at: entry.keyAt, sentence: `optional must be true or false, got ${shown(entry)}` })
  }
  return optional ?? false
}

/** A mapping of scalars; each becomes text as it is written, `true` as well as `1e3`. */
function readLabels(entry: YamlEntry | undefined, problems: Problem[]): Labels {
  if (entry === undefined) return {}
  if (entry.value.kind !== 'mapping') {
    problems.push({ at: entry.keyAt, sentence: `labels must be a mapping (key: value), got ${shown(entry)}` })
    return {}
  }
  const labels: [string, string][] = []
  for (const label of entry.value.entries) {
    const text = readLabel(label, problems)
    if (text !== undefined) labels.push([label.key, text])
  }
  // fromEntries, because an assignment to a label named __proto__ would be lost.
  const object = Object.fromEntries(labels)
  const bytes = Buffer.byteLength(JSON.stringify(object))
  if (bytes > LARGEST_LABELS_BYTES) {
    problems.push({
      at: entry.keyAt,
      sentence: `labels must have at most 64 KiB as JSON, got ${bytes} bytes`,
    })
  }
  return object
}

function readLabel(label: YamlEntry, problems: Problem[]): string | undefined {
  const { key, keyAt, value } = label
  if (key === '' || !isStorable(key)) {
    problems.push({
      at: keyAt,
      sentence: 'a label must have a name, without a NUL or half of a surrogate pair',
    })
  } else if (RESERVED_LABELS.has(key)) {
    problems.push({
      at: keyAt,
      sentence: `the label ${key} is reserved: kwollector gives it to single values`,
    })
  } else if (value.kind === 'nothing') {
    problems.push({ at: keyAt, sentence: `label ${key} has no value; write "" for an empty one` })
  } else {
    return readText({ ...label, key: `label ${key}` }, problems)
  }
  return undefined
}

/** The value as a message shows it; never called for a URL. */
function shown({ value }: YamlEntry): string {
  if (value.kind === 'nothing') return 'nothing'
  if (value.kind !== 'scalar') return `a ${value.kind}`
  return shownValue(value.text)
}
