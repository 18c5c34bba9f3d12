import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Child, lastLines, plainEnvironment, startChild, stopChild } from '../../scripts/stack/child.ts'
import { wrapCommand } from '../../scripts/stack/unprivileged.ts'
import { until } from '../../scripts/stack/until.ts'
import { temporaryFolder } from './folders.ts'
import type { Scope } from './scope.ts'

/** The root of the repository: commands of the project are named from here. */
export const repository = join(import.meta.dirname, '..', '..')

/** How a command ended. */
export interface Outcome {
  /** Exit status; `null` where a signal ended it. */
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly folder?: string
  /** Added to this process's own environment without KWOLLECT_<OPTION>. */
  readonly environment?: NodeJS.ProcessEnv
  /** Given on standard input, which is closed then. */
  readonly input?: string
  /** After this the command is killed, and the outcome has that signal. */
  readonly timeoutMs?: number
}

/** Runs a command to its end in the repository's root. An exit status other than 0 is an outcome, not an error. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const wrapped = wrapCommand(command, args, undefined, 'KILL')
  const child = spawn(wrapped.command, wrapped.args, {
    cwd: options.folder ?? repository,
    env: { ...plainEnvironment(), ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
  })
  // A command that ends before it has read all its input breaks the pipe: its outcome says why it ended.
  child.stdin.on('error', () => undefined).end(options.input ?? '')
  const [stdout, stderr, [status, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ])
  return { status, signal, stdout, stderr }
}

/** Runs a TypeScript command of this project with this process's own Node. */
export function runScript(
  script: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  return run(process.execPath, [join(repository, script), ...args], options)
}

/** A program in the background of a test; it ends with the scope. */
export interface BackgroundProcess extends Child {
  /** Everything that it has printed up to now, both streams in one. */
  output(): string
  /** Waits for something in the output; a program that ends before it fails the wait at once. */
  untilPrinted(pattern: RegExp | string, timeoutMs?: number): Promise<void>
  stop(): Promise<void>
}

export interface BackgroundOptions {
  readonly folder?: string
  readonly environment?: NodeJS.ProcessEnv
  /** For messages; the command's name unless told. */
  readonly name?: string
  /** How long it may take to end after SIGTERM, before SIGKILL: 8 s unless told. */
  readonly stopMs?: number
}

/** Starts a program that goes on beside the test. Wait for its readiness, never for a time. */
export async function startProcess(
  scope: Scope,
  command: string,
  args: readonly string[],
  options: BackgroundOptions = {},
): Promise<BackgroundProcess> {
  const name = options.name ?? command
  const logFile = join(temporaryFolder(scope), 'log')
  const child = await startChild({ folder: repository, ...options, name, command, args, logFile })
  const stop = () =>
    stopChild(child, [
      ['SIGTERM', options.stopMs ?? 8_000],
      ['SIGKILL', 2_000],
    ])
  scope.teardown(stop)
  const output = () => readFileSync(logFile, 'utf8')
  return {
    ...child,
    output,
    stop,
    untilPrinted: async (pattern, timeoutMs = 20_000) => {
      await until(
        `"${pattern}" in the output of ${name}`,
        () => {
          if (output().search(pattern) >= 0) return true
          if (child.ending() === undefined) return false
          throw new Error(
            `${name} ended (${child.ending()}) before it printed "${pattern}":\n${lastLines(logFile)}`,
          )
        },
        timeoutMs,
      )
    },
  }
}
