import type { OptionDefinition, OptionDefinitions } from './config.ts'
import { didYouMean, nearest } from './spelling.ts'
import { messages, type Place, readYaml, type YamlEntry } from './yaml_source.ts'

/** A value as somebody wrote it, before its type is checked. */
export interface Given {
  readonly text: string
  /** How a message names it: `--db_port`, `KWOLLECT_DB_PORT`, `kwollector.yaml:3:1: db_port`. */
  readonly origin: string
}

/** What one source (command line, environment or file) says. */
export interface Level {
  /** By the name of the option, or `<secret>_file`. */
  readonly given: ReadonlyMap<string, Given>
  readonly errors: readonly string[]
  /** Names that a misspelt one was probably meant to be: that they are missing is not reported again. */
  readonly guessed: ReadonlySet<string>
}

export interface CommandLine extends Level {
  readonly asks: 'help' | 'version' | 'run'
  readonly file: string | undefined
}

/** The names that a source may use: every option, and `<secret>_file` for every secret. */
function namesOf(options: OptionDefinitions): ReadonlyMap<string, OptionDefinition> {
  const names = new Map<string, OptionDefinition>()
  for (const [name, definition] of Object.entries(options)) {
    names.set(name, definition)
    if (definition.kind === 'secret') names.set(`${name}_file`, PATH)
  }
  return names
}

const PATH: OptionDefinition = { kind: 'text', help: 'path of a file that holds the secret' }

/**
 * Reads `--name value`, `--name=value`, flags, and one positional argument.
 *
 * Not through node:util's parseArgs: it swallows the next option as the value of one that lacks its own,
 * knows a name in one spelling only, and all its errors would have to be found again to be worded without
 * values. Of an option given twice the last one counts, so that a wrapper's options can be overridden.
 */
export function readCommandLine(options: OptionDefinitions, argv: readonly string[]): CommandLine {
  const names = namesOf(options)
  const given = new Map<string, Given>()
  const errors: string[] = []
  const guessed = new Set<string>()
  const positional: string[] = []
  let asks: CommandLine['asks'] = 'run'

  const rest = [...argv]
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--') {
      positional.push(...rest.splice(0))
    } else if (argument === '--help' || argument === '-h') {
      asks = 'help'
    } else if (argument === '--version') {
      if (asks === 'run') asks = 'version'
    } else if (argument.startsWith('--')) {
      readOption(argument)
    } else if (argument.startsWith('-') && argument !== '-') {
      errors.push('an argument begins with one hyphen; options are words with two, see --help')
    } else {
      positional.push(argument)
    }
  }
  if (positional.length > 1) {
    errors.push(`one file at most may be given, got ${positional.length}; a value with blanks needs quotes`)
    // None of them is read: the words may be parts of a password, and a file not found is named.
    for (const name of names.keys()) guessed.add(name)
  }
  return { given, errors, guessed, asks, file: positional.length > 1 ? undefined : positional[0] }

  function readOption(argument: string): void {
    const [, spelling = '', inline] = /^--([^=]*)(?:=(.*))?$/s.exec(argument) ?? []
    const name = spelling.replaceAll('-', '_')
    const definition = names.get(name)
    const meant = definition === undefined ? nearest(name, names.keys()) : name
    const isFlag = meant !== undefined && names.get(meant)?.kind === 'flag'
    // The word behind an unknown option is taken for its value, which may be a secret, and not for the file.
    const takesNext = inline === undefined && !isFlag && rest[0] !== undefined && !rest[0].startsWith('--')
    const value = inline ?? (takesNext ? rest.shift() : undefined)
    if (definition === undefined) {
      errors.push(`unknown option --${spelling}${didYouMean(name, names.keys(), '--')}`)
      for (const missed of meant === undefined ? names.keys() : [meant]) guessed.add(missed)
    } else if (value === undefined && isFlag) {
      given.set(name, { text: 'true', origin: `--${name}` })
    } else if (value === undefined || value === '') {
      errors.push(`--${name} needs a value (--${name}=VALUE if it begins with two hyphens)`)
      guessed.add(name)
    } else {
      given.set(name, { text: value, origin: `--${name}` })
    }
  }
}

/**
 * Takes `KWOLLECT_<NAME>`. An empty variable counts as absent, because systemd and compose files hand an unset
 * one over as empty; a variable of another name belongs to another command.
 */
export function readEnvironment(
  options: OptionDefinitions,
  environment: Readonly<Record<string, string | undefined>>,
): Level {
  const given = new Map<string, Given>()
  for (const name of namesOf(options).keys()) {
    const origin = `KWOLLECT_${name.toUpperCase()}`
    const text = environment[origin]
    if (text !== undefined && text !== '') given.set(name, { text, origin })
  }
  return { given, errors: [], guessed: new Set() }
}

/** Reads the YAML file: one mapping of options. A key without a value, or with an empty one, counts as absent. */
export async function readFileLevel(options: OptionDefinitions, path: string): Promise<Level> {
  const file = await readYaml(path)
  const names = namesOf(options)
  const given = new Map<string, Given>()
  const guessed = new Set<string>()
  // What a broken file may say is not missing.
  if ('unreadable' in file) return { given, errors: [file.unreadable], guessed: new Set(names.keys()) }
  if (file.broken) return { given, errors: messages(file, file.problems), guessed: new Set(names.keys()) }

  const problems = [...file.problems]
  const { root } = file
  if (root.kind === 'scalar' || root.kind === 'list') {
    problems.push({ at: root.at, sentence: 'the file must be a mapping of options (name: value)' })
  }
  for (const entry of root.kind === 'mapping' ? root.entries : []) readEntry(entry, file.place(entry.keyAt))
  return { given, errors: messages(file, problems), guessed }

  function readEntry({ key, keyAt, value }: YamlEntry, { line, column }: Place): void {
    const definition = names.get(key)
    if (definition === undefined) {
      problems.push({ at: keyAt, sentence: `unknown key ${key}${didYouMean(key, names.keys())}` })
      const meant = nearest(key, names.keys())
      if (meant !== undefined) guessed.add(meant)
    } else if (value.kind === 'list' || value.kind === 'mapping') {
      const sentence = `${key} must be ${expectation(definition)}, got a ${value.kind}`
      problems.push({ at: keyAt, sentence })
      guessed.add(key)
    } else if (value.kind === 'scalar' && value.text !== '') {
      given.set(key, { text: value.text, origin: `${path}:${line}:${column}: ${key}` })
    }
  }
}

/** @returns what a value must be, to stand behind "must be" */
export function expectation(definition: OptionDefinition): string {
  const { kind, minimum, maximum, choices = [] } = definition
  if (kind === 'flag') return 'true or false'
  if (kind === 'choice') return `one of ${choices.join(', ')}`
  if (kind !== 'integer') return 'text'
  if (minimum !== undefined && maximum !== undefined) return `a whole number from ${minimum} to ${maximum}`
  if (minimum !== undefined) return `a whole number of ${minimum} or more`
  return maximum === undefined ? 'a whole number' : `a whole number of ${maximum} or less`
}
