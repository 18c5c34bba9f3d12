import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import type { Scope } from '../harness/scope.ts'
import { session } from './session.ts'

/** A database in which no background job runs: what a test calls itself happens once, and when it says. */
export async function databaseWithoutJobs(
  scope: Scope,
): Promise<{ readonly database: TestDatabase; readonly admin: postgres.Sql }> {
  const database = await testDatabase(scope)
  const admin = session(scope, database.admin)
  await admin`select _timescaledb_functions.stop_background_workers()`
  return { database, admin }
}
