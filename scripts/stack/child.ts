import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { identify, type ProcessIdentity } from './process_identity.ts'
import { type SystemUser, wrapCommand } from './unprivileged.ts'

export interface ChildOptions {
  /** As messages call it. */
  readonly name: string
  readonly command: string
  /** Seen by every user of the machine in the process list: never a secret. */
  readonly args: readonly string[]
  /** Standard output and error go here; the log of the run before is kept beside it as `.previous`. */
  readonly logFile: string
  readonly folder?: string
  /** Added to this process's own environment without its options of kwollect. */
  readonly environment?: NodeJS.ProcessEnv
  /** Who runs it where not this process's user. */
  readonly user?: SystemUser | undefined
  /** What the kernel sends to it should this process die; TERM unless told (PostgreSQL stops fast at INT). */
  readonly deathSignal?: 'TERM' | 'INT' | 'KILL'
}

/** A program that this process started and has to end. */
export interface Child {
  readonly name: string
  readonly identity: ProcessIdentity
  readonly logFile: string
  /** Settles, and never fails, when the program has ended: "exit status 1", "signal SIGKILL". */
  readonly ended: Promise<string>
  /** How it ended; undefined while it runs. */
  ending(): string | undefined
  signal(name: NodeJS.Signals): void
}

/** One try to end a child: the signal, then so many milliseconds for it to take effect. */
export type StopStep = readonly [signal: NodeJS.Signals, patienceMs: number]

const politeStop: readonly StopStep[] = [
  ['SIGTERM', 8_000],
  ['SIGKILL', 2_000],
]

/**
 * Starts a program in a process group of its own: Ctrl-C on the terminal reaches only this process,
 * which then ends its children in the right order.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  if (existsSync(options.logFile)) renameSync(options.logFile, `${options.logFile}.previous`)
  const log = openSync(options.logFile, 'a', 0o600)
  const { command, args } = wrapCommand(
    options.command,
    options.args,
    options.user,
    options.deathSignal ?? 'TERM',
  )
  const process_ = spawn(command, args, {
    cwd: options.folder,
    detached: true,
    env: { ...plainEnvironment(), ...options.environment },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  return watch(process_, options)
}

async function watch(process_: ChildProcess, options: ChildOptions): Promise<Child> {
  await once(process_, 'spawn')
  const { pid } = process_
  if (pid === undefined) throw new Error(`${options.name} has no process id although it was started`)
  let ending: string | undefined
  const ended = new Promise<string>(resolve => {
    process_.once('exit', (status, signal) => {
      ending = signal ? `signal ${signal}` : `exit status ${status}`
      resolve(ending)
    })
  })
  return {
    name: options.name,
    identity: identify(pid) ?? { pid, startedAt: 'ended at once' },
    logFile: options.logFile,
    ended,
    ending: () => ending,
    signal: name => {
      process_.kill(name)
    },
  }
}

/** Ends a child, politely first. Does nothing for one that has ended. */
export async function stopChild(child: Child, steps: readonly StopStep[] = politeStop): Promise<void> {
  for (const [signal, patienceMs] of steps) {
    if (child.ending() !== undefined) return
    child.signal(signal)
    const timer = new AbortController()
    await Promise.race([child.ended, wait(patienceMs, undefined, { signal: timer.signal })])
    timer.abort()
  }
  if (child.ending() === undefined)
    throw new Error(`${child.name} (process ${child.identity.pid}) cannot be ended`)
}

/**
 * This process's environment without KWOLLECT_<OPTION>: a variable meant for another installation must not
 * turn a command that this project starts with a file of options against that installation.
 */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env)
  return Object.fromEntries(
    entries.filter(([name]) => !name.startsWith('KWOLLECT_') || name === 'KWOLLECT_POSTGRES_BIN'),
  )
}

/** @returns the last lines of a log for an error message, each indented */
export function lastLines(logFile: string, count = 15): string {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n') : []
  return lines
    .slice(-count)
    .map(line => `    ${line}`)
    .join('\n')
}
