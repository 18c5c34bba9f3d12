import test, { type ExecutionContext } from 'ava'
import type postgres from 'postgres'
import { until } from '../../scripts/stack/until.ts'
import { Connection, type ConnectionOptions } from '../../sidecar/database.ts'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { withConnection } from '../harness/server.ts'
import { addressOf } from './storing.ts'

/** Starts a statement and gives it up while the server works on it. */
async function giveUp(
  t: ExecutionContext,
  database: TestDatabase,
  givenUp: ConnectionOptions['givenUp'],
  statement: (sql: postgres.Sql) => PromiseLike<unknown>,
) {
  const options = { name: 'impatient', onNotice: () => {}, ...(givenUp === undefined ? {} : { givenUp }) }
  const connection = new Connection(addressOf(database), options)
  const isRunning = () =>
    withConnection(database.admin, async sql => {
      const rows = await sql`
        select from pg_stat_activity
         where application_name = 'impatient' and datname = current_database() and state = 'active'`
      return rows.length > 0
    })
  const answered = t.throwsAsync(connection.answerWithin(60_000, statement(connection.sql)), {
    message: 'the connection was ended',
  })
  await until('the server works on it', isRunning)
  await connection.end()
  await answered
  return { untilOver: () => until('nobody works on it any more', async () => !(await isRunning())) }
}

test('a question that was given up ends on the server too', async t => {
  const database = await testDatabase(t)
  const { untilOver } = await giveUp(t, database, 'ended', sql => sql`select pg_sleep(600)`)
  await untilOver()
  t.pass()
})

test('work that was given up is finished by the server, longer than a question would last', async t => {
  const database = await testDatabase(t)
  const { untilOver } = await giveUp(
    t,
    database,
    undefined,
    sql => sql`
      with work as materialized (select pg_sleep(5))
      insert into promoted_metrics (device_id, metric_id) select 'worked', 'on' from work`,
  )
  await untilOver()
  const rows = await withConnection(database.admin, sql => sql`select device_id from promoted_metrics`)
  t.deepEqual([...rows], [{ device_id: 'worked' }])
})
