import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { encodeBatch } from '../../sidecar/batch.ts'
import { privateCluster } from '../harness/cluster.ts'
import { installedDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { fileScope } from '../harness/scope.ts'
import { withConnection } from '../harness/server.ts'
import { addWitness, randomNumbers, spooledSamples, storedSamples } from './spool_witness.ts'
import {
  configureWattmetre,
  lineAt,
  startWattmetre,
  type WattmetreConfiguration,
  type WattmetreProgram,
} from './wattmetre_program.ts'

/** Two wattmetres live and die side by side: their moments of death are waits, which so pass only once. */
const wattmetres = ['w1', 'w2']
const lifes = 4
const ports = 20
const promotedPorts = 11
const rate = 100
const burstLines = 1.5 * rate
/** What Node compiled once serves all starts, which are most of what a life costs. */
const cache = { NODE_COMPILE_CACHE: temporaryFolder(fileScope(test)) }

test.serial(
  'SIGKILLs of the program, of PostgreSQL meanwhile, and half written batches lose and double nothing',
  async t => {
    const seed = Number(process.env.KWOLLECT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32))
    t.log(`KWOLLECT_TEST_SEED=${seed}`)
    const random = randomNumbers(seed)
    const cluster = await privateCluster(t, { durability: 'kept' })
    const database = await installedDatabase(t, cluster.address)
    const configurations = wattmetres.map(id => configureWattmetre(t, database, { wattmetre_id: id }))
    await withConnection(
      database.writer,
      sql => sql`
      insert into promoted_metrics (device_id, metric_id)
      select id || '-port' || port, null
        from unnest(${wattmetres}::text[]) as id, generate_series(0, ${promotedPorts - 1}::integer) as port`,
    )
    await Promise.all(configurations.map(one => runOnce(t, one)))
    for (const { spoolFile } of configurations) addWitness(spoolFile)

    for (let life = 0; life < lifes; life += 1) {
      const start = 1_700_000_000 + life * 1_000
      const programs = await Promise.all(configurations.map(one => begin(t, one, start)))
      const moments = programs.map(() => [random() * 300, random() * 300, random() * 600])
      const [serverDies, serverReturns] = [random() * 500, random() * 500]
      const deaths = programs.map((program, index) => live(program, start, moments[index] ?? []))
      // All but one: deaths with the server alive have to be among them.
      if (life > 0) {
        // The programs go on reading and spooling, and meet the server again in this life or the next one.
        await wait(serverDies)
        await cluster.kill()
        await wait(serverReturns)
        await cluster.start()
      }
      await Promise.all(deaths)
      for (const { spoolFile } of configurations) {
        const bytes = spoolHalfABatch(spoolFile, temporaryFolder(t))
        t.true(bytes > 50_000, 'the beginning of the batch is in the log')
      }
    }
    await Promise.all(configurations.map(one => runOnce(t, one)))

    const spooled = configurations.flatMap(({ spoolFile }) => spooledSamples(spoolFile)).sort()
    const stored = await storedSamples(database)
    t.log(`${stored.length} values in the database`)
    t.true(spooled.length > 5_000, `${spooled.length} values are too few to show anything`)
    t.is(new Set(stored).size, stored.length, 'a value is stored twice')
    t.deepEqual(stored, spooled)
    t.false(stored.some(sample => sample.includes(unfinished)))
  },
)

/** Starts it without input: it makes its spool, or stores what waits there. */
async function runOnce(t: ExecutionContext, { file }: WattmetreConfiguration): Promise<void> {
  const program = startWattmetre(t, file, cache)
  program.end()
  t.is(await program.ended, 'exit status 0', program.output())
}

/** A program that has had its first line and knows what is promoted. */
async function begin(
  t: ExecutionContext,
  { file }: WattmetreConfiguration,
  start: number,
): Promise<WattmetreProgram> {
  const program = startWattmetre(t, file, cache)
  await program.write(lineAt(start, ...powers(0)))
  await program.untilPrinted(`${promotedPorts} of ${ports} optional metrics are promoted`)
  return program
}

/** Bursts far faster than in real time, and death at any moment of reading, spooling and storing. */
async function live(program: WattmetreProgram, start: number, moments: readonly number[]): Promise<void> {
  let line = 1
  for (const ms of moments) {
    const end = line + burstLines
    let text = ''
    for (; line < end; line += 1) text += lineAt(start + line / rate, ...powers(line))
    await program.write(text)
    await wait(ms)
  }
  program.signal('SIGKILL')
  await program.ended
}

const unfinished = 'never-spooled'

/**
 * What a death in the middle of spooling leaves behind: in SQLite's log, behind all that was acknowledged, pages of
 * a batch whose transaction has no end. Written by SQLite itself, on a copy.
 *
 * @returns how much that was
 */
function spoolHalfABatch(spoolFile: string, folder: string): number {
  const copy = join(folder, 'copy.sqlite')
  const [log, copiedLog] = [`${spoolFile}-wal`, `${copy}-wal`]
  copyFileSync(spoolFile, copy)
  copyFileSync(log, copiedLog)
  const spool = new DatabaseSync(copy)
  // With a cache of one page the others go to the log before the transaction ends.
  spool.exec('pragma cache_size = 1; begin')
  const series = { deviceId: unfinished, metricId: unfinished, labels: {} }
  const samples = Array.from({ length: 5_000 }, (_, timestamp) => ({ timestamp, series, value: timestamp }))
  const content = encodeBatch(samples)
  spool
    .prepare('insert into batches (samples, bytes, content) values (?, ?, ?)')
    .run(samples.length, content.length, content)
  const [before, half] = [readFileSync(log), readFileSync(copiedLog)]
  spool.exec('rollback')
  spool.close()
  writeFileSync(log, half)
  return changedBytes(before, half)
}

/** Not what the log has grown by: after a checkpoint SQLite writes from its beginning, over what is no longer valid. */
function changedBytes(before: Buffer, after: Buffer): number {
  return after.reduce((changed, byte, index) => changed + Number(byte !== before[index]), 0)
}

function powers(line: number): number[] {
  return Array.from({ length: ports }, (_, port) => port * 1_000 + (line % 1_000))
}
