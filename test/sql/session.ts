import type { ExecutionContext } from 'ava'
import postgres from 'postgres'
import type { Scope } from '../harness/scope.ts'

/** One connection that ends with the scope; more where a test needs sessions side by side. */
export function session(scope: Scope, url: string, connections = 1): postgres.Sql {
  const sql = postgres(url, { max: connections, onnotice: () => undefined })
  scope.teardown(() => sql.end({ timeout: 5 }))
  return sql
}

/** The error of a statement that PostgreSQL must refuse; a statement that works fails the test. */
export async function refusal(
  t: ExecutionContext,
  statement: Promise<unknown>,
): Promise<postgres.PostgresError> {
  const error = await t.throwsAsync(statement)
  if (!(error instanceof postgres.PostgresError)) throw error
  return error
}
