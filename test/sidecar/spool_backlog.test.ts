import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'ava'
import fc from 'fast-check'
import { Spool } from '../../sidecar/spool.ts'
import { temporaryFolder } from '../harness/folders.ts'
import type { Scope } from '../harness/scope.ts'
import { numbered, sampleAt, seriesNamed } from './samples.ts'

const now = Date.UTC(2026, 10, 23)

function openSpool(scope: Scope, folder = temporaryFolder(scope), limitMb = 1): Spool {
  const spool = Spool.open(folder, limitMb)
  scope.teardown(() => spool.close())
  return spool
}

function removeOldest(spool: Spool): void {
  const oldest = spool.oldest()
  if (oldest !== undefined) spool.remove(oldest)
}

test('the age of what waits is that of the oldest batch in the spool, whatever times its samples have', t => {
  const folder = temporaryFolder(t)
  const spool = openSpool(t, folder)
  t.is(spool.oldestAt(), undefined)
  const custom = sampleAt(1, 42, seriesNamed('custom'), { _metric_scrape_time: '2' })
  spool.append([custom, numbered(1)], now)
  spool.append([numbered(2)], now + 500)
  t.is(spool.oldestAt(), now)
  removeOldest(spool)
  t.is(spool.oldestAt(), now + 500)
  spool.close()
  t.is(openSpool(t, folder).oldestAt(), now + 500, 'after a restart too')
})

test('the age of a batch that an older kwollector spooled is that of its first sample', t => {
  const folder = temporaryFolder(t)
  const old = openSpool(t, folder)
  old.append([numbered(1), numbered(2)])
  old.close()
  const file = new DatabaseSync(join(folder, 'spool.sqlite'))
  file.exec('alter table batches drop column spooled_at')
  file.close()
  const spool = openSpool(t, folder)
  spool.append([numbered(3)], now)
  t.is(spool.oldestAt(), numbered(1).timestamp / 1000)
  removeOldest(spool)
  t.is(spool.oldestAt(), now)
})

test('how much waits is known without reading it, and is what a reopened spool counts', t => {
  const seed = Date.now() % 2 ** 31
  t.log(`seed ${seed}`)
  // Large enough that some of them push others out.
  const samplesOrRemoval = fc.oneof(fc.integer({ min: 1, max: 9_000 }), fc.constant('removal' as const))
  const property = fc.property(fc.array(samplesOrRemoval, { maxLength: 40 }), steps => {
    const folder = temporaryFolder(t)
    const spool = Spool.open(folder, 1)
    for (const step of steps) {
      if (step === 'removal') removeOldest(spool)
      else spool.append(Array.from({ length: step }, (_, index) => numbered(index)))
    }
    spool.close()
    const reopened = Spool.open(folder, 1)
    try {
      t.deepEqual([spool.length, spool.bytes], [reopened.length, reopened.bytes])
    } finally {
      reopened.close()
    }
  })
  fc.assert(property, { seed, numRuns: 15 })
})
