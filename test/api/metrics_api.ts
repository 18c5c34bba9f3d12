import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { startPostgrest, type TestApi } from '../harness/postgrest.ts'
import type { Scope } from '../harness/scope.ts'
import { session } from '../sql/session.ts'
import { getMetrics } from './client.ts'

/** A row of get_metrics. */
export interface MetricRow {
  readonly timestamp: string
  readonly device_id: string
  readonly metric_id: string
  /** NaN and infinities are strings. */
  readonly value: number | string
  readonly labels: unknown
}

/** A database of its own with some metrics, and the API on it. */
export interface MetricsApi {
  readonly database: TestDatabase
  /** One connection as the administrator. */
  readonly sql: postgres.Sql
  readonly api: TestApi
}

/** @param store puts what the tests read into the database, before the API starts and reads its schema */
export async function metricsApi(
  scope: Scope,
  store: (sql: postgres.Sql) => Promise<unknown>,
): Promise<MetricsApi> {
  const database = await testDatabase(scope)
  const sql = session(scope, database.admin)
  await store(sql)
  return { database, sql, api: await startPostgrest(scope, database) }
}

/** @throws where the answer is no data, with its text */
export async function metricRows(
  api: TestApi,
  parameters: Readonly<Record<string, string>>,
): Promise<MetricRow[]> {
  const { json, text } = await getMetrics(api, parameters)
  if (!Array.isArray(json)) throw new Error(text)
  return json
}
