import { type FSWatcher, watch } from 'node:fs'
import { basename } from 'node:path'
import type { Log } from './log.ts'
import type { Clock } from './schedule.ts'

/** An editor writes a file in several steps, a deployment several files: wait for the last. */
const settleMs = 1_000

/**
 * Calls back when descriptions in a folder have changed and nothing has moved for a second.
 *
 * The watch is begun anew each time, because a folder that was replaced by another of its name is no longer
 * the one that is watched. Where the system has no watch left, a sentence says so; SIGHUP still works.
 *
 * @returns ends the watch
 */
export function watchFolder(folder: string, clock: Clock, log: Log, onChange: () => void): () => void {
  let watcher: FSWatcher | undefined
  let cancel = () => {}

  const settle = (name: string | null) => {
    if (name !== null && !/\.ya?ml$/.test(name) && name !== basename(folder)) return
    cancel()
    cancel = clock.after(settleMs, () => {
      begin()
      onChange()
    })
  }
  const begin = () => {
    watcher?.close()
    try {
      watcher = watch(folder, { persistent: false }, (_event, name) => settle(name))
      watcher.on('error', complain)
    } catch (error) {
      complain(error as Error)
    }
  }
  const complain = (error: Error) =>
    log.warning(`changes of ${folder} are not noticed (${error.message}); send SIGHUP after a change`)

  begin()
  return () => {
    cancel()
    watcher?.close()
  }
}
