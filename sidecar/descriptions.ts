import { readdir } from 'node:fs/promises'
import { readDescription } from './description_fields.ts'
import type { Labels } from './sample.ts'
import type { DeviceUrl } from './urls.ts'
import {
  messages,
  type Problem,
  readYaml,
  whyUnreadable,
  type YamlFile,
  type YamlMapping,
} from './yaml_source.ts'

/** What metrics_dir says of one metric of one device. */
export interface Description {
  readonly name: string
  readonly deviceId: string
  readonly url: DeviceUrl
  /** The period in milliseconds, an integer of 10 or more. */
  readonly updateEveryMs: number
  /** Multiplies each value. */
  readonly scaleFactor: number
  readonly labels: Labels
  /** Polled only while promoted. */
  readonly optional: boolean
  /** Where it stands, for messages. */
  readonly source: Source
}

/** A place in a file; lines and columns count from 1. */
interface Source {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface LoadedDescriptions {
  /** The good ones; with errors, a caller that runs already keeps its former set instead. */
  readonly descriptions: readonly Description[]
  /** `file:line:column: sentence`, in the order of the files; a file that cannot be read has no line. */
  readonly errors: readonly string[]
}

/**
 * Reads `*.yml` and `*.yaml` of a directory, sorted by name, without hidden files. Each holds a list of
 * descriptions, or one, or nothing.
 *
 * Scalars are taken by their source text (`device_id: 042` is `042`); labels become text.
 */
export async function loadDescriptions(metricsDir: string): Promise<LoadedDescriptions> {
  const descriptions: Description[] = []
  const errors: string[] = []
  const seen = new Map<string, Source>()
  for (const path of await listFiles(metricsDir, errors)) {
    const file = await readYaml(path)
    if ('unreadable' in file) {
      errors.push(file.unreadable)
      continue
    }
    const problems = [...file.problems]
    for (const mapping of mappingsOf(file, problems)) {
      const description = readDescription(mapping, file, problems)
      if (description === undefined) continue
      const first = rememberIdentity(description, seen)
      if (first === undefined) descriptions.push(description)
      else problems.push({ at: mapping.at, sentence: duplicate(first) })
    }
    errors.push(...messages(file, problems))
  }
  return { descriptions, errors }
}

async function listFiles(directory: string, errors: string[]): Promise<string[]> {
  const prefix = directory.endsWith('/') ? directory : `${directory}/`
  try {
    const names = await readdir(directory)
    return names
      .filter(name => /^[^.].*\.ya?ml$/s.test(name))
      .sort()
      .map(name => prefix + name)
  } catch (error) {
    errors.push(`cannot read metrics_dir ${directory}: ${whyUnreadable(error)}`)
    return []
  }
}

function mappingsOf({ root }: YamlFile, problems: Problem[]): YamlMapping[] {
  if (root.kind === 'nothing') return []
  const items = root.kind === 'list' ? root.items : [root]
  for (const { kind, at } of items) {
    if (kind !== 'mapping') {
      const got = kind === 'scalar' ? 'text' : kind === 'list' ? 'a list' : 'nothing'
      problems.push({
        at,
        sentence: `a description must be a mapping (name: ..., device_id: ...), got ${got}`,
      })
    }
  }
  return items.filter(item => item.kind === 'mapping')
}

/** @returns the former place of a description of the same series; otherwise remembers this one */
function rememberIdentity({ name, deviceId, labels, source }: Description, seen: Map<string, Source>) {
  const sortedLabels = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  const identity = JSON.stringify([name, deviceId, sortedLabels])
  const first = seen.get(identity)
  if (first === undefined) seen.set(identity, source)
  return first
}

function duplicate({ file, line, column }: Source): string {
  return `name, device_id and labels are the same as in ${file}:${line}:${column}; give them different labels`
}
