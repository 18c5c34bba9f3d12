import { join } from 'node:path'
import { writePrivateFile } from '../../scripts/stack/secret_file.ts'
import type { TestDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { type Outcome, runScript } from '../harness/processes.ts'
import type { Scope } from '../harness/scope.ts'

/** Runs the real kwollect-setup-db-oar, its options in a file that only this user can read. */
export async function runOarSetup(
  scope: Scope,
  database: Pick<TestDatabase, 'server' | 'name' | 'user'>,
  options: Readonly<Record<string, string | number | boolean>>,
): Promise<Outcome> {
  const file = join(temporaryFolder(scope), 'oar.yaml')
  const { server } = database
  writePrivateFile(
    file,
    JSON.stringify({
      db_host: server.host,
      db_port: server.port,
      db_admin: server.user,
      db_admin_password: server.password,
      kwollect_db_name: database.name,
      kwollect_user: database.user,
      ...options,
    }),
  )
  return runScript('scripts/kwollect-setup-db-oar.ts', [file])
}

/** @throws where the command fails */
export async function connectOar(
  scope: Scope,
  database: Pick<TestDatabase, 'server' | 'name' | 'user'>,
  options: Readonly<Record<string, string | number | boolean>>,
): Promise<void> {
  const { status, stderr } = await runOarSetup(scope, database, options)
  if (status !== 0) throw new Error(`kwollect-setup-db-oar ended with status ${status}: ${stderr}`)
}
