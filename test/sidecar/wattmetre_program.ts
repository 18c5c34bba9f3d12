import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plainEnvironment } from '../../scripts/stack/child.ts'
import { wrapCommand } from '../../scripts/stack/unprivileged.ts'
import { until } from '../../scripts/stack/until.ts'
import type { TestDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { repository } from '../harness/processes.ts'
import type { Scope } from '../harness/scope.ts'

export interface WattmetreConfiguration {
  /** The YAML file for kwollector-wattmetre; the wattmetre is w1 unless told. */
  readonly file: string
  readonly mappingFile: string
  /** Where this wattmetre's spool is. */
  readonly spoolDir: string
  readonly spoolFile: string
}

/** Writes what an administrator writes; the files go with the scope. */
export function configureWattmetre(
  scope: Scope,
  database: Pick<TestDatabase, 'name' | 'user' | 'password' | 'server'>,
  options: Readonly<Record<string, string | number>> = {},
  mapping = '',
): WattmetreConfiguration {
  const folder = temporaryFolder(scope)
  const [file, mappingFile] = [join(folder, 'wattmetre.yaml'), join(folder, 'mapping.yaml')]
  writeFileSync(mappingFile, mapping)
  const content = {
    wattmetre_id: 'w1',
    mapping_file_path: mappingFile,
    db_host: database.server.host,
    db_port: database.server.port,
    db_name: database.name,
    db_user: database.user,
    db_password: database.password,
    spool_dir: folder,
    log_level: 'debug',
    ...options,
  }
  writeFileSync(file, JSON.stringify(content), { mode: 0o600 })
  const spoolDir = join(folder, `wattmetre-${content.wattmetre_id}`)
  return { file, mappingFile, spoolDir, spoolFile: join(spoolDir, 'spool.sqlite') }
}

/** The program with a standard input that the test writes. */
export interface WattmetreProgram {
  /** Settles when the pipe has taken the text. */
  write(text: string): Promise<void>
  /** Ends the input, after a last text where there is one. */
  end(text?: string): void
  signal(name: NodeJS.Signals): void
  /** "exit status 0", "signal SIGKILL". */
  readonly ended: Promise<string>
  /** All that it has said. */
  output(): string
  untilPrinted(words: string): Promise<void>
}

export function startWattmetre(
  scope: Scope,
  file: string,
  environment: NodeJS.ProcessEnv = {},
): WattmetreProgram {
  const script = join(repository, 'sidecar', 'kwollector-wattmetre.ts')
  const { command, args } = wrapCommand(process.execPath, [script, file], undefined, 'KILL')
  const child = spawn(command, args, {
    env: { ...plainEnvironment(), ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  // A program that is killed breaks the pipe.
  child.stdin.on('error', () => {})
  const ended = endingOf(child)
  scope.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    write: text => new Promise(resolve => child.stdin.write(text, () => resolve())),
    end: text => void child.stdin.end(text),
    signal: name => void child.kill(name),
    ended,
    output: () => output,
    async untilPrinted(words) {
      const isSaid = () => {
        if (output.includes(words)) return true
        if (child.exitCode !== null) throw new Error(`it ended before it said "${words}":\n${output}`)
        return false
      }
      await until(`"${words}" from kwollector-wattmetre`, isSaid, 20_000)
    },
  }
}

async function endingOf(child: ChildProcess): Promise<string> {
  const [status, signal] = await once(child, 'close')
  return signal ? `signal ${signal}` : `exit status ${status}`
}

/** A line of version 2. @param time Unix seconds */
export function lineAt(time: number, ...powers: readonly (number | string)[]): string {
  return `1,1,${time.toFixed(6)},OK,${powers.join(',')}\n`
}
