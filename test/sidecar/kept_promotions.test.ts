import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import test from 'ava'
import { freePort } from '../../scripts/stack/free_port.ts'
import { decodeBatch, seriesOf } from '../../sidecar/batch.ts'
import { KeptPromotions } from '../../sidecar/kept_promotions.ts'
import type { Promotable } from '../../sidecar/promoted.ts'
import { Spool } from '../../sidecar/spool.ts'
import { testDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { withConnection } from '../harness/server.ts'
import { rootTest, smallDisk } from './full_disk.ts'
import { keptLog, numbered } from './samples.ts'
import { configureWattmetre, lineAt, startWattmetre } from './wattmetre_program.ts'

function metric(name: string, deviceId: string, alias?: string): Promotable {
  return { name, deviceId, labels: { port: '3', ...(alias === undefined ? {} : { _device_alias: alias }) } }
}

const fan = metric('fan', 'node-1')
const many = Array.from({ length: 2_000 }, (_, second) => numbered(second))
const odd = metric('say "\\0"\n', '\ud800', 'é')

/** Opens the spool of the folder and what it keeps, and closes it. */
function run<T>(folder: string, work: (kept: KeptPromotions, spool: Spool) => T, log = keptLog()): T {
  const spool = Spool.open(folder, 64, log)
  try {
    return work(new KeptPromotions(spool, log), spool)
  } finally {
    spool.close()
  }
}

/** The file itself, as nothing but SQLite sees it. */
function edit(folder: string, work: (file: DatabaseSync) => void): void {
  const file = new DatabaseSync(join(folder, 'spool.sqlite'))
  work(file)
  file.close()
}

test('what was promoted last is known to the next run by its name and device, whatever the labels', t => {
  const folder = temporaryFolder(t)
  run(folder, kept => {
    t.false(kept.has(fan))
    kept.keep([fan])
    kept.keep([odd, fan])
    t.true(kept.has(fan))
  })
  run(folder, kept => {
    t.true(kept.has(fan) && kept.has(odd))
    t.true(kept.has({ ...fan, labels: {} }))
    t.false(kept.has(metric('fan', 'node-2')))
    t.false(kept.has(metric('fan_2', 'node-1')))
    kept.keep([])
  })
  run(folder, kept => t.false(kept.has(fan)))
})

test('a mapping that changes takes no promotion away: neither that of a port nor that of what it powered', t => {
  const folder = temporaryFolder(t)
  run(folder, kept => kept.keep([metric('watt', 'w1-port0', 'node-1')]))
  run(folder, kept => {
    t.true(kept.has(metric('watt', 'w1-port0', 'node-2')))
    t.true(kept.has(metric('watt', 'w1-port0')))
    t.true(kept.has(metric('watt', 'w1-port1', 'node-1')))
    t.true(kept.has(metric('watt', 'node-1')))
    t.false(kept.has(metric('watt', 'w1-port1', 'node-2')))
    t.false(kept.has(metric('volt', 'w1-port0', 'node-1')))
  })
})

test('the same promotions are not written again, by the next run neither', t => {
  const folder = temporaryFolder(t)
  /** By how much the log of the file grows. */
  const written = (work: () => void) => {
    const size = () => statSync(join(folder, 'spool.sqlite-wal')).size
    const before = size()
    work()
    return size() - before
  }
  const promoted = [fan, odd]
  run(folder, kept => {
    t.true(written(() => kept.keep(promoted)) > 0)
    t.is(
      written(() => kept.keep(promoted)),
      0,
    )
    t.is(
      written(() => kept.keep([fan, odd, fan])),
      0,
    )
  })
  run(folder, kept => {
    t.is(
      written(() => kept.keep(promoted)),
      0,
    )
    t.true(written(() => kept.keep([fan])) > 0)
  })
})

rootTest(
  'promotions that went with a file on a full disk are written again, although they are the same',
  t => {
    const { folder, fill, free } = smallDisk(t)
    const promoted = [fan]
    run(folder, (kept, spool) => {
      kept.keep(promoted)
      spool.append(many)
      fill()
      for (let batch = spool.oldest(); batch !== undefined; batch = spool.oldest()) spool.remove(batch)
      t.is(spool.promoted(), undefined)
      free()
      kept.keep(promoted)
    })
    run(folder, kept => t.true(kept.has(fan)))
  },
)

test('a disk that does not take them is told of once, and they hold for this run', t => {
  const folder = temporaryFolder(t)
  const log = keptLog()
  const spool = Spool.open(folder, 64, log)
  const kept = new KeptPromotions(spool, log)
  spool.close()
  kept.keep([fan])
  kept.keep([odd])
  t.true(kept.has(odd))
  t.deepEqual(log.lines, [
    'warning cannot keep in the spool what is promoted: database is not open; a restart without the database would not collect it',
  ])
})

test('a spool of before, without a place for them, gets one', t => {
  const folder = temporaryFolder(t)
  run(folder, (_kept, spool) => spool.append([numbered(1)]))
  edit(folder, file => file.exec('drop table if exists promoted'))
  run(folder, kept => kept.keep([fan]))
  run(folder, (kept, spool) => {
    t.true(kept.has(fan))
    t.is(spool.length, 1)
  })
})

rootTest('a spool of before opens on a full disk, and its batches can be stored', t => {
  const { folder, fill, free } = smallDisk(t)
  run(folder, (_kept, spool) => {
    for (let batch = 1; batch <= 3; batch += 1) spool.append(many)
  })
  edit(folder, file => file.exec('drop table if exists promoted'))
  fill()
  const log = keptLog()
  run(
    folder,
    (kept, spool) => {
      kept.keep([fan])
      t.true(kept.has(fan))
      t.is(spool.length, 3)
      for (let batch = spool.oldest(); batch !== undefined; batch = spool.oldest()) spool.remove(batch)
      t.is(spool.length, 0)
    },
    log,
  )
  t.deepEqual(log.lines, [
    'warning cannot keep in the spool what is promoted: database or disk is full; a restart without the database would not collect it',
  ])
  free()
  run(folder, kept => kept.keep([fan]))
  run(folder, kept => t.true(kept.has(fan)))
})

test('what is damaged of them is nothing kept, costs no batch, and is replaced by what is kept next', t => {
  const folder = temporaryFolder(t)
  run(folder, (kept, spool) => {
    kept.keep([fan])
    spool.append([numbered(1)])
  })
  for (const [damage, change] of [
    ['a flipped bit', "content = replace(content, 'fan', 'fao')"],
    ['another type', "content = x'00ff', checksum = 'x'"],
    ['a number that never was one', 'checksum = 9223372036854775807'],
    ['what some later version writes', `content = '{', checksum = ${crc32('{')}`],
    ['what a much later one writes', `content = '[5]', checksum = ${crc32('[5]')}`],
  ] as const) {
    edit(folder, file => file.exec(`update promoted set ${change}`))
    run(folder, (kept, spool) => {
      t.false(kept.has(fan), damage)
      t.is(spool.oldest()?.number, 1)
      kept.keep([fan])
    })
  }
  run(folder, kept => t.true(kept.has(fan)))
})

/** Overwrites the first page of a table. */
function destroy(folder: string, table: 'promoted' | 'batches'): void {
  let page = 0
  edit(folder, file => {
    const row = file.prepare('select rootpage from sqlite_schema where name = ?').get(table)
    page = Number(row?.rootpage)
  })
  const file = openSync(join(folder, 'spool.sqlite'), 'r+')
  writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, (page - 1) * 4096)
  closeSync(file)
}

test('a page of them that is destroyed is no reason to set the spool aside, before they are written again', t => {
  const folder = temporaryFolder(t)
  run(folder, (kept, spool) => {
    kept.keep([fan])
    spool.append([numbered(1)])
  })
  destroy(folder, 'promoted')
  const log = keptLog()
  run(
    folder,
    (kept, spool) => {
      t.false(kept.has(fan))
      t.is(spool.oldest()?.number, 1)
      t.deepEqual(log.lines, [])
      kept.keep([odd])
      t.regex(log.lines.join(), /^error the spool .* is damaged .*: 1 batches with 1 values could be read/)
      t.is(spool.oldest()?.number, 1)
    },
    log,
  )
  run(folder, kept => t.true(kept.has(odd)))
})

test('they are read out of a spool whose batches are damaged', t => {
  const folder = temporaryFolder(t)
  run(folder, (kept, spool) => {
    kept.keep([fan])
    spool.append([numbered(1)])
  })
  destroy(folder, 'batches')
  run(folder, kept => t.true(kept.has(fan)))
})

test('a wattmetre that is started again without the database goes on with every measurement of a promoted port', async t => {
  const database = await testDatabase(t)
  const { file, spoolDir } = configureWattmetre(t, database, {}, 'node-1: [w1-port1]\n')
  await withConnection(database.writer, sql => sql`insert into promoted_metrics values ('node-1', null)`)
  const first = startWattmetre(t, file)
  await first.write(lineAt(1_700_000_000, 1, 10))
  await first.untilPrinted('1 of 2 optional metrics are promoted')
  first.end()
  t.is(await first.ended, 'exit status 0', first.output())

  const second = startWattmetre(t, file, { KWOLLECT_DB_PORT: String(await freePort()) })
  second.end([1, 1.25, 1.5].map(time => lineAt(1_700_000_000 + time, 4 * time, 40 * time)).join(''))
  t.is(await second.ended, 'exit status 0', second.output())
  const spool = Spool.open(spoolDir, 64)
  t.teardown(() => spool.close())
  const { series, rows } = decodeBatch(spool.oldest()?.content ?? '')
  const values = rows.map(([, position, value]) => [seriesOf(series[position] ?? '').deviceId, value])
  t.deepEqual(values.sort(), [
    ['w1-port0', 5],
    ['w1-port1', 40],
    ['w1-port1', 50],
    ['w1-port1', 60],
  ])
})
