import { execFile } from 'node:child_process'
import type { Log } from './log.ts'

/** Who started the program and wants to know how it is: systemd, or nobody. */
export interface ServiceManager {
  /**
   * The program does its work: what waits for the service goes on.
   *
   * @param status what it does now, one line for `systemctl status`; asked again at each sign of life
   */
  ready(status: () => string): void
  /** It was asked to end and is about to; the manager's time-out for that begins. */
  stopping(): void
}

/** Longer than systemd-notify waits for systemd to have read the message (5 s). */
const sendMs = 10_000

/**
 * Speaks the protocol of sd_notify(3) with the service manager that the environment names: `NOTIFY_SOCKET`, and
 * `WATCHDOG_USEC` and `WATCHDOG_PID` where it wants a sign of life; it gets one twice in that time, from a timer,
 * so that an event loop that hangs gives none. Takes these variables out of the environment: the programs that
 * this one starts must not speak for it. Does nothing where there is no such manager.
 *
 * A message is one run of systemd-notify(1), since Node has no datagram sockets in the file system
 * (nodejs/node#61933) and an addon would have to be compiled for every Node and machine. It comes from a child, so
 * the unit needs NotifyAccess=all. Messages go one after the other, and the program's end waits for them.
 */
export function findServiceManager(environment: NodeJS.ProcessEnv, log: Log): ServiceManager {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdogUs, WATCHDOG_PID: watchdogPid } = environment
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name]
  if (!socket) return { ready: () => {}, stopping: () => {} }

  const childEnvironment = { PATH: environment.PATH, NOTIFY_SOCKET: socket }
  let sent = Promise.resolve()
  let status = () => 'starting'
  let complained = false
  async function send(...assignments: readonly string[]): Promise<void> {
    const failure = await notify(assignments, childEnvironment)
    if (failure === undefined || complained) return
    complained = true
    log.warning(`the service manager cannot be told what this program does: ${failure}`)
  }
  const queue = (...assignments: readonly string[]) => {
    sent = sent.then(() => send(...assignments))
  }
  const isForUs = watchdogPid === undefined || watchdogPid === String(process.pid)
  if (isForUs && Number(watchdogUs) > 0) {
    const halfMs = Number(watchdogUs) / 2000
    setInterval(() => queue('WATCHDOG=1', `STATUS=${status()}`), halfMs).unref()
  }
  return {
    ready(words) {
      status = words
      queue('READY=1', `STATUS=${status()}`)
    },
    stopping: () => queue('STOPPING=1'),
  }
}

/** @returns why it failed, for a sentence; undefined where it did not */
function notify(assignments: readonly string[], environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise(resolve => {
    const options = { env: environment, timeout: sendMs }
    execFile('systemd-notify', assignments, options, (error, _output, complaint) => {
      if (error === null) resolve(undefined)
      else if (error.code === 'ENOENT') resolve('systemd-notify is not installed')
      else resolve(complaint.trim() || `systemd-notify ended by ${error.signal ?? `status ${error.code}`}`)
    })
  })
}
