import type { Command, OptionDefinition, OptionDefinitions } from '../../sidecar/config.ts'
import { expectation } from '../../sidecar/config_sources.ts'
import { kwollectorCommand } from '../../sidecar/kwollector_options.ts'
import { wattmetreCommand } from '../../sidecar/wattmetre/options.ts'
import { oarSetupCommand } from '../setup/oar_options.ts'
import { setupCommand } from '../setup/options.ts'
import { sentence, table } from './markdown.ts'

const commands: readonly Command<OptionDefinitions>[] = [
  setupCommand,
  oarSetupCommand,
  kwollectorCommand,
  wattmetreCommand,
]

/** The page of all commands and options, from the definitions that the commands themselves read. */
export function commandsPage(): string {
  return `# Commands and their options

Each option may stand on the command line (\`--db_host HOST\`), in the environment (\`KWOLLECT_DB_HOST=HOST\`) and in a
YAML file, the one positional argument (\`db_host: HOST\`). The command line comes before the environment, the
environment before the file; all three are checked, whichever wins. A secret may stand in a file that \`OPTION_file\`
names. \`--help\` prints this page's part, \`--version\` the version.

Exit status: 0 done or asked to stop, 1 it cannot go on, 2 a mistake in the options or descriptions. A message names the
file, line and column, or the option.

${commands.map(section).join('\n\n')}
`
}

function section(command: Command<OptionDefinitions>): string {
  const rows = Object.entries(command.options).map(([name, option]) => [
    nameOf(name, option),
    defaultOf(option),
    textOf(option),
  ])
  return `## ${command.name}\n\n${command.summary}\n\n${table(['option', 'default', 'what'], rows)}`
}

function nameOf(name: string, { kind }: OptionDefinition): string {
  return kind === 'secret' ? `\`${name}\`, \`${name}_file\`` : `\`${name}\``
}

function defaultOf(option: OptionDefinition): string {
  if (option.required) return 'required'
  if (option.kind === 'flag') return '`false`'
  return option.default === undefined ? '' : `\`${option.default}\``
}

function textOf(option: OptionDefinition): string {
  const isBounded = option.kind === 'integer' || option.kind === 'choice'
  return sentence(isBounded ? `${option.help}; ${expectation(option)}` : option.help)
}
