import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { IpmiAccess } from '../ipmi_url.ts'
import { openAccessFile } from './ipmi_access_file.ts'

/** One run of ipmi-sensors. */
export interface SensorRun {
  /** `host:port` each, with brackets around IPv6; not one twice. */
  readonly targets: readonly string[]
  readonly access: IpmiAccess
  readonly records: readonly number[] | 'all'
  /** When to give a host up that does not answer. */
  readonly patienceMs: number
  readonly sdrFolder: string
  readonly siteConfiguration: string
  readonly program: string
}

/** What a run tells, as it comes. */
export interface RunListener {
  onLine(target: string, line: string): void
  /** @param target undefined where it is about all of them */
  onComplaint(target: string | undefined, complaint: string): void
  /** The last call. @param how "exit status 1", "signal SIGKILL", or why the program could not be started */
  onEnd(how: string): void
}

/** 200 sensors of 64 hosts are 1 MB. */
const MOST_OUTPUT_BYTES = 16 * 2 ** 20

/** An ordinary user's PATH lacks the folders where the distributions put ipmi-sensors. */
const PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`

/**
 * Starts ipmi-sensors as the leader of a process group.
 *
 * @returns kills the whole group; without effect after the end
 * @throws where the file with the credentials cannot be made
 */
export function startSensorRun(run: SensorRun, listener: RunListener): () => void {
  const accessFile = openAccessFile(run.access, run.siteConfiguration)
  try {
    const child = spawn(run.program, argumentsOf(run), {
      detached: true,
      // Nothing of ours but the PATH; with LC_ALL a reading has no decimal comma.
      env: { PATH, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe', accessFile],
    })
    watchEnd(child, listener)
    watchOutput(child, run, listener)
    return () => killGroup(child)
  } finally {
    closeSync(accessFile)
  }
}

/** Where no process came to be there is no `close`, or one after the error. */
function watchEnd(child: ChildProcess, listener: RunListener): void {
  let hasEnded = false
  const end = (how: string) => {
    if (!hasEnded) listener.onEnd(how)
    hasEnded = true
  }
  child.on('error', (error: NodeJS.ErrnoException) => {
    if (child.pid !== undefined) return
    end(
      error.code === 'ENOENT'
        ? 'ipmi-sensors is not installed (Debian: package freeipmi-tools)'
        : `ipmi-sensors cannot be started (${error.code ?? error.message})`,
    )
  })
  child.on('close', (status, signal) => {
    end(signal === null ? `exit status ${status}` : `signal ${signal}`)
  })
}

function watchOutput(child: ChildProcess, run: SensorRun, listener: RunListener): void {
  // With no descriptor left for them there are no pipes; the error follows.
  if (!child.stdout || !child.stderr) return
  const [onlyTarget] = run.targets.length === 1 ? run.targets : []
  const targets = new Set(run.targets)
  let bytes = 0
  const limit = (chunk: string) => {
    bytes += chunk.length
    if (bytes > MOST_OUTPUT_BYTES) killGroup(child)
  }
  readLines(child.stdout, limit, line => {
    const [target = onlyTarget, rest] = splitTarget(line, targets)
    if (target !== undefined && rest !== '') listener.onLine(target, rest)
  })
  readLines(child.stderr, limit, line => {
    const [target = onlyTarget, rest] = splitTarget(line, targets)
    if (rest !== '') listener.onComplaint(target, rest)
  })
}

function argumentsOf({ targets, records, patienceMs, sdrFolder }: SensorRun): string[] {
  const patience = Math.ceil(patienceMs)
  return [
    // The descriptor that the child inherits: the file has no other name any more.
    '--config-file=/dev/fd/3',
    `--session-timeout=${patience}`,
    // FreeIPMI's default is 1 s; a period of a second or less has to have its second try too.
    `--retransmission-timeout=${Math.min(1000, Math.ceil(patience / 4))}`,
    `--sdr-cache-directory=${sdrFolder}`,
    '--sdr-cache-recreate',
    '--comma-separated-output',
    '--no-header-output',
    '--no-sensor-type-output',
    `--record-ids=${records === 'all' ? 'all' : records.join(',')}`,
    `--fanout=${targets.length}`,
    `--hostname=${targets.join(',')}`,
  ]
}

/** With several hosts each line begins with `host: `; a port or an IPv6 address has colons too, but no blank. */
function splitTarget(line: string, targets: ReadonlySet<string>): [target: string | undefined, rest: string] {
  const colon = line.indexOf(': ')
  const target = line.slice(0, Math.max(colon, 0))
  return targets.has(target) ? [target, line.slice(colon + 2)] : [undefined, line]
}

/** Latin 1, which is what IPMI has names in. A carriage return ends a line too: progress is shown with it. */
function readLines(stream: Readable, limit: (chunk: string) => void, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('latin1')
  stream.on('data', (chunk: string) => {
    limit(chunk)
    const lines = (rest + chunk).split(/[\r\n]/)
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
}

/** Also what is stopped dies, and what the program has started and left behind with its output still open. */
function killGroup({ pid, exitCode, signalCode, stdout, stderr }: ChildProcess): void {
  const hasExited = exitCode !== null || signalCode !== null
  if (pid === undefined || (hasExited && stdout?.closed && stderr?.closed)) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // Ended a moment ago, and not yet reported.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
