import test, { type ExecutionContext } from 'ava'
import { decodeBatch } from '../../sidecar/batch.ts'
import { Intake } from '../../sidecar/intake.ts'
import { Spool } from '../../sidecar/spool.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { rootTest, smallDisk } from './full_disk.ts'
import { keptLog, numbered } from './samples.ts'
import { simulatedClock } from './simulated_clock.ts'

function startIntake(t: ExecutionContext, folder: string, limitMb = 1024) {
  const spool = Spool.open(folder, limitMb)
  t.teardown(() => spool.close())
  const [clock, log] = [simulatedClock(), keptLog()]
  let announced = 0
  const intake = new Intake(spool, clock, log, () => {
    announced += 1
  })
  return { spool, clock, log, intake, announced: () => announced }
}

/** How many samples each batch has, the oldest first; the spool is empty afterwards. */
function batchSizes(spool: Spool): number[] {
  const sizes: number[] = []
  for (let batch = spool.oldest(); batch !== undefined; batch = spool.oldest()) {
    sizes.push(decodeBatch(batch.content).rows.length)
    spool.remove(batch)
  }
  return sizes
}

test('what comes within half a second shares a batch, and nothing waits longer', async t => {
  const { spool, clock, intake, announced } = startIntake(t, temporaryFolder(t))
  intake.take([numbered(1)])
  await clock.advance(400)
  intake.take([numbered(2), numbered(3)])
  t.is(spool.length, 0)
  await clock.advance(100)
  intake.take([numbered(4)])
  await clock.advance(500)
  intake.take([])
  t.deepEqual(batchSizes(spool), [3, 1])
  t.is(announced(), 2)
  t.is(clock.timers(), 0)
})

test('many values do not wait, so that no batch is large enough to delay a poll', async t => {
  const { spool, clock, intake } = startIntake(t, temporaryFolder(t))
  for (let host = 0; host < 25; host += 1) {
    intake.take(Array.from({ length: 100 }, (_, second) => numbered(second)))
    await clock.advance(10)
  }
  t.deepEqual(batchSizes(spool), [1_000, 1_000])
  await clock.advance(500)
  t.deepEqual(batchSizes(spool), [500])
})

test('very many values share twenty batches a second', async t => {
  const { spool, clock, intake } = startIntake(t, temporaryFolder(t))
  for (let millisecond = 0; millisecond < 1_000; millisecond += 2) {
    intake.take(Array.from({ length: 100 }, (_, second) => numbered(second)))
    await clock.advance(2)
  }
  // The first has not yet waited, and the last still does.
  t.deepEqual(batchSizes(spool), [1_000, ...Array.from({ length: 19 }, () => 2_500)])
})

test('a disk that is slow gets larger batches instead of more of them', async t => {
  const { spool, clock, intake } = startIntake(t, temporaryFolder(t))
  const append = spool.append.bind(spool)
  // The time of the simulated clock passes for it alone: 20 ms for each fsync, of the 2,500 values in 50 ms.
  spool.append = samples => {
    clock.block(20)
    return append(samples)
  }
  for (let millisecond = 0; millisecond < 1_000; millisecond += 2) {
    intake.take(Array.from({ length: 100 }, (_, second) => numbered(second)))
    await clock.advance(2)
  }
  intake.flush()
  const sizes = batchSizes(spool)
  t.is(
    sizes.reduce((sum, size) => sum + size, 0),
    50_000,
  )
  t.true(sizes.length <= 7, `${sizes.length} batches in a second`)
})

test('a clock that is set back makes no batch larger', async t => {
  const { spool, clock, intake } = startIntake(t, temporaryFolder(t))
  const thousand = Array.from({ length: 1_000 }, (_, second) => numbered(second))
  intake.take(thousand)
  clock.set(clock.now() - 3_600_000)
  await clock.advance(100)
  intake.take(thousand)
  t.deepEqual(batchSizes(spool), [1_000, 1_000])
})

test('a flood is cut into batches that a database can store at once', async t => {
  const { spool, clock, intake } = startIntake(t, temporaryFolder(t))
  intake.take(Array.from({ length: 120_000 }, (_, second) => numbered(second)))
  await clock.advance(500)
  t.deepEqual(batchSizes(spool), [50_000, 50_000, 20_000])
})

test('a full spool says what went', async t => {
  const { clock, log, intake } = startIntake(t, temporaryFolder(t), 1)
  for (let round = 0; round < 2; round += 1) {
    intake.take(Array.from({ length: 40_000 }, (_, second) => numbered(second)))
    await clock.advance(500)
  }
  t.deepEqual(
    log.lines.filter(line => line.startsWith('error')),
    [
      'error the spool is full (spool_max_mb): its 1 oldest batches with 40000 values are lost; the database must come back',
    ],
  )
})

const many = Array.from({ length: 2_000 }, (_, second) => numbered(second))

rootTest(
  'a full disk keeps values in memory, says so once, and takes them when it has room again',
  async t => {
    const disk = smallDisk(t)
    const { spool, clock, log, intake, announced } = startIntake(t, disk.folder)
    disk.fill()
    intake.take(many)
    await clock.advance(10_000)
    intake.take([numbered(1)])
    await clock.advance(10_000)
    t.is(announced(), 0)
    t.is(spool.length, 0)
    disk.free()
    await clock.advance(500)
    t.deepEqual(batchSizes(spool), [2_001])
    t.deepEqual(
      log.lines.filter(line => !line.startsWith('debug')),
      [
        'error cannot write the spool: database or disk is full; values wait in memory, next try in 500 ms',
        'warning the spool can be written again; 0 values were lost',
      ],
    )
  },
)

rootTest('a full disk takes no old batch away for a new one that it then refuses', t => {
  const disk = smallDisk(t)
  const { spool } = startIntake(t, disk.folder, 0.25)
  const limit = 0.25 * 1024 * 1024
  while (spool.bytes < limit * 0.8) spool.append(many)
  const [length, bytes] = [spool.length, spool.bytes]
  disk.fill(64 * 1024)
  t.throws(() => spool.append([...many, ...many]), { message: 'database or disk is full' })
  t.deepEqual([spool.length, spool.bytes], [length, bytes])
  disk.free()
  spool.append([...many, ...many])
  t.true(spool.bytes <= limit)
})

rootTest('a stop with a full disk ends, and says what is lost', async t => {
  const disk = smallDisk(t)
  const { clock, log, intake } = startIntake(t, disk.folder)
  disk.fill()
  intake.take(many)
  await clock.advance(500)
  intake.stop()
  t.is(clock.timers(), 0)
  t.is(log.lines.at(-1), 'error cannot write the spool: database or disk is full; 2000 values are lost')
})
