/** A throw-away copy of this machine with a running systemd: what a package does to a machine can be tried on it. */
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { lastLines, startChild } from '../../scripts/stack/child.ts'
import { findProgram } from '../../scripts/stack/programs.ts'
import { until } from '../../scripts/stack/until.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { type Outcome, run } from '../harness/processes.ts'
import type { Scope } from '../harness/scope.ts'

const systemd = '/lib/systemd/systemd'
const mounts = readFileSync('/proc/self/mounts', 'utf8')
  .split('\n')
  .map(line => line.split(' '))
const hierarchy = mounts.find(([, , type]) => type === 'cgroup2')?.[1]

/** Why there can be no such machine here; undefined where there can. */
export const machineMissing: string | undefined = [
  process.getuid?.() !== 0 && 'only root can start a machine of its own',
  !existsSync(systemd) && 'systemd is not installed',
  !findProgram('unshare') && 'unshare is not installed (package util-linux)',
  hierarchy === undefined && 'there is no cgroup2',
  !mounts.some(([, place]) => place === '/') && 'this is a chroot, whose root cannot be exchanged',
  !/\toverlay\n/.test(readFileSync('/proc/filesystems', 'utf8')) && 'the kernel has no overlay file system',
].find(reason => reason !== false)

export interface Machine {
  /** Its root folder as seen from here. */
  readonly root: string
  /** Runs a script of bash as root there. */
  run(script: string): Promise<Outcome>
}

/** Boots it; all of it is gone with the scope. */
export async function startMachine(scope: Scope): Promise<Machine> {
  // A place for mounts that only the machine sees.
  const folder = temporaryFolder(scope)
  const boot = await startChild({
    name: 'the machine',
    command: join(import.meta.dirname, 'boot-machine'),
    args: [folder],
    logFile: join(temporaryFolder(scope), 'log'),
    // unshare passes this on to the first process, and the kernel to all others; SIGTERM it would ignore.
    deathSignal: 'KILL',
  })
  const group = join(hierarchy ?? '', `kwollect-${boot.identity.pid}`)
  scope.teardown(async () => {
    boot.signal('SIGKILL')
    await boot.ended
    await until('the end of its processes', () => !isPopulated(group))
    removeGroup(group)
  })
  const pid = await until('a systemd of its own', () => {
    if (boot.ending() !== undefined) throw new Error(`the machine did not boot:\n${lastLines(boot.logFile)}`)
    return childThatIs(systemd, boot.identity.pid)
  })
  const machine: Machine = {
    root: `/proc/${pid}/root`,
    run: script =>
      run('nsenter', [
        ...[`--target=${pid}`, '--mount', '--uts', '--ipc', '--pid', '--cgroup', '--root'],
        ...[
          'env',
          '--chdir=/',
          '--ignore-environment',
          'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
          'LC_ALL=C.UTF-8',
        ],
        ...['bash', '--norc', '-euo', 'pipefail', '-c', script],
      ]),
  }
  await until('the end of its boot', async () =>
    ['running', 'degraded'].includes(
      (await machine.run('systemctl is-system-running || true')).stdout.trim(),
    ),
  )
  return machine
}

/** @returns the process's first child once that runs the program */
function childThatIs(program: string, pid: number): number | undefined {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  if (!child) return undefined
  return readFileSync(`/proc/${child}/cmdline`, 'utf8').startsWith(program) ? Number(child) : undefined
}

function isPopulated(group: string): boolean {
  return existsSync(group) && readFileSync(join(group, 'cgroup.events'), 'utf8').includes('populated 1')
}

/** A group goes when it has neither processes nor groups; its files are none. */
function removeGroup(group: string): void {
  if (!existsSync(group)) return
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(group, entry.name))
  rmdirSync(group)
}
