import { writeFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { freePort } from '../../scripts/stack/free_port.ts'
import { until } from '../../scripts/stack/until.ts'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { run } from '../harness/processes.ts'
import { withConnection } from '../harness/server.ts'
import { type StoredMetric, storedMetrics } from './kwollector_program.ts'
import { configureWattmetre, lineAt, startWattmetre, type WattmetreProgram } from './wattmetre_program.ts'

const metric = 'wattmetre_power_watt'
/** A past that no other test uses; all its lines come in a burst. */
const start = 1_700_000_000

/** `w1-port0@5=12.5` for a value 5 s after the start; sorted. */
async function stored(database: TestDatabase): Promise<string[]> {
  return (await storedMetrics(database, metric)).map(shown).sort()
}

function shown({ device_id, us, value }: StoredMetric): string {
  return `${device_id}@${us / 1e6 - start}=${value}`
}

async function endWell(t: ExecutionContext, program: WattmetreProgram): Promise<void> {
  t.is(await program.ended, 'exit status 0', program.output())
}

async function promote(database: TestDatabase, device: string): Promise<void> {
  await withConnection(
    database.writer,
    sql => sql`insert into promoted_metrics (device_id, metric_id) values (${device}, 'wattmetre_power')`,
  )
}

test('lines in halves and with CR LF become an average per port and second, named by the mapping', async t => {
  const database = await testDatabase(t)
  const { file } = configureWattmetre(t, database, {}, 'node-1: [w1-port0]\nnode-2: [w1-port1, w2-port1]\n')
  const program = startWattmetre(t, file)
  const text = [lineAt(start, 10, 100, ''), lineAt(start + 0.5, 20, 'nan', ''), lineAt(start + 1, 5, 50, '')]
    .join('')
    .replaceAll('\n', '\r\n')
  await program.write(text.slice(0, 25))
  await program.write(text.slice(25, 90))
  program.end(text.slice(90))
  await endWell(t, program)
  t.deepEqual(await stored(database), ['w1-port0@0=15', 'w1-port0@1=5', 'w1-port1@0=100', 'w1-port1@1=50'])
  const [one] = await storedMetrics(database, metric)
  t.like(one?.labels, { _device_alias: one?.device_id === 'w1-port0' ? 'node-1' : 'node-2' })
})

test('a promotion is heard at once and brings every measurement from the next second on', async t => {
  const database = await testDatabase(t)
  const { file } = configureWattmetre(t, database, {}, 'node-1: [w1-port1]\n')
  const program = startWattmetre(t, file)
  await program.write(lineAt(start, 1, 10))
  await program.untilPrinted('0 of 2 optional metrics are promoted')
  await promote(database, 'node-1')
  await program.untilPrinted('1 of 2 optional metrics are promoted')
  await program.write(lineAt(start + 0.5, 3, 30))
  for (const time of [1, 1.25, 1.5]) await program.write(lineAt(start + time, time, time * 100))
  await until('the promoted values', async () => (await stored(database)).length === 3)
  await withConnection(database.writer, sql => sql`delete from promoted_metrics`)
  await until('the end of the promotion', () => program.output().split('0 of 2 optional').length === 3)
  program.end(lineAt(start + 1.75, 1.75, 175) + lineAt(start + 2.5, 7, 70))
  await endWell(t, program)
  t.deepEqual(await stored(database), [
    'w1-port0@0=2',
    'w1-port0@1=1.375',
    'w1-port0@2=7',
    'w1-port1@0=20',
    'w1-port1@1.25=125',
    'w1-port1@1.5=150',
    'w1-port1@1.75=175',
    'w1-port1@1=100',
    'w1-port1@2=70',
  ])
})

test('bad lines are counted, reported together, and cost no good one', async t => {
  const database = await testDatabase(t)
  const { file } = configureWattmetre(t, database)
  const program = startWattmetre(t, file)
  const bad = '1,1,x,OK,5\n'.repeat(1_000) + '1,1,5,KO,5\n'.repeat(20)
  program.end(
    `\u0000\u00ff garbage\n${bad}${lineAt(start, 5)}${lineAt(start + 1, 6, 7)}1,1,${start + 2}.0,OK,6`,
  )
  await endWell(t, program)
  t.deepEqual(await stored(database), ['w1-port0@0=5', 'w1-port0@1=6', 'w1-port1@1=7'])
  const reports = program
    .output()
    .split('\n')
    .filter(line => line.includes('lines skipped'))
  t.is(reports.length, 1)
  t.regex(
    reports[0] ?? '',
    / warning lines skipped: 1,000 without a Unix time, 20 not marked as valid by the wattmetre, 1 with a wrong number of fields, 1 cut off by the end of the input; the last one: 1,1,1700000002\.0,OK,6$/,
  )
})

test('lines of another version are told soon, with the option that may be wrong', async t => {
  const { file } = configureWattmetre(t, await testDatabase(t))
  const program = startWattmetre(t, file)
  await program.write(`1671527189.3,true,230,0,0,0.1,20.9,,,,,,\n`)
  await program.untilPrinted('lines skipped: 1 not marked as valid by the wattmetre')
  t.true(program.output().includes('; no line was good yet: is wattmetre_version 2 right?\n'))
  program.end()
  await endWell(t, program)
})

test('with the database away input is read and spooled, and the next start stores it', async t => {
  const database = await testDatabase(t)
  const { file } = configureWattmetre(t, database)
  const program = startWattmetre(t, file, { KWOLLECT_DB_PORT: String(await freePort()) })
  // More than any pipe holds: it must have been read.
  const lines = 5_000
  const text = Array.from({ length: lines }, (_, line) => lineAt(start + line / 100, 1.5, 2.5, 3.5)).join('')
  await program.write(text)
  await program.untilPrinted('spooled batch 1')
  program.end()
  await endWell(t, program)
  t.regex(program.output(), / warning batches that wait in the spool: \d+; the next start stores them/)

  const next = startWattmetre(t, file)
  next.end()
  await endWell(t, next)
  t.is((await stored(database)).length, (lines / 100) * 3)
})

test('SIGTERM stores all that was read, and what the reading program still says', async t => {
  const database = await testDatabase(t)
  const { file } = configureWattmetre(t, database)
  const program = startWattmetre(t, file)
  await program.write(lineAt(start, 1))
  await program.untilPrinted('0 of 1 optional metrics are promoted')
  program.signal('SIGTERM')
  await program.write(`${lineAt(start + 1, 2)}1,1,1700000002.0,OK,5`)
  await endWell(t, program)
  t.deepEqual(await stored(database), ['w1-port0@0=1', 'w1-port0@1=2'])
})

test('a mistake in the mapping file ends the program with status 2 before it reads anything', async t => {
  const nowhere = {
    name: 'kwdb',
    user: 'u',
    password: 'p',
    server: { host: '127.0.0.1', port: 1, user: '', password: '' },
  }
  const { file, mappingFile } = configureWattmetre(
    t,
    nowhere,
    {},
    'node-1: [w1-port1]\nnode-2: [w1-port1, w1-prt2]\n',
  )
  const program = startWattmetre(t, file)
  t.is(await program.ended, 'exit status 2')
  t.is(
    program.output(),
    [
      `kwollector-wattmetre: ${mappingFile}:2:10: w1-port1 is listed twice (first in line 1): a port powers one device`,
      `${mappingFile}:2:20: unknown port w1-prt2: a port is the wattmetre_id, -port and its number, counted from 0\n`,
    ].join('\n'),
  )
})

test('SIGHUP takes over a good mapping file from the next second on, and keeps the old one where it is bad', async t => {
  const database = await testDatabase(t)
  const { file, mappingFile } = configureWattmetre(t, database, {}, 'node-1: [w1-port0]\n')
  const program = startWattmetre(t, file)
  await program.write(lineAt(start, 1))
  await program.untilPrinted('0 of 1 optional metrics are promoted')
  writeFileSync(mappingFile, 'node-2: w1-port0\n')
  program.signal('SIGHUP')
  await program.untilPrinted('the mapping file is not taken over; the former mapping stays')
  t.true(program.output().includes(`${mappingFile}:1:1: node-2 must have a list of ports`))
  await program.write(lineAt(start + 1, 1))
  writeFileSync(mappingFile, 'node-2: [w1-port0]\nnode-3: [w1-port9]\n')
  program.signal('SIGHUP')
  await program.untilPrinted('the mapping file is taken over: 2 ports power a device')
  await program.untilPrinted(`${mappingFile}:2:10: w1-port9 is unknown: the wattmetre has 1 ports`)
  program.end(lineAt(start + 1.5, 1) + lineAt(start + 2, 1))
  await endWell(t, program)
  const devices = (await storedMetrics(database, metric)).map(({ labels }) => labels._device_alias)
  t.deepEqual(devices, ['node-1', 'node-1', 'node-2'])
})

test('what the simulator writes is stored, version 3 as well', async t => {
  const database = await testDatabase(t)
  const { file } = configureWattmetre(t, database, { wattmetre_version: 3 })
  const pipeline =
    'scripts/wattmetre-simulate --wattmetre_version 3 --ports 4 --rate 100 --duration 1 | "$0" sidecar/kwollector-wattmetre.ts "$1"'
  const { status, stderr } = await run('sh', ['-c', pipeline, process.execPath, file])
  t.is(status, 0, stderr)
  t.false(stderr.includes('lines skipped'), stderr)
  const values = await storedMetrics(database, metric)
  t.true(values.length === 4 || values.length === 8, 'one or two seconds of four ports')
  t.true(values.every(({ value }) => value > 90 && value < 114))
})
