import { readFileSync } from 'node:fs'
import type { ImplementationFn, SerialFn, TestFn } from 'ava'
import postgres from 'postgres'
import type { ServerAddress } from '../../scripts/stack/cluster.ts'

/** What `npm test` (scripts/test.ts) tells the tests about the server that it chose. */
export interface TestServer {
  readonly address: ServerAddress
  /** "a private cluster of PostgreSQL 15", for messages. */
  readonly description: string
  readonly edition: 'apache' | 'community' | 'none'
  readonly template: Template | { readonly failure: string }
}

/** A database on which kwollect-setup-db has run; tests get copies of it. */
export interface Template {
  readonly name: string
  readonly user: string
  readonly password: string
  readonly passwordRo: string
  /** What `--output_dir` got: postgrest.conf and token. */
  readonly apiFolder: string
}

/** The environment variable with the path of the file (mode 0600) that holds the {@link TestServer}. */
export const serverVariable = 'KWOLLECT_TEST_SERVER'

/** @throws where ava was started without the runner */
export function testServer(): TestServer {
  const file = process.env[serverVariable]
  if (!file) throw new Error('this test needs the server that the runner starts: use `npm test -- FILE`')
  return JSON.parse(readFileSync(file, 'utf8')) as TestServer
}

/** @returns a connection string; user and password may hold any character */
export function databaseUrl(address: ServerAddress, database: string): string {
  const { host, port, user, password } = address
  return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(database)}`
}

/** Runs something on one connection, and closes it whatever happens. */
export async function withConnection<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/**
 * `test` where the part is there, else `test.skip` with the reason in the title, which the runner lists.
 *
 * @example const communityTest = testWhere(test, missingCommunityEdition())
 */
export function testWhere<Context>(
  test: TestFn<Context> | SerialFn<Context>,
  missing: string | undefined,
): (title: string, body: ImplementationFn<[], Context>) => void {
  if (missing === undefined) return (title, body) => test(title, body)
  return (title, body) => test.skip(`${title} (skipped: ${missing})`, body)
}

/** @returns why compression and continuous aggregates cannot be tested here; undefined where they can */
export function missingCommunityEdition(): string | undefined {
  return testServer().edition === 'community' ? undefined : 'the server has the Apache edition of TimescaleDB'
}
