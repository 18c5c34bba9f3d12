import test from 'ava'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { fileScope } from '../harness/scope.ts'
import { refusal, session } from './session.ts'

const file = fileScope(test)
let database: TestDatabase

test.before(async () => {
  database = await testDatabase(file)
})

test('labels of 64 KB are kept, one byte more is refused in words', async t => {
  const sql = session(t, database.writer)
  const frame = '{"text": ""}'.length
  const fitting = { text: 'x'.repeat(65_536 - frame) }
  await sql`insert into metrics (device_id, metric_id, labels) values ('large', 'm', ${sql.json(fitting)})`
  const [row] = await sql`select labels from metrics where device_id = 'large'`
  t.deepEqual(row?.labels, fitting)
  const tooLong = { text: `${fitting.text}x` }
  const error = await refusal(
    t,
    sql`insert into metrics (device_id, metric_id, labels) values ('large', 'm', ${sql.json(tooLong)})`,
  )
  t.is(error.constraint_name, 'labels_of_at_most_64_kb')
})

for (const labels of ['[]', '"text"', '3', 'null', 'true']) {
  test(`labels that are ${labels} and no object are refused in words`, async t => {
    const sql = session(t, database.writer)
    const error = await refusal(
      t,
      sql`insert into metrics (device_id, metric_id, labels) values ('odd', 'm', ${labels}::text::jsonb)`,
    )
    t.regex(error.message, /^labels must be a JSON object, got (array|string|number|null|boolean)$/)
    t.is((await sql`select from metrics where device_id = 'odd'`).length, 0)
  })
}

for (const column of ['device_id', 'metric_id']) {
  test(`a ${column} that is null, empty or longer than 1024 bytes is refused in words`, async t => {
    const sql = session(t, database.writer)
    const other = column === 'device_id' ? 'metric_id' : 'device_id'
    const insert = (name: string | null) =>
      sql`insert into metrics (${sql(other)}, ${sql(column)}) values ('n', ${name})`
    t.is((await refusal(t, insert(null))).message, 'device_id and metric_id are required')
    t.is((await refusal(t, insert(''))).constraint_name, `${column}_of_1_to_1024_bytes`)
    t.is((await refusal(t, insert('é'.repeat(513)))).constraint_name, `${column}_of_1_to_1024_bytes`)
    await insert('é'.repeat(512))
  })
}

test('labels that are equal as numbers but written differently do not refuse one another', async t => {
  const sql = session(t, database.writer)
  await sql`
    insert into metrics (device_id, metric_id, value, labels)
    values ('equal', 'm', 1, '{"port": 1}'), ('equal', 'm', 2, '{"port": 1.0}'), ('equal', 'm', 3, '{"port": 1.00}')`
  const rows = await sql`select value, labels::text from metrics where device_id = 'equal' order by value`
  t.deepEqual(
    [...rows],
    [
      { value: 1, labels: '{"port": 1}' },
      { value: 2, labels: '{"port": 1.0}' },
      { value: 3, labels: '{"port": 1.00}' },
    ],
  )
})

test('labels that differ from sample to sample make no series of their own', async t => {
  const sql = session(t, database.writer)
  const admin = session(t, database.admin)
  await sql`
    insert into metrics (device_id, metric_id, labels)
    select 'texts', 'm', jsonb_build_object('value_str', text, '_metric_scrape_time', text, 'port', 1)
      from generate_series(1, 50) as text`
  const [series] = await admin`select count(*)::int as count from kwollect.series where device_id = 'texts'`
  t.is(series?.count, 1)
  const [shown] = await sql`
    select count(distinct labels)::int as count, count(*) filter (where labels @> '{"port": 1}')::int as ports
      from metrics where device_id = 'texts'`
  t.deepEqual(shown, { count: 50, ports: 50 })
})

test('a hundred thousand label sets are stored, and one of them is found through an index', async t => {
  const sql = session(t, database.writer)
  await sql`
    insert into metrics (device_id, metric_id, value, labels)
    select 'cardinal-' || number % 100, 'm', number, jsonb_build_object('flow', number)
      from generate_series(1, 100000) as number`
  const [found] = await sql`
    select value from metrics where device_id = 'cardinal-42' and labels @> '{"flow": 4242}'`
  t.is(found?.value, 4242)
  const plan = await session(t, database.admin)`
    explain (costs off) select * from metrics where device_id = 'cardinal-42' and metric_id = 'm'`
  t.regex(plan.map(row => row['QUERY PLAN']).join('\n'), /series_key/)
})

test('labels keep keys and values that mean something to SQL, JSON and regular expressions', async t => {
  const sql = session(t, database.writer)
  const labels = { "'; drop table x; --": '\\"\n\t€ 😀 $HOME %s %I', '': null, nested: { list: [1, [2]] } }
  await sql`insert into metrics (device_id, metric_id, labels) values (${"o'brien\\"}, '"m"', ${sql.json(labels)})`
  const [row] = await sql`select * from metrics where device_id = ${"o'brien\\"}`
  t.deepEqual([row?.metric_id, row?.labels], ['"m"', labels])
})
