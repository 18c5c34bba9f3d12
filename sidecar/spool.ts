import { accessSync, constants, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { encodeBatch } from './batch.ts'
import type { Log } from './log.ts'
import type { Sample } from './sample.ts'
import { type Backlog, type SpooledBatch, SpoolFile } from './spool_file.ts'
import { checkDisk, smallBacklog } from './spool_room.ts'
import { finishSalvage, type Known, salvage, salvageLog } from './spool_salvage.ts'
import { SpoolUnusable } from './spool_unusable.ts'
import { DamagedOnDisk, isDamage, isFull } from './sqlite_errors.ts'

export type { SpooledBatch } from './spool_file.ts'
export { SpoolUnusable } from './spool_unusable.ts'

/** What went because the spool was full. */
export interface Overflow {
  readonly batches: number
  readonly samples: number
}

/** What went, up to which number, and what waits then. */
interface Room {
  readonly overflow: Overflow
  readonly gone: number
  readonly waiting: Backlog
}

const fileName = 'spool.sqlite'
const mebibyte = 2 ** 20

/**
 * Batches on disk between the devices and the database. A batch that `append` returned from is on disk
 * (fsync) and stays there until it is stored. SQLite, because it has the fsync discipline, the recovery of a
 * half-written end and the lock that a file of our own would need. What is damaged on the disk costs itself only:
 * the file goes aside, and the spool goes on with what can be read.
 */
export class Spool {
  readonly #path: string
  readonly #folder: string
  readonly #limitBytes: number
  readonly #sayDamage: (sentence: string) => void
  #file: SpoolFile
  #id: string
  /** Number of the newest batch when the file was opened. */
  readonly #numberAtOpen: number
  /** Number of the newest batch. */
  #last: number
  /** Batches up to this number wait no more, even where a full disk lets none be removed. */
  #gone: number
  /** Numbers up to here may be missing, because they were lost. */
  #salvagedUpTo = 0
  #waiting: Backlog
  /** The file is gone, all of it stored, and the disk had no room for a new one. */
  #hasToBegin = false

  /**
   * @param folder made where absent
   * @param limitMb size of the batches in MiB from which on the oldest go
   * @param log gets to know what was damaged
   * @throws {SpoolUnusable} where another kwollector has it, or the folder cannot be written
   */
  static open(folder: string, limitMb: number, log?: Pick<Log, 'error'>): Spool {
    const path = join(folder, fileName)
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
      // SQLite would open it all the same and call it a disk I/O error later.
      if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK)
      return new Spool(folder, limitMb, sentence => log?.error(sentence))
    } catch (error) {
      throw new SpoolUnusable(path, folder, error)
    }
  }

  private constructor(folder: string, limitMb: number, sayDamage: (sentence: string) => void) {
    this.#folder = folder
    this.#path = join(folder, fileName)
    this.#limitBytes = limitMb * mebibyte
    this.#sayDamage = sayDamage
    finishSalvage(this.#path)
    this.#file = this.#openFile()
    try {
      const { id, oldest, last } = this.#guarded(
        () => this.#file.identify(),
        () => ({ id: this.#file.readId(), gone: 0, last: this.#file.lastNumber() }),
      )
      this.#id = id
      this.#last = last
      this.#numberAtOpen = last
      this.#gone = (oldest ?? last + 1) - 1
      this.#waiting = this.#guarded(() => this.#file.backlogAfter(this.#gone))
    } catch (error) {
      this.#file.close()
      throw error
    }
  }

  /** Names this spool to the database, which counts its batches. */
  get id(): string {
    return this.#id
  }

  #openFile(): SpoolFile {
    try {
      const file = new SpoolFile(this.#path)
      const setAside = salvageLog(this.#path, file)
      if (setAside === undefined) return file
      this.#sayDamage(
        `the spool ${this.#path} is damaged in its newest part; what can be read of it is stored, and it is kept as ${setAside}`,
      )
      return new SpoolFile(this.#path)
    } catch (error) {
      if (!isDamage(error)) throw error
      return this.#salvage(error as Error, undefined, { id: undefined, gone: 0, last: 0 })
    }
  }

  /** Does something with the file; where that finds it damaged, once more with what was salvaged of it. */
  #guarded<T>(work: () => T, known = (): Known => ({ id: this.#id, gone: this.#gone, last: this.#last })): T {
    // A disk that others fill at once lets no new file begin: see #startAnew.
    if (this.#hasToBegin) this.#startAnew()
    try {
      return work()
    } catch (error) {
      if (!isDamage(error)) throw error
      const before = known()
      this.#file = this.#salvage(error as Error, this.#file, before)
      this.#waiting = this.#file.backlogAfter(before.gone)
      return work()
    }
  }

  #salvage(reason: Error, file: SpoolFile | undefined, known: Known): SpoolFile {
    const { batches, samples, setAside } = salvage(this.#path, file, known)
    this.#sayDamage(
      `the spool ${this.#path} is damaged (${reason.message}): ${batches} batches with ${samples} values could be read and are stored, the rest is kept in ${setAside}`,
    )
    const salvaged = new SpoolFile(this.#path)
    this.#salvagedUpTo = salvaged.lastNumber()
    return salvaged
  }

  /**
   * Is this file an older copy of the spool that the database knows? Then its batches of then are stored, and
   * those spooled since have numbers that the database takes for stored: they go on under a new id.
   *
   * @param lastStored what the database has of this spool, before anything was stored from this run
   * @returns whether it was
   */
  takeNewIdIfOlderThan(lastStored: number): boolean {
    if (lastStored <= this.#numberAtOpen) return false
    this.#id = this.#file.allOrNothing(() => {
      this.#file.deleteUpTo(this.#numberAtOpen)
      return this.#file.writeId()
    })
    this.#gone = this.#numberAtOpen
    this.#waiting = this.#file.backlogAfter(this.#gone)
    return true
  }

  /** Where another machine has a copy of this spool: what waits goes on under an id of its own. */
  takeNewId(): void {
    this.#id = this.#file.allOrNothing(() => this.#file.writeId())
  }

  /** Was it spooled since the file was opened? Then nobody but this run can have sent it. */
  isOfThisRun({ number }: SpooledBatch): boolean {
    return number > this.#numberAtOpen
  }

  /** Bytes of all batches that wait. */
  get bytes(): number {
    return this.#waiting.bytes
  }

  /** Batches that wait. */
  get length(): number {
    return this.#waiting.batches
  }

  /** When the oldest batch of those that wait was spooled: Unix milliseconds; undefined where none waits. */
  oldestAt(): number | undefined {
    return this.#guarded(() => this.#file.firstSpooledAfter(this.#gone))
  }

  /**
   * Takes samples: when this returns they are on disk.
   * @param spooledAt Unix milliseconds
   * @returns the number of the batch, and what had to go to make room
   * @throws the disk's or SQLite's error; nothing was taken then
   */
  append(samples: readonly Sample[], spooledAt = Date.now()): { number: number; overflow: Overflow } {
    const content = encodeBatch(samples)
    const [number, bytes] = [this.#last + 1, Buffer.byteLength(content)]
    const batch = { number, samples: samples.length, bytes, content, spooledAt }
    const isFull = this.bytes + batch.bytes > this.#limitBytes
    const needsDisk = !isFull && this.bytes + batch.bytes > smallBacklog
    if (needsDisk) checkDisk(this.#folder, batch.bytes, this.#file.freeBytes())
    const { gone, waiting, overflow } = this.#guarded(() =>
      isFull ? this.#replace(batch) : this.#add(batch),
    )
    this.#last = batch.number
    this.#gone = gone
    this.#waiting = { batches: waiting.batches + 1, bytes: waiting.bytes + batch.bytes }
    return { number: batch.number, overflow }
  }

  #add(batch: SpooledBatch): Room {
    this.#file.insert(batch)
    return { gone: this.#gone, waiting: this.#waiting, overflow: { batches: 0, samples: 0 } }
  }

  /** One transaction: with the new batch refused (a full disk), the old ones must not have gone for it. */
  #replace(batch: SpooledBatch): Room {
    return this.#file.allOrNothing(() => {
      const room = this.#roomFor(batch.bytes)
      this.#file.deleteUpTo(room.gone)
      this.#file.insert(batch)
      return room
    })
  }

  /** Which of the oldest have to go. */
  #roomFor(newBytes: number): Room {
    let [gone, bytes, batches, samples] = [this.#gone, this.bytes, 0, 0]
    while (bytes + newBytes > this.#limitBytes) {
      const batch = this.#file.nextAfter(gone)
      if (batch === undefined) break
      gone = batch.number
      bytes -= batch.bytes
      batches += 1
      samples += batch.samples
    }
    const waiting = { batches: this.length - batches, bytes }
    return { gone, waiting, overflow: { batches, samples } }
  }

  /** The batch that is stored next; undefined where none waits. */
  oldest(): SpooledBatch | undefined {
    return this.#guarded(() => {
      const batch = this.#file.nextAfter(this.#gone)
      // Half a page of zeros is no error to SQLite: what was on it is not there.
      const isNext = (batch?.number ?? this.#last + 1) === this.#gone + 1
      // A damaged tree may have shown a batch twice when they were counted.
      if (isNext && batch === undefined) this.#waiting = { batches: 0, bytes: 0 }
      if (isNext || this.#gone < this.#salvagedUpTo) return batch
      throw new DamagedOnDisk(`nothing is where batch ${this.#gone + 1} should be`)
    })
  }

  /** Forgets a batch that is stored. */
  remove(batch: SpooledBatch): void {
    // One that went for want of room while it was stored is not counted twice.
    if (batch.number > this.#gone)
      this.#waiting = { batches: this.length - 1, bytes: this.bytes - batch.bytes }
    this.#gone = Math.max(this.#gone, batch.number)
    try {
      this.#guarded(() => this.#file.deleteUpTo(this.#gone))
    } catch (error) {
      // It goes with a later one: those behind it must reach the database although the disk has no room.
      if (!isFull(error)) throw error
      if (this.#gone === this.#last) this.#startAnew()
    }
  }

  /** Gives the room on a full disk back, where all that the file holds is stored. */
  #startAnew(): void {
    this.#hasToBegin = true
    this.#file.close()
    for (const path of [this.#path, `${this.#path}-wal`]) rmSync(path, { force: true })
    this.#file = new SpoolFile(this.#path)
    this.#file.writeId(this.#id)
    this.#file.writeLastNumber(this.#last)
    this.#hasToBegin = false
  }

  /** What `keepPromoted` got last, in this run or an earlier one; undefined where nothing of it can be read. */
  promoted(): string | undefined {
    return this.#guarded(() => this.#file.readPromoted())
  }

  /**
   * Keeps what is promoted beside the batches, as any text: when this returns it is on disk. Where the file begins anew
   * on a full disk it is lost until the next call; the database, which has just stored all batches, is there to say it.
   *
   * @throws the disk's or SQLite's error
   */
  keepPromoted(content: string): void {
    this.#guarded(() => this.#file.writePromoted(content))
  }

  close(): void {
    this.#file.close()
  }
}
