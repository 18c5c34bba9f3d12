import { setTimeout as wait } from 'node:timers/promises'

/** A condition that was waited for did not come true in time. */
export class NotInTime extends Error {
  override name = 'NotInTime'
}

const pauseMs = 25

/**
 * Asks again and again until the condition holds: used only where nothing announces the change
 * (another program's port, its log, the end of a process that is not our child).
 *
 * @param what completes the sentence "… did not happen within 10 s"
 * @param condition a value other than undefined and false ends the waiting; an error it throws ends it too
 * @param signal ends the waiting early, with the signal's reason as the error
 * @returns what the condition returned
 * @throws {NotInTime} after `timeoutMs`
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 10_000,
  signal?: AbortSignal,
): Promise<Exclude<Awaited<T>, undefined | false>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    signal?.throwIfAborted()
    const value = await condition()
    if (value !== undefined && value !== false) return value as Exclude<Awaited<T>, undefined | false>
    if (performance.now() > deadline)
      throw new NotInTime(`${what} did not happen within ${timeoutMs / 1000} s`)
    await wait(pauseMs)
  }
}
