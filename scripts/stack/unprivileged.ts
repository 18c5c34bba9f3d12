import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { findProgram, ProgramMissing } from './programs.ts'

/** A user of this machine that is not root. */
export interface SystemUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/**
 * Who runs a server that refuses root (PostgreSQL) or has no need of it (snmpd, exporters).
 *
 * @param preferred names in order of preference; `nobody` is tried last
 * @returns undefined where this process is no root: the server then runs as the same user
 */
export function unprivilegedUser(...preferred: readonly string[]): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const wanted of [...preferred, 'nobody']) {
    const user = findUser(wanted)
    if (user) return user
  }
  throw new ProgramMissing('this is root, and the machine has no user nobody to run the servers as')
}

/** @returns a user of /etc/passwd; undefined where there is none of that name */
export function findUser(wanted: string): SystemUser | undefined {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(line => line.split(':'))
    .find(([name]) => name === wanted)
  return entry && { name: wanted, uid: Number(entry[2]), gid: Number(entry[3]) }
}

/**
 * The command line that runs a program as another user and ends it with its parent. The kernel sends the
 * signal when this process dies, however it dies, so that not even SIGKILL leaves a server behind; where
 * setpriv is absent (not Linux) the program runs as it is and the next start ends the stale one.
 *
 * @param deathSignal name without SIG, as setpriv takes it
 */
export function wrapCommand(
  command: string,
  args: readonly string[],
  user: SystemUser | undefined,
  deathSignal: string,
): { command: string; args: string[] } {
  const setpriv = findProgram('setpriv')
  if (!setpriv) {
    if (user) throw new ProgramMissing('setpriv (package util-linux) is needed to run servers as root')
    return { command, args: [...args] }
  }
  const identity = user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'] : []
  return { command: setpriv, args: [...identity, `--pdeathsig=${deathSignal}`, '--', command, ...args] }
}

/** @returns whether that user can enter the folder, which takes search permission on every folder above it */
export function canEnter(folder: string, user: SystemUser): boolean {
  const { command, args } = wrapCommand('test', ['-x', folder], user, 'KILL')
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
