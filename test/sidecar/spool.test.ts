import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import test from 'ava'
import fc from 'fast-check'
import { decodeBatch, encodeBatch } from '../../sidecar/batch.ts'
import { Spool, SpoolUnusable } from '../../sidecar/spool.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { repository, run } from '../harness/processes.ts'
import type { Scope } from '../harness/scope.ts'
import { keptLog, numbered, sampleAt, seriesNamed } from './samples.ts'

const program = join(repository, 'test', 'sidecar', 'spooling_program.ts')

function openSpool(scope: Scope, folder = temporaryFolder(scope), limitMb = 1024): Spool {
  const spool = Spool.open(folder, limitMb)
  scope.teardown(() => {
    try {
      spool.close()
    } catch {
      // The test closed it.
    }
  })
  return spool
}

/** Takes everything out, the oldest first. */
function drain(spool: Spool): { number: number; values: unknown[] }[] {
  const batches: { number: number; values: unknown[] }[] = []
  for (let batch = spool.oldest(); batch !== undefined; batch = spool.oldest()) {
    batches.push({ number: batch.number, values: decodeBatch(batch.content).rows.map(row => row[2]) })
    spool.remove(batch)
  }
  return batches
}

/** About 100 KB that no compression of ours makes smaller. */
function bulk(second: number) {
  const text = 'x'.repeat(1_000)
  return Array.from({ length: 100 }, (_, index) =>
    sampleAt(second, index, seriesNamed('bulk'), { value_str: text }),
  )
}

test('batches come out in order, as they went in, with numbers that count up from 1', t => {
  const spool = openSpool(t)
  for (let batch = 0; batch < 5; batch += 1) t.is(spool.append([numbered(batch)]).number, batch + 1)
  t.is(spool.length, 5)
  t.deepEqual(
    drain(spool),
    [0, 1, 2, 3, 4].map(batch => ({ number: batch + 1, values: [batch] })),
  )
  t.is(spool.bytes, 0)
})

test('numbers are never given again, neither after all batches are gone nor after reopening', t => {
  const folder = temporaryFolder(t)
  const first = openSpool(t, folder)
  const { id } = first
  first.append([numbered(1)])
  first.append([numbered(2)])
  drain(first)
  t.is(first.append([numbered(3)]).number, 3)
  drain(first)
  first.close()
  const second = openSpool(t, folder)
  t.is(second.id, id)
  t.is(second.append([numbered(4)]).number, 4)
})

test('what was spooled before a SIGKILL in the middle of appending is there afterwards', async t => {
  for (const kill of [40, 70, 111]) {
    const folder = temporaryFolder(t)
    const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => {
      child.kill('SIGKILL')
    })
    const acknowledged: number[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      if (acknowledged.push(Number(line)) === kill) child.kill('SIGKILL')
    }
    if (child.signalCode === null) await once(child, 'exit')
    t.is(child.signalCode, 'SIGKILL')
    const kept = drain(openSpool(t, folder)).map(({ number }) => number)
    t.deepEqual(kept.slice(0, acknowledged.length), acknowledged)
    t.true(kept.length <= acknowledged.length + 1, 'more than the one batch whose answer was cut off')
  }
})

test('a spool of before the checksums is taken over with what waits in it', t => {
  const folder = temporaryFolder(t)
  const old = new DatabaseSync(join(folder, 'spool.sqlite'))
  old.exec(`
    pragma journal_mode = wal;
    create table spool (spool_id text not null);
    create table batches (
      number integer primary key autoincrement
    , samples integer not null
    , bytes integer not null
    , content text not null
    );
    insert into spool (spool_id) values ('1ed2b2f5-0b52-4d7c-9f0e-6f6a3ad6d5a8');`)
  const insert = old.prepare('insert into batches (number, samples, bytes, content) values (?, 1, ?, ?)')
  for (const number of [7, 8]) {
    const content = encodeBatch([numbered(number)])
    insert.run(number, content.length, content)
  }
  old.close()
  const log = keptLog()
  const spool = Spool.open(folder, 1, log)
  t.teardown(() => spool.close())
  t.is(spool.id, '1ed2b2f5-0b52-4d7c-9f0e-6f6a3ad6d5a8')
  t.is(spool.append([numbered(9)]).number, 9)
  t.deepEqual(
    drain(spool),
    [7, 8, 9].map(number => ({ number, values: [number] })),
  )
  t.deepEqual(log.lines, [])
})

test('what comes after the end of a spool is refused and costs nothing that waits', t => {
  const folder = temporaryFolder(t)
  const ended = openSpool(t, folder)
  ended.append([numbered(1)])
  ended.close()
  t.throws(() => ended.append([numbered(2)]))
  t.throws(() => ended.oldest())
  t.deepEqual(drain(openSpool(t, folder)), [{ number: 1, values: [1] }])
})

test('a second kwollector on the same folder is refused with a sentence', async t => {
  const folder = temporaryFolder(t)
  const first = openSpool(t, folder)
  first.append([numbered(1)])
  const { stdout } = await run(process.execPath, [program, folder])
  t.is(
    stdout,
    `another kwollector uses the spool ${folder}/spool.sqlite; stop it, or give another spool_dir\n`,
  )
  t.is(first.append([numbered(2)]).number, 2)
})

test('a full spool lets the oldest batches go, counts them, and stays under its limit', t => {
  const spool = openSpool(t, temporaryFolder(t), 1)
  let [batches, samples] = [0, 0]
  for (let second = 0; second < 30; second += 1) {
    const { overflow } = spool.append(bulk(second))
    batches += overflow.batches
    samples += overflow.samples
    t.true(spool.bytes <= 1024 * 1024)
  }
  const kept = drain(spool).map(({ number }) => number)
  t.is(kept.length + batches, 30)
  t.is(samples, batches * 100)
  t.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, index) => batches + 1 + index),
  )
})

test('a batch larger than the whole spool is taken, alone', t => {
  const spool = openSpool(t, temporaryFolder(t), 1)
  spool.append([numbered(1)])
  const { overflow } = spool.append(Array.from({ length: 15 }, (_, second) => bulk(second)).flat())
  t.deepEqual(overflow, { batches: 1, samples: 1 })
  t.is(spool.length, 1)
})

test('after an overflow, removing the batch that went meanwhile does not spoil the count of bytes', t => {
  const spool = openSpool(t, temporaryFolder(t), 1)
  for (let second = 0; second < 9; second += 1) spool.append(bulk(second))
  const underWay = spool.oldest()
  spool.append(Array.from({ length: 5 }, (_, second) => bulk(second)).flat())
  const { bytes } = spool
  if (underWay !== undefined) spool.remove(underWay)
  t.is(spool.bytes, bytes)
})

test('whatever of its write-ahead log is cut off, the spool opens with the oldest batches, whole and in order', async t => {
  const seed = Date.now() % 2 ** 31
  t.log(`seed ${seed}`)
  const folder = temporaryFolder(t)
  const spool = openSpool(t, folder)
  for (let batch = 0; batch < 40; batch += 1) spool.append([numbered(batch)])
  const log = 'spool.sqlite-wal'
  const size = statSync(join(folder, log)).size
  const cuts = fc.sample(fc.nat(size), { numRuns: 25, seed })
  const lengths = [0, ...cuts.sort((a, b) => a - b), size].map(cut => {
    const copy = temporaryFolder(t)
    for (const name of ['spool.sqlite', log]) cpSync(join(folder, name), join(copy, name))
    truncateSync(join(copy, log), cut)
    const reopened = openSpool(t, copy)
    const kept = drain(reopened)
    t.deepEqual(
      kept,
      kept.map((_, batch) => ({ number: batch + 1, values: [batch] })),
    )
    t.is(reopened.append([numbered(0)]).number, kept.length + 1)
    reopened.close()
    return kept.length
  })
  t.deepEqual(
    lengths,
    lengths.toSorted((a, b) => a - b),
    'a longer log never has fewer batches',
  )
  t.is(lengths.at(-1), 40)
})

test('an older copy of a spool goes on under a new id, without the batches that are stored', t => {
  const [folder, backup] = [temporaryFolder(t), temporaryFolder(t)]
  const original = openSpool(t, folder)
  for (const number of [1, 2, 3]) original.append([numbered(number)])
  original.close()
  cpSync(folder, backup, { recursive: true })

  const copy = openSpool(t, backup)
  const { id } = copy
  copy.append([numbered(4)])
  t.false(copy.takeNewIdIfOlderThan(2), 'the database is behind: nothing to worry about')
  t.false(copy.takeNewIdIfOlderThan(3))
  t.is(copy.id, id)
  t.true(copy.takeNewIdIfOlderThan(7))
  t.not(copy.id, id)
  t.deepEqual(drain(copy), [{ number: 4, values: [4] }])
  t.is(copy.bytes, 0)
  const renamed = copy.id
  copy.close()
  t.is(openSpool(t, backup).id, renamed)
})

test('a spool that is no database is set aside as it is, and said', t => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'spool.sqlite')
  const text = 'this is no database, and long enough to be taken for one by its size'.repeat(40)
  writeFileSync(path, text)
  const log = keptLog()
  const spool = Spool.open(folder, 1, log)
  t.teardown(() => spool.close())
  t.deepEqual(log.lines, [
    `error the spool ${path} is damaged (file is not a database): 0 batches with 0 values could be read and are stored, the rest is kept in ${path}.damaged-1`,
  ])
  t.is(readFileSync(`${path}.damaged-1`, 'utf8'), text, 'nothing was changed')
  t.is(spool.append([numbered(1)]).number, 1)
})

test('a folder that is none is named in a sentence', t => {
  const path = join(temporaryFolder(t), 'file')
  writeFileSync(path, '')
  t.throws(() => Spool.open(path, 1), {
    instanceOf: SpoolUnusable,
    message: `spool_dir ${path} is no folder; give another one`,
  })
})

test('a folder or a spool that cannot be written is named with what to do', async t => {
  // Root without the right to write where it must not: another user could not enter a clone below /root.
  const withoutRights = process.getuid?.() === 0 ? ['--bounding-set=-dac_override'] : []
  const append = (folder: string) =>
    run('setpriv', [...withoutRights, process.execPath, program, folder, '1', '0'])
  const folder = temporaryFolder(t, 0o555)
  t.is(
    (await append(folder)).stdout,
    `cannot write ${folder} (EACCES); make spool_dir and give it to the user that runs kwollector\n`,
  )
  chmodSync(folder, 0o700)
  openSpool(t, folder).close()
  const path = join(folder, 'spool.sqlite')
  chmodSync(path, 0o444)
  t.is(
    (await append(folder)).stdout,
    `cannot write ${path} (EACCES); make spool_dir and give it to the user that runs kwollector\n`,
  )
})
