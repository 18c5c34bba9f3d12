import test from 'ava'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { fileScope } from '../harness/scope.ts'
import { testWhere } from '../harness/server.ts'
import { type PythonRow, pythonClientsMissing, pythonWays, writeWithPython } from '../peers/python_writer.ts'
import { session } from './session.ts'

const file = fileScope(test)
let database: TestDatabase
test.before(async () => {
  database = await testDatabase(file)
})

const pythonTest = testWhere(test, pythonClientsMissing)

for (const way of pythonWays) {
  pythonTest(`a program for kwollect 1.x that writes with ${way} into metrics stores its rows`, async t => {
    const device = way.replace(' ', '-')
    const rows: PythonRow[] = [
      ['2021-01-01T00:00:00.123456+00:00', device, 'power', '42.5', { _device_alias: 'node-1' }],
      ['2021-01-01T00:00:01+00:00', device, 'power', 'nan', {}],
      ['2021-01-01T00:00:02+00:00', device, 'power', 'inf', { value_str: 'too "much"' }],
    ]
    await writeWithPython(way, database.writer, rows)
    const sql = session(t, database.reader)
    const stored = await sql`
      select extract(epoch from timestamp)::text as seconds, metric_id, value, labels
           , timestamp > now() - interval '5 minutes' as now
        from metrics where device_id = ${device} order by timestamp, value`
    const values = [42.5, Number.NaN, Number.POSITIVE_INFINITY]
    if (way === 'psycopg2 copy_expert') {
      // Leaves timestamp and labels to their defaults.
      t.true(stored.every(row => row.now && JSON.stringify(row.labels) === '{}'))
      t.deepEqual(
        stored.map(row => row.value),
        [42.5, Number.POSITIVE_INFINITY, Number.NaN],
      )
      return
    }
    t.deepEqual(
      stored.map(row => [row.seconds, row.metric_id, row.value, row.labels]),
      rows.map(([, , metric, , labels], row) => [
        `${1609459200 + row}.${row === 0 ? '123456' : '000000'}`,
        metric,
        values[row],
        labels,
      ]),
    )
  })
}
