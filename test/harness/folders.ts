import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope } from './scope.ts'

/**
 * An empty folder that goes with the scope; what a program that was just killed still writes there is waited for.
 *
 * @param mode 0755 where a server that runs as another user has to read it
 */
export function temporaryFolder(scope: Scope, mode = 0o700): string {
  const folder = mkdtempSync(join(tmpdir(), 'kwollect-'))
  chmodSync(folder, mode)
  scope.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))
  return folder
}
