import { readdirSync, readFileSync } from 'node:fs'
import {
  commandLine,
  endLeftover,
  identify,
  type ProcessIdentity,
} from '../../scripts/stack/process_identity.ts'

/** A process that outlived the tests which started it. */
export interface Leftover {
  readonly identity: ProcessIdentity
  readonly command: string
}

/**
 * Finds what the tests left running: a child inherits the run's temporary folder in its environment, and a
 * PostgreSQL, which overwrites its environment, has it in its arguments. Linux only; elsewhere it finds nothing.
 */
export function findLeftovers(runFolder: string): Leftover[] {
  return processIds().flatMap(pid => {
    const identity = identify(pid)
    const command = commandLine(pid).join(' ').trim()
    const isOurs =
      pid !== process.pid && (command.includes(runFolder) || environment(pid).includes(runFolder))
    return identity && isOurs ? [{ identity, command }] : []
  })
}

export async function endLeftovers(leftovers: readonly Leftover[]): Promise<void> {
  for (const { identity } of leftovers) await endLeftover(identity, ['SIGTERM', 'SIGKILL'])
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter(pid => Number.isInteger(pid))
  } catch {
    return []
  }
}

function environment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch {
    return ''
  }
}
