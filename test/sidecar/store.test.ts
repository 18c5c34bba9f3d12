import { cpSync } from 'node:fs'
import test from 'ava'
import { freePort } from '../../scripts/stack/free_port.ts'
import { until } from '../../scripts/stack/until.ts'
import { Spool } from '../../sidecar/spool.ts'
import { testDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { withConnection } from '../harness/server.ts'
import { startTcpRelay } from '../peers/tcp_relay.ts'
import { numbered, sampleAt, seriesNamed } from './samples.ts'
import { addressOf, deadLetters, quick, startStoring, storedSamples } from './storing.ts'

const start = 1_732_320_000
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)
const stored = (from: number, to: number) => numbers(from, to).map(number => [start + number, number])

test('every double, its time to the microsecond and all labels arrive as they were taken', async t => {
  const database = await testDatabase(t)
  const storing = startStoring(t, addressOf(database))
  const labels = { room: 'a "b" \\ {c}, NULL', _device_alias: 'é', __proto__: 'x', '': 'empty' }
  const series = seriesNamed('any', labels, "device '; --")
  const values = [
    1 / 3,
    -0,
    5e-324,
    1.7976931348623157e308,
    2 ** 53 + 2,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]
  storing.take([
    ...values.map((value, index) => ({ timestamp: 1_732_320_000_123_456 + index, series, value })),
    sampleAt(start + 1, Number.NaN, series, { value_str: 'rack "7"' }),
  ])
  await storing.isEmpty()
  const rows = await withConnection(
    database.admin,
    sql => sql<{ us: string; device_id: string; value: number; labels: object }[]>`
      select (extract(epoch from timestamp) * 1000000)::bigint as us, device_id, value, labels
        from metrics order by timestamp`,
  )
  t.deepEqual(
    rows.map(({ value }) => value),
    [...values, Number.NaN],
  )
  t.true(Object.is(rows[1]?.value, -0))
  t.deepEqual(
    rows.map(({ us }) => Number(us)),
    [...values.map((_, index) => 1_732_320_000_123_456 + index), (start + 1) * 1_000_000],
  )
  t.true(rows.every(row => row.device_id === "device '; --"))
  t.deepEqual(rows[0]?.labels, labels)
  t.deepEqual(rows.at(-1)?.labels, { ...labels, value_str: 'rack "7"' })
})

test('a batch whose answer was lost on the way is stored once', async t => {
  const database = await testDatabase(t)
  const relay = await startTcpRelay(t, database.server)
  const storing = startStoring(t, addressOf(database, relay))
  for (let round = 0; round < 3; round += 1) {
    const lost = relay.cutBeforeAnswerTo(`{${(start + 2 * round) * 1_000_000},`)
    storing.take([numbered(2 * round), numbered(2 * round + 1)])
    await lost
    await storing.isEmpty()
  }
  t.is(storing.log.lines.filter(line => line.includes('was stored already')).length, 3)
  t.deepEqual(await storedSamples(database), stored(0, 6))
})

test('a database that is away at the start gets everything when it comes', async t => {
  const database = await testDatabase(t)
  const port = await freePort()
  const folder = temporaryFolder(t)
  const away = startStoring(t, { ...addressOf(database), port }, { folder })
  for (const number of numbers(0, 5)) away.take([numbered(number)])
  await away.untilLogged(`cannot store in database ${database.name} on 127.0.0.1:${port}`)
  await away.stop()
  t.is(away.log.lines.filter(line => line.startsWith('error')).length, 1)
  t.true(
    away.log.lines.some(line => line.includes(`connect ECONNREFUSED 127.0.0.1:${port}; values are kept`)),
  )

  const back = startStoring(t, addressOf(database), { folder })
  await back.isEmpty()
  t.deepEqual(await storedSamples(database), stored(0, 5))
})

test('a name with several addresses that all refuse is reported with their reasons', async t => {
  const database = await testDatabase(t)
  const storing = startStoring(t, { ...addressOf(database), host: 'localhost', port: await freePort() })
  await storing.untilLogged('ECONNREFUSED')
  t.pass()
})

test('connections that are cut again and again, and sessions that are ended, lose nothing and double nothing', async t => {
  const database = await testDatabase(t)
  const relay = await startTcpRelay(t, database.server)
  const storing = startStoring(t, addressOf(database, relay))
  for (const number of numbers(0, 60)) {
    storing.take([numbered(number)])
    if (number % 10 === 5) relay.cut()
    if (number % 10 === 9) {
      await withConnection(
        database.admin,
        sql => sql`select pg_terminate_backend(pid) from pg_stat_activity
                    where application_name = 'kwollector' and datname = ${database.name}`,
      )
    }
    await new Promise(resolve => setImmediate(resolve))
  }
  await storing.isEmpty()
  t.deepEqual(await storedSamples(database), stored(0, 60))
})

test('a network that swallows everything is given up, and the batch goes over a new connection', async t => {
  const database = await testDatabase(t)
  const relay = await startTcpRelay(t, database.server)
  const storing = startStoring(t, addressOf(database, relay), { patience: { ...quick, answerMs: 300 } })
  storing.take([numbered(0)])
  await storing.isEmpty()
  relay.goSilent()
  storing.take([numbered(1)])
  await storing.untilLogged('no answer in 0.3 s')
  relay.recover()
  await storing.isEmpty()
  t.deepEqual(await storedSamples(database), stored(0, 2))
})

test('a proxy without a server behind it, which accepts and closes, is not stormed', async t => {
  const database = await testDatabase(t)
  const relay = await startTcpRelay(t, { host: '127.0.0.1', port: await freePort() })
  const storing = startStoring(t, addressOf(database, relay), { patience: { ...quick, retryMs: 60_000 } })
  await storing.untilLogged('the server closed the connection')
  t.is(relay.connections(), 1)
})

test('a wrong password is one clear message without the password', async t => {
  const database = await testDatabase(t)
  const storing = startStoring(t, { ...addressOf(database), password: 'not-the-password' })
  storing.take([numbered(0)])
  await storing.untilLogged('password authentication failed')
  await storing.stop()
  const { host, port } = database.server
  t.deepEqual(storing.log.lines, [
    `error cannot store in database ${database.name} on ${host}:${port} as ${database.user}: password authentication failed for user "${database.user}"; values are kept in the spool, next try in 0.05 s`,
  ])
})

test('samples that no table can hold go to the dead letters alone, with their reason', async t => {
  const database = await testDatabase(t)
  const storing = startStoring(t, addressOf(database))
  const poison: [string, Parameters<typeof sampleAt>][] = [
    ['invalid byte sequence for encoding "UTF8": 0x00', [1, 1, seriesNamed('nul\0', {})]],
    ['unsupported Unicode escape sequence', [2, 2, seriesNamed('label', { room: '\0' })]],
    ['a name is no valid Unicode', [3, 3, seriesNamed('surrogate\ud800')]],
    ['invalid input syntax for type json', [4, 4, seriesNamed('label', { room: '\udfff' })]],
    ['device_id_of_1_to_1024_bytes', [5, 5, seriesNamed('empty', {}, '')]],
    ['labels_of_at_most_64_kb', [6, 6, seriesNamed('label', { room: 'x'.repeat(70_000) })]],
    ['it has no timestamp', [Number.NaN, 7, seriesNamed('numbered')]],
    ['it has no timestamp', [Number.POSITIVE_INFINITY, 8, seriesNamed('numbered')]],
    ['unsupported Unicode escape sequence', [9, 9, seriesNamed('numbered'), { value_str: '\0' }]],
    ['sample_labels_of_at_most_64_kb', [10, 10, seriesNamed('numbered'), { value_str: 'x'.repeat(70_000) }]],
  ]
  const good = numbers(0, poison.length)
  storing.take(
    good.flatMap(number => [numbered(number), sampleAt(...(poison[number]?.[1] ?? [0, 0, seriesNamed('')]))]),
  )
  await storing.isEmpty()

  t.deepEqual(await storedSamples(database), stored(0, good.length))
  const letters = await deadLetters(database)
  t.is(letters.length, poison.length)
  for (const [reason, [, value]] of poison) {
    const letter = letters.find(({ sample }) => (JSON.parse(sample) as { value: number }).value === value)
    t.true(letter?.reason.includes(reason), `${value}: ${letter?.reason} has no "${reason}"`)
  }
})

test('a batch that is damaged in the spool is set aside with it, and those around it are stored', async t => {
  const database = await testDatabase(t)
  const folder = temporaryFolder(t)
  const spool = Spool.open(folder, 64)
  for (const number of numbers(0, 3)) spool.append([numbered(number)])
  spool.close()
  const { DatabaseSync } = await import('node:sqlite')
  const file = new DatabaseSync(`${folder}/spool.sqlite`)
  file.exec(`update batches set content = replace(content, ',1]', ',7]') where number = 2`)
  file.close()

  const storing = startStoring(t, addressOf(database), { folder })
  await storing.isEmpty()
  t.deepEqual(await storedSamples(database), [...stored(0, 1), ...stored(2, 3)])
  await storing.untilLogged('batch 2 is not what was written')
})

test('after the database was restored from a backup, samples go to the series of the same name', async t => {
  const database = await testDatabase(t)
  const storing = startStoring(t, addressOf(database))
  storing.take([sampleAt(start, 1, seriesNamed('early')), sampleAt(start, 2, seriesNamed('late'))])
  await storing.isEmpty()
  // What a restore does to the store: the sessions end, and the same names have other numbers.
  await withConnection(database.admin, async sql => {
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
               where application_name = 'kwollector' and datname = ${database.name}`
    await sql`truncate kwollect.samples, kwollect.series, kwollect.spools restart identity`
    await sql`insert into metrics (device_id, metric_id, value) values ('other', 'other', 1)`
  })
  storing.take([sampleAt(start + 1, 3, seriesNamed('late'))])
  await storing.isEmpty()
  t.deepEqual(await storedSamples(database, 'late'), [[start + 1, 3]])
  t.is((await storedSamples(database, 'other')).length, 1)
})

test('a spool that was restored from an older copy stores what is new, and nothing twice', async t => {
  const database = await testDatabase(t)
  const [folder, backup] = [temporaryFolder(t), temporaryFolder(t)]
  const before = Spool.open(folder, 64)
  before.append([numbered(0)])
  before.append([numbered(1)])
  before.close()
  cpSync(folder, backup, { recursive: true })
  const original = startStoring(t, addressOf(database), { folder })
  for (const number of numbers(2, 6)) original.take([numbered(number)])
  await original.isEmpty()
  await original.stop()

  const copy = startStoring(t, addressOf(database), { folder: backup })
  copy.take([numbered(6)])
  await copy.isEmpty()
  t.true(copy.log.lines.some(line => line.includes('the spool is an older copy')))
  t.deepEqual(await storedSamples(database), stored(0, 7))
})

test('two machines that run on copies of one spool at the same time lose nothing', async t => {
  const database = await testDatabase(t)
  const [folder, clone] = [temporaryFolder(t), temporaryFolder(t)]
  Spool.open(folder, 64).close()
  cpSync(folder, clone, { recursive: true })
  const machines = [folder, clone].map(each => startStoring(t, addressOf(database), { folder: each }))
  for (const number of numbers(0, 10)) {
    machines[number % 2]?.take([numbered(number)])
    for (const machine of machines) await machine.isEmpty()
  }
  t.deepEqual(await storedSamples(database), stored(0, 10))
  const errors = machines.flatMap(({ log }) => log.lines.filter(line => line.startsWith('error')))
  t.is(errors.length, 1)
  t.true(errors[0]?.includes('another machine uses a copy of this spool'))
})

for (const [state, silence] of [
  ['does not answer', 'before'],
  ['falls silent in the middle', 'after'],
] as const) {
  test(`a stop ends within its time although the database ${state}`, async t => {
    const database = await testDatabase(t)
    const relay = await startTcpRelay(t, database.server)
    if (silence === 'before') relay.goSilent()
    const storing = startStoring(t, addressOf(database, relay))
    if (silence === 'after') {
      storing.take([numbered(0)])
      await storing.isEmpty()
      relay.goSilent()
    }
    storing.take([numbered(1)])
    await until('a request without an answer', () => relay.swallowed() > 0)
    const before = performance.now()
    await storing.stop()
    // A bound that only a hang passes: the patience is half a second.
    t.true(performance.now() - before < 5_000)
  })
}

test('a stop stores what waits first, where the database answers', async t => {
  const database = await testDatabase(t)
  const storing = startStoring(t, addressOf(database), { patience: { ...quick, stopMs: 20_000 } })
  for (const number of numbers(0, 20)) storing.take([numbered(number)])
  await storing.stop()
  t.deepEqual(await storedSamples(database), stored(0, 20))
})
