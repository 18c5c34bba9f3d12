import { readdirSync, readFileSync } from 'node:fs'

/** Of /proc/PID/stat; USER_HZ is 100 on every Linux. */
const ticksPerSecond = 100

/** @returns user and system time of a process, in seconds, without that of its children */
export function cpuSeconds(pid: number): number {
  return statOf(pid).own
}

/** @returns the time of a process and of its children that have ended, in seconds */
export function cpuSecondsWithEnded(pid: number): number {
  const { own, ended } = statOf(pid)
  return own + ended
}

/** @returns the time of a server and of the processes that it has started, in seconds */
export function cpuSecondsOfFamily(pid: number): number {
  const children = processes().filter(({ parent }) => parent === pid)
  return children.reduce((sum, child) => sum + child.own + child.ended, cpuSecondsWithEnded(pid))
}

/** @returns the time of this process's children by the name of their program, in seconds */
export function cpuSecondsOfChildren(): Map<string, number> {
  const byName = new Map<string, number>()
  for (const { parent, name, own } of processes()) {
    if (parent === process.pid) byName.set(name, (byName.get(name) ?? 0) + own)
  }
  return byName
}

/** @returns the time that all processors of the machine were busy since its start, in seconds */
export function cpuSecondsOfMachine(): number {
  // proc(5), /proc/stat: user, nice, system, idle, iowait, irq, softirq.
  const [, ...ticks] = (readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? '').split(/\s+/).map(Number)
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = ticks
  return (user + nice + system + irq + softirq) / ticksPerSecond
}

/** @returns the resident memory of a process, in MiB */
export function residentMebibytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) / 1_024
}

interface Stat {
  readonly name: string
  readonly parent: number
  /** User and system time in seconds. */
  readonly own: number
  /** The same of its children that have ended. */
  readonly ended: number
}

/** proc(5), /proc/PID/stat: the fields behind the command's name, which may hold anything. */
function statOf(pid: number): Stat {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [start, end] = [text.indexOf('('), text.lastIndexOf(')')]
  const fields = text.slice(end + 2).split(' ')
  const ticks = (...positions: number[]) => positions.reduce((sum, at) => sum + Number(fields[at]), 0)
  return {
    name: text.slice(start + 1, end),
    parent: Number(fields[1]),
    own: ticks(11, 12) / ticksPerSecond,
    ended: ticks(13, 14) / ticksPerSecond,
  }
}

function processes(): Stat[] {
  return readdirSync('/proc').flatMap(name => {
    try {
      return /^\d+$/.test(name) ? [statOf(Number(name))] : []
    } catch {
      // It ended between the two.
      return []
    }
  })
}
