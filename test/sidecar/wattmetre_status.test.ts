import test from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { withConnection } from '../harness/server.ts'
import { configureWattmetre, lineAt, startWattmetre } from './wattmetre_program.ts'

/** A past that no other test uses; whether a wattmetre is up does not depend on the times of its lines. */
const start = 1_700_000_000

function statusRows(database: TestDatabase) {
  return withConnection(database.reader, async sql => [
    ...(await sql`
      select host, protocol, devices, kwollector_state as state, up, last_error
           , metrics_polled::integer as polled, polls::integer as lines, polls_failed::integer as bad
        from kwollector_status`),
  ])
}

test('a wattmetre stands in kwollector_status beside the hosts that are polled', async t => {
  const database = await testDatabase(t)
  const { file } = configureWattmetre(t, database, {}, 'node-1: [w1-port1]\n')
  const program = startWattmetre(t, file)
  await program.write(lineAt(start, 1, 10) + lineAt(start + 1, 2, 20) + lineAt(start + 5, 3, 30))
  await program.write('nonsense\n')
  const [reported] = await until('a report', async () => {
    const rows = await statusRows(database)
    return rows.length > 0 && rows
  })
  t.deepEqual(reported, {
    host: 'w1',
    protocol: 'wattmetre',
    devices: ['w1-port0', 'w1-port1'],
    state: 'running',
    up: true,
    last_error: 'lines skipped: with a wrong number of fields',
    polled: 2,
    lines: 4,
    bad: 1,
  })

  program.end()
  t.is(await program.ended, 'exit status 0', program.output())
  const [stopped] = await statusRows(database)
  t.like(stopped, { state: 'stopped', up: null, lines: 4 })
  const [counts] = await withConnection(
    database.reader,
    sql => sql`select values_stored::integer as stored, spool_batches::integer as waiting from kwollectors`,
  )
  t.deepEqual(counts, { stored: 6, waiting: 0 })
})
