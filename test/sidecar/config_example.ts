import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { BadConfiguration, readOptions } from '../../sidecar/config.ts'

/** A command with an option of each kind. */
export const command = {
  name: 'kwollector',
  summary: 'polls the devices and stores their values',
  options: {
    db_host: { kind: 'text', help: 'host of the database' },
    db_port: { kind: 'integer', help: 'port of the database', default: 5432, minimum: 1, maximum: 65_535 },
    db_password: { kind: 'secret', help: 'password of db_user' },
    spool_dir: { kind: 'text', help: 'where values wait', default: '/var/lib/kwollect/', placeholder: 'DIR' },
    log_level: { kind: 'choice', help: 'what is logged', choices: ['debug', 'info'], default: 'info' },
    check: { kind: 'flag', help: 'reads everything, prints every error, and ends' },
  },
} as const

/** The same with an option that is required. */
export const strict = {
  ...command,
  options: { ...command.options, kwollect_password: { kind: 'secret', help: 'password', required: true } },
} as const

type Environment = Readonly<Record<string, string>>

export async function valuesOf(argv: readonly string[], environment: Environment = {}) {
  const invocation = await readOptions(command, argv, environment)
  if (invocation.kind === 'print') throw new Error(`printed: ${invocation.text}`)
  return invocation.values
}

/** The lines of the error; of a file only its name is left. */
export async function errorsOf(
  argv: readonly string[],
  environment: Environment = {},
  of: typeof command = command,
) {
  try {
    await readOptions(of, argv, environment)
  } catch (error) {
    if (error instanceof BadConfiguration)
      return error.message.replaceAll(/\S*\/kwollect-config-[^/]*\//g, '').split('\n')
    throw error
  }
  return []
}

/** A file with this content, removed with the test. */
export async function file(t: ExecutionContext, content: string, name = 'kw.yaml') {
  const directory = await mkdtemp(join(tmpdir(), 'kwollect-config-'))
  t.teardown(() => rm(directory, { recursive: true }))
  await writeFile(join(directory, name), content)
  return join(directory, name)
}
