import test from 'ava'
import postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import type { Scope } from '../harness/scope.ts'
import { session } from './session.ts'

interface Description {
  readonly name: string
  readonly device: string
  readonly alias?: string
}

/** @returns the positions, from 1, that the database says are to be polled */
async function promoted(sql: postgres.Sql, descriptions: readonly Description[]): Promise<number[]> {
  const [row] = await sql<{ positions: string[] }[]>`
    select kwollect.promoted_descriptions(
             ${descriptions.map(({ name }) => name)}::text[]
           , ${descriptions.map(({ device }) => device)}::text[]
           , ${descriptions.map(({ alias }) => alias ?? null)}::text[]) as positions`
  return (row?.positions ?? []).map(Number)
}

test('the user adds, changes and removes promotions, and the reader sees them', async t => {
  const database = await testDatabase(t)
  const sql = session(t, database.writer)
  const seen = session(t, database.reader)
  await sql`insert into promoted_metrics values ('node-1', 'watt'), ('node-2', null)`
  await sql`update promoted_metrics set metric_id = 'temp.*' where device_id = 'node-1'`
  await sql`delete from promoted_metrics where device_id = 'node-2'`
  t.deepEqual(
    [...(await seen`select * from promoted_metrics`)],
    [{ device_id: 'node-1', metric_id: 'temp.*' }],
  )
})

test('each statement that changes promotions is announced once, however many rows it has', async t => {
  const database = await testDatabase(t)
  const { listener, announced } = await listen(t, database)
  const sql = session(t, database.writer)
  await sql`insert into promoted_metrics select 'node-' || number, 'm' from generate_series(1, 100) as number`
  await sql`update promoted_metrics set metric_id = 'n'`
  await sql`delete from promoted_metrics`
  await listener.notify('kwollect_promotions', 'end')
  await announced.end
  t.deepEqual(announced.payloads, Array(3).fill(database.name))
})

test('an expression matches at the start of the name, for the device or its alias; NULL means all', async t => {
  const database = await testDatabase(t)
  const sql = session(t, database.writer)
  await sql`
    insert into promoted_metrics
    values ('node-1', 'prom_.*_total'), ('node-1', 'prom_.*_total'), ('node-2-alias', null), ('node-3', 'watt|temp')`
  const descriptions = [
    { name: 'prom_cpu_total', device: 'node-1' },
    { name: 'a_prom_cpu_total', device: 'node-1' },
    { name: 'prom_cpu_total', device: 'pdu-1', alias: 'node-1' },
    { name: 'prom_cpu_total', device: 'node-10', alias: 'x' },
    { name: 'anything', device: 'pdu-2', alias: 'node-2-alias' },
    { name: 'watt_total', device: 'node-3' },
    { name: 'temperature', device: 'node-3' },
    { name: 'a_temp', device: 'node-3' },
  ]
  t.deepEqual(await promoted(sql, descriptions), [1, 3, 5, 6, 7])
})

for (const expression of [
  '(',
  'a{2,1}',
  '[z-a]',
  '*x',
  'a{1000}',
  `${'('.repeat(500)}a${')'.repeat(500)}{9}{9}{9}`,
  '((((x*)*)*){30}){30}',
  '(x*|y*|z*){255}',
  '[(](?:[]{](x|y)*\\(*){255}',
  'x{0,255}'.repeat(11),
  '(a|b|c|)'.repeat(101),
  '\\y'.repeat(1001),
  '(?b)\\(x*\\)\\{255\\}',
  '***:(x*){255}',
]) {
  test(`the expression ${expression.slice(0, 20)} is skipped with a warning and costs no other`, async t => {
    const database = await testDatabase(t)
    const notices: postgres.Notice[] = []
    const sql = postgres(database.writer, { max: 1, onnotice: notice => void notices.push(notice) })
    t.teardown(() => sql.end({ timeout: 5 }))
    await sql`insert into promoted_metrics values ('bad', ${expression}), ('good', 'm')`
    const positions = await promoted(sql, [
      { name: 'm', device: 'bad' },
      { name: 'm', device: 'good' },
    ])
    t.deepEqual(positions, [2])
    const warnings = notices.filter(notice => notice.severity === 'WARNING')
    t.is(warnings.length, 1)
    t.regex(warnings[0]?.message ?? '', /^promoted_metrics: .* is no regular expression: /)
    t.regex(warnings[0]?.hint ?? '', /^The row for bad is skipped/)
  })
}

test('an expression may be told to take small letters for capital ones, and repeat characters', async t => {
  const database = await testDatabase(t)
  const sql = session(t, database.writer)
  await sql`insert into promoted_metrics values ('node-1', '(?i)POWER'), ('node-1', 'port-[0-9]{1,3}_[(){}]\\){2}'), ('node-2', '(?i)')`
  const names = ['power_watt', 'Power', 'total_power', 'port-12_{))', 'port-12_{)']
  t.deepEqual(
    await promoted(
      sql,
      names.map(name => ({ name, device: 'node-1' })),
    ),
    [1, 2, 4],
  )
  t.deepEqual(await promoted(sql, [{ name: 'any', device: 'node-2' }]), [1])
})

test('an expression cannot leave the group that holds it at the start of the name', async t => {
  const database = await testDatabase(t)
  const sql = session(t, database.writer)
  await sql`insert into promoted_metrics values ('node-1', 'a)|(?:watt')`
  t.deepEqual(await promoted(sql, [{ name: 'total_watt', device: 'node-1' }]), [])
})

test('an expression that could take for ever to match is skipped with a warning and costs no other', async t => {
  const database = await testDatabase(t)
  const notices: postgres.Notice[] = []
  const sql = postgres(database.writer, { max: 1, onnotice: notice => void notices.push(notice) })
  t.teardown(() => sql.end({ timeout: 5 }))
  await sql`set statement_timeout = '10s'`
  await sql`
    insert into promoted_metrics
    values ('bad', ${`${'(.*)'.repeat(9)}[^a]\\1\\2\\3`}), ('good', ${'a+(\\\\1)?'}), ('good', '(a+)+!')`
  const name = `${'a'.repeat(60)}!`
  t.deepEqual(
    await promoted(sql, [
      { name, device: 'bad' },
      { name, device: 'good' },
    ]),
    [2],
  )
  const warnings = notices.filter(notice => notice.severity === 'WARNING')
  t.is(warnings.length, 1)
  t.regex(warnings[0]?.message ?? '', /is no regular expression: back references /)
})

async function listen(scope: Scope, database: TestDatabase) {
  const listener = session(scope, database.admin)
  const payloads: string[] = []
  let finish: () => void = () => undefined
  const end = new Promise<void>(resolve => {
    finish = resolve
  })
  await listener.listen('kwollect_promotions', payload => {
    if (payload === 'end') finish()
    else payloads.push(payload)
  })
  return { listener, announced: { payloads, end } }
}
