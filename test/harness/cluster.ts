import { join } from 'node:path'
import { Cluster } from '../../scripts/stack/cluster.ts'
import { temporaryFolder } from './folders.ts'
import type { Scope } from './scope.ts'

/**
 * A running PostgreSQL of the test's own, which it may kill. It survives the death of the server; with
 * `durability: 'kept'` it writes to the disk as a real one does.
 */
export async function privateCluster(
  scope: Scope,
  options: {
    readonly durability?: 'kept' | 'throw-away'
    readonly settings?: Readonly<Record<string, string>>
  } = {},
): Promise<Cluster> {
  const folder = join(temporaryFolder(scope, 0o711), 'cluster')
  const cluster = new Cluster({ durability: 'throw-away', ...options, folder })
  scope.teardown(() => cluster.stop())
  await cluster.start()
  return cluster
}
