import type { TestFn } from 'ava'

/** Something with an end, at which what was set up is undone, the last first: a test's `t`, or {@link fileScope}. */
export interface Scope {
  teardown(undo: () => void | Promise<void>): void
}

/** A scope that its holder ends: what no test runs, a bench, uses the peers of the tests with. */
export interface OpenScope extends Scope {
  /** Undoes what was set up; one that fails leaves no other process behind. */
  end(): Promise<void>
}

export function openScope(): OpenScope {
  const steps: (() => void | Promise<void>)[] = []
  return {
    teardown: undo => void steps.push(undo),
    async end() {
      const failures: unknown[] = []
      for (const undo of steps.splice(0).reverse()) {
        try {
          await undo()
        } catch (failure) {
          failures.push(failure)
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('; '))
    },
  }
}

/**
 * The scope of a whole test file, for what its tests share.
 *
 * @example
 *   const file = fileScope(test)
 *   test.before(async () => { database = await testDatabase(file) })
 */
export function fileScope<Context>(test: TestFn<Context>): Scope {
  const scope = openScope()
  test.after.always('undo what the file set up', () => scope.end())
  return scope
}
