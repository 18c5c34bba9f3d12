import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Spool } from '../../sidecar/spool.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { rootTest, smallDisk } from './full_disk.ts'
import { keptLog, numbered } from './samples.ts'

const kibibyte = 1024

/** A file with two batches that can be read, one that cannot, and promotions. */
function makeDamaged(folder: string): string {
  const path = join(folder, 'spool.sqlite')
  const spool = Spool.open(folder, 64)
  for (const number of [1, 2, 3]) spool.append([numbered(number)])
  spool.keepPromoted('p'.repeat(100 * kibibyte))
  spool.close()
  const file = new DatabaseSync(path)
  file.exec(`update batches set content = 'x' where number = 1`)
  file.close()
  return path
}

/** Numbers of the batches and size of the promotions; undefined where the disk is too full to open the spool. */
function salvaged(folder: string): string | undefined {
  const log = keptLog()
  try {
    const spool = Spool.open(folder, 64, log)
    const batches = []
    for (let batch = spool.oldest(); batch !== undefined; batch = spool.oldest()) {
      batches.push(batch.number)
      spool.remove(batch)
    }
    const promoted = spool.promoted()?.length
    spool.close()
    return `${log.lines.length} lines, batches ${batches.join()}, promotions ${promoted}`
  } catch (error) {
    if (/disk is full$/.test((error as Error).message)) return undefined
    throw error
  }
}

rootTest('a damaged spool on a disk with little room loses its promotions first, and no batch', t => {
  const damaged = makeDamaged(temporaryFolder(t))
  const { folder, fill, free } = smallDisk(t)
  const outcomes: (string | undefined)[] = []
  for (let room = 16; room <= 560; room += 16) {
    cpSync(damaged, join(folder, 'spool.sqlite'))
    fill(room * kibibyte)
    const outcome = salvaged(folder)
    free()
    outcomes.push(outcome ?? `full, then ${salvaged(folder)}`)
    for (const name of ['', '-wal', '.damaged-1', '.salvaged', '.salvaged-wal'])
      rmSync(join(folder, `spool.sqlite${name}`), { force: true })
  }
  t.deepEqual(
    [...new Set(outcomes)],
    [
      'full, then 1 lines, batches 2,3, promotions 102400',
      '1 lines, batches 2,3, promotions undefined',
      '1 lines, batches 2,3, promotions 102400',
    ],
  )
})
