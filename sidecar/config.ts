import { helpText, versionText } from './config_help.ts'
import {
  expectation,
  type Given,
  type Level,
  readCommandLine,
  readEnvironment,
  readFileLevel,
} from './config_sources.ts'
import { shownValue } from './spelling.ts'
import { readText } from './yaml_source.ts'

/** One option of a command. Its name has underscores; a secret also has `<name>_file`, the path of a file. */
export interface OptionDefinition {
  readonly kind: 'text' | 'integer' | 'secret' | 'flag' | 'choice'
  /** A phrase for `--help`, without a full stop. */
  readonly help: string
  readonly default?: string | number
  /** Of kind choice: the words allowed. */
  readonly choices?: readonly string[]
  /** Of kind integer: the bounds, both allowed. */
  readonly minimum?: number
  readonly maximum?: number
  /** Its absence is an error. */
  readonly required?: true
  /** The value's name in `--help`, such as DIR. */
  readonly placeholder?: string
}

export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>

export interface Command<Definitions extends OptionDefinitions> {
  readonly name: string
  /** A phrase for `--help`, without a full stop. */
  readonly summary: string
  readonly options: Definitions
}

/** The values by option: boolean, number or text; undefined only where there is neither default nor duty. */
export type OptionValues<Definitions extends OptionDefinitions> = {
  readonly [Name in keyof Definitions]: Value<Definitions[Name]> | Absent<Definitions[Name]>
}

type Value<Definition extends OptionDefinition> = Definition['kind'] extends 'flag'
  ? boolean
  : Definition['kind'] extends 'integer'
    ? number
    : Definition extends { readonly kind: 'choice'; readonly choices: readonly (infer Choice)[] }
      ? Choice
      : string

type Absent<Definition extends OptionDefinition> = Definition extends
  | { readonly kind: 'flag' }
  | { readonly required: true }
  | { readonly default: string | number }
  ? never
  : undefined

/** What a command is to do: run with values, or print a text and end with status 0. */
export type Invocation<Definitions extends OptionDefinitions> =
  | {
      readonly kind: 'run'
      readonly values: OptionValues<Definitions>
      /** The YAML file that was named, as it was named. */
      readonly file: string | undefined
    }
  | { readonly kind: 'print'; readonly text: string }

/** Options that cannot be used. The message has every error on a line of its own and no secret: print it, exit 2. */
export class BadConfiguration extends Error {
  override name = 'BadConfiguration'
}

/**
 * Reads the options of a command: command line, then environment (`KWOLLECT_<OPTION>`), then the YAML file that
 * is the one positional argument, then the default. All three are checked in full, whichever wins.
 *
 * Underscores and hyphens are the same on the command line. Empty variables of the environment and empty
 * values in the file count as absent; on the command line an empty value is an error. Paths are relative to
 * the working directory, wherever they stand.
 *
 * @param argv without the program: `process.argv.slice(2)`
 * @throws {BadConfiguration} with all errors at once
 */
export async function readOptions<const Definitions extends OptionDefinitions>(
  command: Command<Definitions>,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Invocation<Definitions>> {
  const { options } = command
  const line = readCommandLine(options, argv)
  if (line.asks === 'help') return { kind: 'print', text: helpText(command) }
  if (line.asks === 'version') return { kind: 'print', text: versionText(command) }
  const levels: Level[] = [line, readEnvironment(options, environment)]
  if (line.file !== undefined) levels.push(await readFileLevel(options, line.file))

  const errors = levels.flatMap(level => level.errors)
  const values: Record<string, Converted> = {}
  for (const [name, definition] of Object.entries(options)) {
    const found = await readOption(name, definition, levels)
    errors.push(...found.errors)
    values[name] = found.value
  }
  if (errors.length > 0) throw new BadConfiguration(errors.join('\n'))
  // The loop gives each name the type that its definition says; TypeScript cannot follow it.
  return { kind: 'run', values: values as OptionValues<Definitions>, file: line.file }
}

type Converted = string | number | boolean | undefined

interface Found {
  readonly value: Converted
  readonly errors: readonly string[]
}

/** Finds one option in the levels, first one first; every level's value is checked. */
async function readOption(
  name: string,
  definition: OptionDefinition,
  levels: readonly Level[],
): Promise<Found> {
  const values: Converted[] = []
  const errors: string[] = []
  for (const { given } of levels) {
    const direct = given.get(name)
    const inFile = definition.kind === 'secret' ? given.get(`${name}_file`) : undefined
    if (direct !== undefined && inFile !== undefined) {
      errors.push(`${inFile.origin} cannot be given together with ${name}: give one of them`)
      values.push(undefined)
    } else if (inFile !== undefined) {
      // A file that is overridden need not be readable.
      const secret = values.length === 0 ? await readSecret(inFile) : { value: undefined, errors: [] }
      errors.push(...secret.errors)
      values.push(secret.value)
    } else if (direct !== undefined) {
      const value = convert(definition, direct.text)
      if (value === undefined) errors.push(mismatch(definition, direct))
      values.push(value)
    }
  }
  if (values.length > 0) return { value: values[0], errors }
  if (definition.required && !levels.some(level => isGuessed(name, level)))
    errors.push(missing(name, definition))
  return { value: definition.kind === 'flag' ? false : definition.default, errors }
}

function isGuessed(name: string, { guessed }: Level): boolean {
  return guessed.has(name) || guessed.has(`${name}_file`)
}

/** Cuts one newline at the end: editors and `echo` write it, nobody means it. */
async function readSecret({ text: path, origin }: Given): Promise<Found> {
  const text = await readText(path)
  if (typeof text !== 'string') return { value: undefined, errors: [`${origin}: ${text.unreadable}`] }
  const value = text.replace(/\r?\n$/, '')
  if (value === '') return { value: undefined, errors: [`${origin}: ${path} is empty`] }
  if (value.includes('\0')) return { value: undefined, errors: [`${origin}: ${path} holds a NUL`] }
  return { value, errors: [] }
}

/** @returns undefined where the text does not fit the option */
function convert(definition: OptionDefinition, text: string): Converted {
  switch (definition.kind) {
    case 'text':
    case 'secret':
      // A path or a password with a NUL would be cut or refused much later, far from its line.
      return text.includes('\0') ? undefined : text
    case 'choice':
      return definition.choices?.includes(text) ? text : undefined
    case 'flag':
      return FLAGS.get(text.toLowerCase())
    case 'integer':
      return convertInteger(definition, text)
  }
}

/** The words of YAML 1.1, and 1 and 0, which environment files use. */
const FLAGS: ReadonlyMap<string, boolean> = new Map(
  ['true', 'yes', 'on', '1', 'false', 'no', 'off', '0'].map((word, index) => [word, index < 4]),
)

/** Decimal without leading zeros: 010 is eight for YAML 1.1 and ten for the user. */
function convertInteger({ minimum, maximum }: OptionDefinition, text: string): number | undefined {
  const number = Number(text)
  if (!/^-?(?:0|[1-9]\d*)$/.test(text) || !Number.isSafeInteger(number)) return undefined
  if (number < (minimum ?? number) || number > (maximum ?? number)) return undefined
  return number
}

function mismatch(definition: OptionDefinition, { text, origin }: Given): string {
  if (definition.kind === 'secret') return `${origin} must be text without a NUL`
  const what = definition.kind === 'text' ? 'text without a NUL' : expectation(definition)
  return `${origin} must be ${what}, got ${shownValue(text)}`
}

function missing(name: string, { kind }: OptionDefinition): string {
  const option = kind === 'secret' ? `${name}_file (or ${name})` : name
  return `${name} is required: give --${option}, KWOLLECT_${name.toUpperCase()}, or ${name} in the YAML file`
}
