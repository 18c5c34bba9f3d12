/** A name server that never answers, for programs that see it in place of the machine's own. */
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../harness/folders.ts'
import type { Scope } from '../harness/scope.ts'

/** A file of resolv.conf names no port, and only a namespace of its own hides the machine's file from one program. */
export const silentNameServerMissing =
  process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0
    ? undefined
    : 'it needs root to hide /etc/resolv.conf from a program'

export interface SilentNameServer {
  /** Questions up to now. */
  questions(): number
  /** The command that asks it whatever is not in /etc/hosts; a signal reaches the command itself. */
  wrap(command: string, args: readonly string[]): readonly [command: string, args: readonly string[]]
}

/** Listens on a loopback address that no other test has; ends with the scope. */
export async function startSilentNameServer(scope: Scope): Promise<SilentNameServer> {
  const address = `127.83.${(process.pid >> 8) & 0xff}.${process.pid & 0xff}`
  const socket = createSocket('udp4')
  let questions = 0
  socket.on('message', () => {
    questions += 1
  })
  socket.bind(53, address)
  await once(socket, 'listening')
  scope.teardown(async () => {
    socket.close()
    await once(socket, 'close')
  })
  const file = join(temporaryFolder(scope), 'resolv.conf')
  writeFileSync(file, `nameserver ${address}\n`)
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
  return {
    questions: () => questions,
    wrap: (command, args) => ['unshare', ['--mount', 'sh', '-c', script, file, command, ...args]],
  }
}
