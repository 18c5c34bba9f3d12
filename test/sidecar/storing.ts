import type { ExecutionContext } from 'ava'
import { until } from '../../scripts/stack/until.ts'
import type { DatabaseAddress } from '../../sidecar/database.ts'
import { KeptPromotions } from '../../sidecar/kept_promotions.ts'
import type { Log } from '../../sidecar/log.ts'
import type { Sample } from '../../sidecar/sample.ts'
import { Spool } from '../../sidecar/spool.ts'
import { Store, type StorePatience } from '../../sidecar/store.ts'
import type { TestDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { withConnection } from '../harness/server.ts'
import { keptLog } from './samples.ts'

export const quick: StorePatience = { retryMs: 50, answerMs: 60_000, stopMs: 500 }

/** How kwollector reaches a test database, through a relay where there is one. */
export function addressOf(
  database: TestDatabase,
  through: { readonly host: string; readonly port: number } = database.server,
): DatabaseAddress {
  const { host, port } = through
  return { host, port, database: database.name, user: database.user, password: database.password }
}

/** A spool and its store, stopped with the test. */
export function startStoring(
  t: ExecutionContext,
  address: DatabaseAddress,
  options: { readonly folder?: string; readonly patience?: StorePatience } = {},
) {
  const { folder = temporaryFolder(t), patience = quick } = options
  const log = keptLog()
  const spool = Spool.open(folder, 64, log)
  const store = new Store(address, spool, 'test-host', log, patience)
  store.start()
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= store.stop().then(() => spool.close())
    return stopping
  }
  t.teardown(stop)
  return {
    spool,
    log,
    stop,
    take(samples: readonly Sample[]) {
      spool.append(samples)
      store.notify()
    },
    isEmpty: () => until('an empty spool', () => spool.length === 0),
    untilLogged: (words: string) =>
      until(`"${words}" in the log`, () => log.lines.some(line => line.includes(words))),
  }
}

/** The promotions that a spool keeps; it is closed with the test. */
export function keptPromotions(
  t: ExecutionContext,
  { folder = temporaryFolder(t), log = keptLog() }: { readonly folder?: string; readonly log?: Log } = {},
): KeptPromotions {
  const spool = Spool.open(folder, 64, log)
  t.teardown(() => spool.close())
  return new KeptPromotions(spool, log)
}

/** Second since the epoch and value of each stored sample of the metric, sorted by both. */
export function storedSamples(database: TestDatabase, metricId = 'numbered'): Promise<[number, number][]> {
  return withConnection(database.admin, async sql => {
    const rows = await sql<{ second: string; value: number }[]>`
      select extract(epoch from timestamp) as second, value
        from metrics where metric_id = ${metricId} order by timestamp, value`
    return rows.map(({ second, value }) => [Number(second), value])
  })
}

/** Reason and metric of each dead letter. */
export function deadLetters(database: TestDatabase): Promise<{ reason: string; sample: string }[]> {
  return withConnection(database.admin, async sql => [
    ...(await sql<{ reason: string; sample: string }[]>`
        select reason, sample from kwollect.dead_letters order by dead_letter_id`),
  ])
}
