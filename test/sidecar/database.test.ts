import test from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { Connection } from '../../sidecar/database.ts'
import { testDatabase } from '../harness/database.ts'
import { withConnection } from '../harness/server.ts'
import { addressOf } from './storing.ts'

test('a statement that was given up ends on the server too', async t => {
  const database = await testDatabase(t)
  const connection = new Connection(addressOf(database), { name: 'impatient', onNotice: () => {} })
  const running = async () => {
    const rows = await withConnection(
      database.admin,
      sql => sql`
        select state from pg_stat_activity where application_name = 'impatient' and datname = current_database()`,
    )
    return rows.length
  }
  const statement = connection.sql`select pg_sleep(600)`.execute()
  const given = connection.answerWithin(1_000, statement)
  await until('the statement runs', async () => (await running()) === 1)
  await t.throwsAsync(given, { message: 'no answer in 1 s' })
  await until('nobody computes it any more', async () => (await running()) === 0)
  t.pass()
})
