import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { decodeBatch } from '../../sidecar/batch.ts'
import { Spool } from '../../sidecar/spool.ts'
import { testDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import type { Scope } from '../harness/scope.ts'
import { keptLog, sampleAt, seriesNamed } from '../sidecar/samples.ts'
import { addressOf, startStoring, storedSamples } from '../sidecar/storing.ts'
import { assertSame, differenceOf, type Fault, seeded, sized } from './faults.ts'

const [main, log] = ['spool.sqlite', 'spool.sqlite-wal']
const pageBytes = 4096

/** A batch of values that say which it is; one in four is larger than a page of the file. */
function batchOf(fault: Fault, batch: number) {
  const rows = fault.below(4) === 0 ? 1 + fault.below(400) : 1 + fault.below(20)
  return Array.from({ length: rows }, (_, row) =>
    sampleAt(1_732_320_000 + row, batch, seriesNamed('numbered')),
  )
}

interface Undamaged {
  readonly folder: string
  /** Rows of each batch that waits, by its number. */
  readonly waiting: ReadonlyMap<number, number>
  /** Number of the newest batch. */
  readonly last: number
}

/** A spool as a SIGKILL leaves it: the older batches in the file, the newest in its log, some stored already. */
function killedSpool(t: Scope, fault: Fault): Undamaged {
  const [folder, killed] = [temporaryFolder(t), temporaryFolder(t)]
  let spool = Spool.open(folder, 64)
  const waiting = new Map<number, number>()
  const last = 20 + fault.below(150)
  for (let batch = 1; batch <= last; batch += 1) {
    const samples = batchOf(fault, batch)
    waiting.set(spool.append(samples).number, samples.length)
    if (batch === Math.floor(last / 2)) {
      spool.close()
      spool = Spool.open(folder, 64)
    }
    if (fault.below(3) > 0) continue
    const oldest = spool.oldest()
    if (oldest === undefined) continue
    spool.remove(oldest)
    waiting.delete(oldest.number)
  }
  copySpool(folder, killed)
  spool.close()
  return { folder: killed, waiting, last }
}

function copySpool(from: string, to: string): void {
  for (const name of [main, log]) copyFileSync(join(from, name), join(to, name))
}

const damages = {
  'flipped bits of the file': (folder: string, fault: Fault) =>
    flip(join(folder, main), fault, 1 + fault.below(3)),
  'flipped bits of the log': (folder: string, fault: Fault) =>
    flip(join(folder, log), fault, 1 + fault.below(3)),
  'a page of the file': (folder: string, fault: Fault) => overwritePage(join(folder, main), fault),
  'a page of the log': (folder: string, fault: Fault) => overwritePage(join(folder, log), fault),
  'the end of the file': (folder: string, fault: Fault) => cut(join(folder, main), fault),
} as const

function flip(path: string, fault: Fault, bits: number): void {
  const bytes = readFileSync(path)
  for (let bit = 0; bit < bits; bit += 1) {
    const at = fault.below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << fault.below(8))
  }
  writeFileSync(path, bytes)
}

function overwritePage(path: string, fault: Fault): void {
  const bytes = readFileSync(path)
  const at = fault.below(Math.max(1, bytes.length - pageBytes))
  const garbage = Uint8Array.from({ length: pageBytes }, () => fault.below(256))
  bytes.set(garbage.subarray(0, bytes.length - at), at)
  writeFileSync(path, bytes)
}

function cut(path: string, fault: Fault): void {
  truncateSync(path, fault.below(readFileSync(path).length))
}

/** Everything that comes out of the spool, by its number; a batch with any other value than its own fails. */
function drain(spool: Spool): Map<number, number[]> {
  const batches = new Map<number, number[]>()
  for (let batch = spool.oldest(); batch !== undefined; batch = spool.oldest()) {
    const values = decodeBatch(batch.content).rows.map(([, , value]) => Number(value))
    if (batches.has(batch.number)) throw new Error(`batch ${batch.number} came twice`)
    batches.set(batch.number, values)
    spool.remove(batch)
  }
  return batches
}

/** Damages spools, and looks at what comes out of them. */
function readDamaged(t: ExecutionContext, fault: Fault, words: keyof typeof damages): void {
  t.timeout(600_000)
  const [spools, damagesOfEach] = sized([1, 10], [10, 10])
  let [due, came, silent] = [0, 0, 0]
  let spoolOfRound = killedSpool(t, fault)
  for (let round = 0; round < spools * damagesOfEach; round += 1) {
    if (round > 0 && round % damagesOfEach === 0) spoolOfRound = killedSpool(t, fault)
    const { waiting, last } = spoolOfRound
    const folder = temporaryFolder(t)
    copySpool(spoolOfRound.folder, folder)
    damages[words](folder, fault)
    const said = keptLog()
    const spool = Spool.open(folder, 64, said)
    const batches = drain(spool)
    t.is(spool.bytes, 0)
    for (const [number, values] of batches) {
      if (values.some(value => value !== number)) t.fail(`a value of batch ${number} is another`)
      if (waiting.has(number) && values.length !== waiting.get(number)) t.fail(`batch ${number} is not whole`)
    }
    const missing = [...waiting.keys()].filter(number => !batches.has(number))
    due += waiting.size
    came += waiting.size - missing.length
    const isLoud = said.lines.some(line => line.startsWith('error') && line.includes('is damaged'))
    const isKept = readdirSync(folder).some(name => name.includes('.damaged-1'))
    t.is(isLoud, isKept)
    // Damage to the last transactions cannot always be told from a death in the middle of them.
    const isTail = missing.every(number => number >= last - 1)
    if (missing.length > 0 && !isLoud && !isTail) silent += 1
    const { number } = spool.append(batchOf(fault, 0))
    t.true(batches.size === 0 || number > Math.max(...batches.keys()), 'a number is given again')
    spool.close()
  }
  fault.report({ spools: spools * damagesOfEach, batches: due, read: came, 'lost without a word': silent })
  t.is(silent, 0)
  t.true(
    came > due * (words === 'the end of the file' ? 0.1 : 0.6),
    `only ${came} of ${due} batches came out`,
  )
}

for (const words of Object.keys(damages) as (keyof typeof damages)[]) {
  test(`a spool that lost ${words} gives what can be read, unchanged, and says the rest`, t => {
    readDamaged(t, seeded(t), words)
  })
}

/** Runs that once found a spool that could not be used any more, or counted wrongly. */
for (const [what, words, seed] of [
  ['a tree that leads back to batches that were read already', 'a page of the log', 731_846_175],
  ['a row of more bytes than SQLite takes', 'a page of the file', 1_048],
  ['a table whose column has another name', 'flipped bits of the log', 1_108],
  ['a tree that shows batches twice where they are counted', 'flipped bits of the log', 153_382_856],
] as const) {
  test(`a spool that was damaged to ${what} gives what can be read, and says the rest`, t => {
    readDamaged(t, seeded(t, seed), words)
  })
}

test('what was stored just before the spool was damaged is not stored again, and what follows is stored', async t => {
  const fault = seeded(t)
  const database = await testDatabase(t)
  const taken: string[] = []
  let setAside = 0
  const rounds = sized(4, 40)
  for (let round = 0; round < rounds; round += 1) {
    const folder = temporaryFolder(t)
    const metric = `round_${round}`
    const batchAt = (batch: number) => [sampleAt(1_732_320_000 + batch, batch, seriesNamed(metric))]
    const first = startStoring(t, addressOf(database), { folder })
    for (let batch = 0; batch < 50; batch += 1) first.spool.append(batchAt(batch))
    await first.isEmpty()
    // What the death of the program between storing and forgetting leaves.
    const killed = temporaryFolder(t)
    copySpool(folder, killed)
    await first.stop()
    copySpool(killed, folder)
    const names = Object.keys(damages) as (keyof typeof damages)[]
    damages[names[fault.below(names.length)] ?? names[0] ?? 'a page of the log'](folder, fault)

    const second = startStoring(t, addressOf(database), { folder })
    for (let batch = 50; batch < 60; batch += 1) second.take(batchAt(batch))
    await second.isEmpty()
    await second.stop()
    for (let batch = 0; batch < 60; batch += 1) taken.push(`${metric} ${batch}`)
    setAside += readdirSync(folder).some(name => name.includes('.damaged-1')) ? 1 : 0
  }
  const stored: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    const metric = `round_${round}`
    for (const [, batch] of await storedSamples(database, metric)) stored.push(`${metric} ${batch}`)
  }
  const difference = differenceOf(taken, stored)
  fault.report({ spools: rounds, 'set aside': setAside, ...difference })
  assertSame(t, difference)
})
