import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import type { Command, OptionDefinition, OptionDefinitions } from './config.ts'
import { expectation } from './config_sources.ts'

/** The text of `--help`: every option with its default. Secrets have none to show. */
export function helpText(command: Command<OptionDefinitions>): string {
  return `${[
    `${command.name}: ${command.summary}`,
    `usage: ${command.name} [--OPTION VALUE]... [FILE.yaml]`,
    wrap(
      'Each option may also stand in the YAML file (OPTION: VALUE) or in the environment as KWOLLECT_OPTION, ' +
        'in capitals. The command line comes before the environment, the environment before the file.',
      '',
    ),
    ...Object.entries(command.options).map(([name, definition]) => optionText(name, definition)),
    '--help\n    prints this text',
    '--version\n    prints the version',
  ].join('\n\n')}\n`
}

export function versionText(command: Command<OptionDefinitions>): string {
  return `${command.name} ${packageVersion()}\n`
}

export function packageVersion(): string {
  // The sources stand one folder below package.json, the built ones two.
  const path = findPackageJSON(import.meta.url)
  const { version } = JSON.parse(readFileSync(path ?? 'package.json', 'utf8')) as { version: string }
  return version
}

function optionText(name: string, definition: OptionDefinition): string {
  const head = [`--${name}${valueName(definition)}`]
  if (definition.kind === 'secret') head.push(`--${name}_file FILE`)
  const facts = [definition.help]
  if (definition.kind === 'integer' || definition.kind === 'choice') facts.push(expectation(definition))
  if (definition.kind === 'secret') facts.push('better in a file: a command line is visible to all users')
  return `${head.join('\n')}\n${wrap(`${facts.join('; ')} (${defaultText(definition)})`, '    ')}`
}

function valueName({ kind, placeholder }: OptionDefinition): string {
  if (kind === 'flag') return ''
  return ` ${placeholder ?? { text: 'TEXT', integer: 'NUMBER', secret: 'SECRET', choice: 'WORD' }[kind]}`
}

function defaultText(definition: OptionDefinition): string {
  if (definition.required) return 'required'
  if (definition.kind === 'flag') return 'default: false'
  return `default: ${definition.kind === 'secret' ? 'none' : (definition.default ?? 'none')}`
}

/** Breaks a text into lines of at most 80 characters. */
function wrap(text: string, indent: string): string {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    const joined = line === indent ? line + word : `${line} ${word}`
    if (joined.length > 80 && line !== indent) {
      lines.push(line)
      line = indent + word
    } else {
      line = joined
    }
  }
  return [...lines, line].join('\n')
}
