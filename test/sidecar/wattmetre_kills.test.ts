import { appendFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import test from 'ava'
import { privateCluster } from '../harness/cluster.ts'
import { installedDatabase } from '../harness/database.ts'
import { withConnection } from '../harness/server.ts'
import { addWitness, randomNumbers, spooledSamples, storedSamples } from './spool_witness.ts'
import { configureWattmetre, lineAt, startWattmetre } from './wattmetre_program.ts'

const kills = 8
/** One of so many kills of the program goes with one of PostgreSQL. */
const lifesOfServer = 3
const ports = 20
const rate = 100

test.serial(
  'SIGKILLs of the program, of PostgreSQL and half written batches lose and double nothing',
  async t => {
    const seed = Number(process.env.KWOLLECT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32))
    t.log(`KWOLLECT_TEST_SEED=${seed}`)
    const random = randomNumbers(seed)
    const cluster = await privateCluster(t, { durability: 'kept' })
    const database = await installedDatabase(t, cluster.address)
    const { file, spoolFile } = configureWattmetre(t, database)
    await withConnection(
      database.writer,
      sql => sql`
      insert into promoted_metrics (device_id, metric_id)
      select 'w1-port' || port, null from generate_series(0, ${ports / 2}::integer) as port`,
    )
    const first = startWattmetre(t, file)
    first.end()
    t.is(await first.ended, 'exit status 0', first.output())
    addWitness(spoolFile)

    for (let kill = 0; kill < kills; kill += 1) {
      const program = startWattmetre(t, file)
      const start = 1_700_000_000 + kill * 1_000
      await program.write(lineAt(start, ...powers(0)))
      await program.untilPrinted('optional metrics are promoted')
      // Bursts far faster than in real time, and death at any moment of reading, spooling and storing.
      for (let line = 1; line < 20 * rate; line += 1) {
        await program.write(lineAt(start + line / rate, ...powers(line)))
        if (line % (5 * rate) === 0) await wait(random() * 600)
      }
      if (kill % lifesOfServer === 0) await cluster.kill()
      program.signal('SIGKILL')
      await program.ended
      // What a death in the middle of a write leaves behind the last whole batch.
      appendFileSync(`${spoolFile}-wal`, Buffer.from(powers(kill).join()).subarray(0, random() * 100))
      if (kill % lifesOfServer === 0) await cluster.start()
    }
    const last = startWattmetre(t, file)
    last.end()
    t.is(await last.ended, 'exit status 0', last.output())

    const [spooled, stored] = [spooledSamples(spoolFile), await storedSamples(database)]
    t.log(`${stored.length} values in the database`)
    t.true(spooled.length > 10_000, `${spooled.length} values are too few to show anything`)
    t.is(new Set(stored).size, stored.length, 'a value is stored twice')
    t.deepEqual(stored, spooled)
  },
)

function powers(line: number): number[] {
  return Array.from({ length: ports }, (_, port) => port * 1_000 + (line % 1_000))
}
