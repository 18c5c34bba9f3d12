import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stopChild } from '../stack/child.ts'
import { startPostgrest } from '../stack/postgrest.ts'
import type { BenchDatabase } from './databases.ts'
import { medians } from './measure.ts'
import { absoluteLine, type Line } from './report.ts'

const objectCount = 10_000

/**
 * insert_metrics over HTTP: 10,000 objects in one request through the unmodified PostgREST, the answer read to its end.
 *
 * @param apiFolder with `postgrest.conf` and `token`, as kwollect-setup-db writes them
 */
export async function measureInserting(
  database: BenchDatabase,
  apiFolder: string,
  logFile: string,
): Promise<Line> {
  const work = {
    name: 'insert_metrics, 10,000 objects in one request over HTTP',
    target: { bound: '>=', value: 20_000, unit: 'values/s' },
  } as const
  const token = readFileSync(join(apiFolder, 'token'), 'utf8').trim()
  const postgrest = await startPostgrest({ configurationFile: join(apiFolder, 'postgrest.conf'), logFile })
  try {
    let request = 0
    const [ms = Number.NaN] = await medians(() =>
      post(`${postgrest.url}/rpc/insert_metrics`, token, body(database, request++)),
    )
    return absoluteLine(work, (objectCount / ms) * 1000)
  } finally {
    await stopChild(postgrest.child)
  }
}

async function post(url: string, token: string, content: string): Promise<number> {
  const start = performance.now()
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: content,
  })
  const answer = await response.text()
  const ms = performance.now() - start
  if (!response.ok) throw new Error(`insert_metrics answered ${response.status}: ${answer.slice(0, 500)}`)
  return ms
}

/** All nodes' metrics, tick by tick, from a day after the data on. */
function body({ extent }: BenchDatabase, request: number): string {
  const start = extent.dataEnd.getTime() + 86_400_000
  const objects = Array.from({ length: objectCount }, (_, index) => {
    const number = request * objectCount + index
    const tick = Math.floor(number / extent.nodes)
    return {
      timestamp: new Date(start + tick * 1_000).toISOString(),
      device_id: `node-${(number % extent.nodes) + 1}`,
      metric_id: 'bmc_node_power_watt',
      value: number % 1_000,
      labels: { sensor: 'board' },
    }
  })
  return JSON.stringify(objects)
}
