/** The other end of sd_notify(3): a datagram socket in the file system, which Node cannot make. */
import { join } from 'node:path'
import { findProgram } from '../../scripts/stack/programs.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { startProcess } from '../harness/processes.ts'
import type { Scope } from '../harness/scope.ts'

/** Why there can be no such tests here; undefined where there can. */
export const notifySocketMissing: string | undefined = ['systemd-notify', 'python3']
  .filter(name => findProgram(name) === undefined)
  .map(name => `${name} is not installed`)[0]

/**
 * One line of JSON for each message. systemd-notify's BARRIER=1 (sd_notify_barrier(3)) comes with a descriptor that
 * it waits to see closed; Python closes it by not taking it.
 */
const script = `
import json, socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
print('listening', flush=True)
while message := manager.recv(4096):
    print(json.dumps(message.decode()), flush=True)
`

/** A service manager that listens and says nothing. */
export interface NotifySocket {
  /** For NOTIFY_SOCKET. */
  readonly path: string
  /** The messages up to now in order, without barriers, each as its assignments: `['READY=1', 'STATUS=…']`. */
  messages(): readonly (readonly string[])[]
  /** How many messages assigned this. */
  count(assignment: string): number
}

/** Listens until the scope ends. */
export async function startNotifySocket(scope: Scope): Promise<NotifySocket> {
  const path = join(temporaryFolder(scope), 'notify')
  const listener = await startProcess(scope, 'python3', ['-c', script, path], { name: 'the notify socket' })
  await listener.untilPrinted('listening')
  const messages = () =>
    listener
      .output()
      .split('\n')
      .filter(line => line.startsWith('"'))
      .map(line => (JSON.parse(line) as string).split('\n').filter(Boolean))
      .filter(([first]) => first !== 'BARRIER=1')
  return {
    path,
    messages,
    count: wanted =>
      messages()
        .flat()
        .filter(found => found === wanted).length,
  }
}
