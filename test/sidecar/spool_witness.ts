import { DatabaseSync } from 'node:sqlite'
import { decodeBatch, seriesOf } from '../../sidecar/batch.ts'
import type { TestDatabase } from '../harness/database.ts'
import { withConnection } from '../harness/server.ts'

/** mulberry32: a repeatable sequence out of a seed that the test prints. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/**
 * A second copy of every batch, made by SQLite in the transaction that spools it: what the witness has was
 * fsynced, and nothing else was.
 */
export function addWitness(spoolFile: string): void {
  const spool = new DatabaseSync(spoolFile)
  spool.exec(`
    create table witness (number integer primary key, content text not null);
    create trigger witness after insert on batches begin
      insert into witness (number, content) values (new.number, new.content);
    end;`)
  spool.close()
}

/** Every sample of the witness, as text, sorted. */
export function spooledSamples(spoolFile: string): string[] {
  const spool = new DatabaseSync(spoolFile)
  const batches = spool.prepare('select content from witness').all() as { content: string }[]
  const waiting = spool.prepare('select count(*) as count from batches').get() as { count: number }
  spool.close()
  if (waiting.count > 0) throw new Error(`${waiting.count} batches still wait in the spool`)
  return batches
    .flatMap(({ content }) => {
      const { series, rows } = decodeBatch(content)
      return rows.map(([timestamp, position, value, labels]) => {
        const { deviceId, metricId, labels: own } = seriesOf(series[position] ?? '')
        return `${timestamp} ${deviceId} ${metricId} ${value} ${JSON.stringify({ ...own, ...labels })}`
      })
    })
    .sort()
}

export async function storedSamples(database: TestDatabase): Promise<string[]> {
  const rows = await withConnection(
    database.admin,
    sql => sql<{ us: string; device_id: string; metric_id: string; value: number; labels: object }[]>`
      select (extract(epoch from timestamp) * 1000000)::bigint as us, device_id, metric_id, value, labels from metrics`,
  )
  return rows
    .map(row => `${row.us} ${row.device_id} ${row.metric_id} ${row.value} ${JSON.stringify(row.labels)}`)
    .sort()
}
