import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { until } from './until.ts'

/**
 * A process that can be found again later: process ids are reused, a pair of id and start is not.
 * `startedAt` is field 22 of /proc/PID/stat (clock ticks since boot) with the boot's id, or what ps says.
 */
export interface ProcessIdentity {
  readonly pid: number
  readonly startedAt: string
}

const hasProc = existsSync('/proc/self/stat')

/** @returns undefined where no such process runs; a zombie, whose parent has not asked for its end, does not run */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = hasProc ? startFromProc(pid) : startFromPs(pid)
  return startedAt === undefined ? undefined : { pid, startedAt }
}

/** @returns whether this very process still runs */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt
}

/** @returns the arguments of a process, empty where it is gone */
export function commandLine(pid: number): string[] {
  try {
    if (hasProc) return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(' ')
  } catch {
    return []
  }
}

/**
 * Ends a process which an earlier run of this program left behind, if it is still that very process.
 *
 * @param signals tried in order, each with five seconds to take effect
 */
export async function endLeftover(
  identity: ProcessIdentity,
  signals: readonly NodeJS.Signals[],
): Promise<void> {
  for (const signal of signals) {
    if (!isRunning(identity)) return
    try {
      process.kill(identity.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
    await until('its end', () => !isRunning(identity), 5_000).catch(() => undefined)
  }
  if (isRunning(identity)) throw new Error(`process ${identity.pid} of an earlier run cannot be ended`)
}

function startFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces and parentheses itself: fields count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state] = fields
    if (state === 'Z' || state === 'X') return undefined
    return `${fields[19]} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
  } catch {
    return undefined
  }
}

function startFromPs(pid: number): string | undefined {
  try {
    const [state, ...start] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
    })
      .trim()
      .split(/\s+/)
    return state?.startsWith('Z') ? undefined : start.join(' ')
  } catch {
    return undefined
  }
}
