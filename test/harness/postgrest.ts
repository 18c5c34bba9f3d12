import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stopChild } from '../../scripts/stack/child.ts'
import * as stack from '../../scripts/stack/postgrest.ts'
import { writePrivateFile } from '../../scripts/stack/secret_file.ts'
import type { TestDatabase } from './database.ts'
import { temporaryFolder } from './folders.ts'
import type { Scope } from './scope.ts'

/** PostgREST in front of one test database. */
export interface TestApi {
  /** "http://127.0.0.1:41234", without a slash at the end. */
  readonly url: string
  /** The token that kwollect-setup-db made: `Authorization: Bearer TOKEN` for writes. */
  readonly token: string
  /** What PostgREST has logged up to now. */
  log(): string
}

/** Runs the unmodified PostgREST with the configuration of kwollect-setup-db, which names the template, on the copy. */
export async function startPostgrest(scope: Scope, database: TestDatabase): Promise<TestApi> {
  const folder = temporaryFolder(scope)
  const configurationFile = join(folder, 'postgrest.conf')
  const original = readFileSync(join(database.apiFolder, 'postgrest.conf'), 'utf8')
  writePrivateFile(configurationFile, withDatabase(original, database.name))
  const logFile = join(folder, 'postgrest.log')
  const { child, url } = await stack.startPostgrest({ configurationFile, logFile })
  scope.teardown(() => stopChild(child))
  const token = readFileSync(join(database.apiFolder, 'token'), 'utf8').trim()
  return { url, token, log: () => readFileSync(logFile, 'utf8') }
}

/** Exchanges the database in `db-uri = "postgres://user:password@host:port/database?options"`. */
function withDatabase(configuration: string, name: string): string {
  const changed = configuration.replace(
    /^(db-uri\s*=\s*"[^"]*\/)[^"/?]*((?:\?[^"]*)?")/m,
    (_, before: string, after: string) => `${before}${encodeURIComponent(name)}${after}`,
  )
  if (!changed.includes(name))
    throw new Error('postgrest.conf has no db-uri of the form postgres://…/database')
  return changed
}
