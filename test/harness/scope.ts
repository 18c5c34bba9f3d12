import type { TestFn } from 'ava'

/** Something with an end, at which what was set up is undone, the last first: a test's `t`, or {@link fileScope}. */
export interface Scope {
  teardown(undo: () => void | Promise<void>): void
}

/**
 * The scope of a whole test file, for what its tests share.
 *
 * @example
 *   const file = fileScope(test)
 *   test.before(async () => { database = await testDatabase(file) })
 */
export function fileScope<Context>(test: TestFn<Context>): Scope {
  const steps: (() => void | Promise<void>)[] = []
  test.after.always('undo what the file set up', async () => {
    const failures: unknown[] = []
    // One that fails must not leave the others' processes behind.
    for (const undo of steps.reverse()) {
      try {
        await undo()
      } catch (failure) {
        failures.push(failure)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('; '))
  })
  return { teardown: undo => void steps.push(undo) }
}
