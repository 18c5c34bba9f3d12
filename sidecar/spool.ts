import { randomUUID } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { encodeBatch } from './batch.ts'
import type { Sample } from './sample.ts'

/** The spool cannot be used; the message says why and what to do. */
export class SpoolUnusable extends Error {
  override name = 'SpoolUnusable'
}

export interface SpooledBatch {
  /** Counts up from 1 for each spool and is never given twice. */
  readonly number: number
  readonly samples: number
  /** Size of `content` on disk. */
  readonly bytes: number
  /** As `decodeBatch` reads it. */
  readonly content: string
}

/** What went because the spool was full. */
export interface Overflow {
  readonly batches: number
  readonly samples: number
}

const fileName = 'spool.sqlite'

/**
 * Batches on disk between the devices and the database. A batch that `append` returned from is on disk
 * (fsync) and stays there until it is stored. SQLite, because it has the fsync discipline, the recovery of a
 * half-written end and the lock that a file of our own would need.
 */
export class Spool {
  /** Names this spool to the database, which counts its batches. */
  get id(): string {
    return this.#id
  }

  #id: string
  /** Number of the newest batch when the file was opened. */
  readonly #numberAtOpen: number
  readonly #database: DatabaseSync
  readonly #limitBytes: number
  readonly #insert
  readonly #oldest
  readonly #delete
  #bytes: number

  /**
   * @param folder made where absent
   * @param limitMb size of the batches in MiB from which on the oldest go
   * @throws {SpoolUnusable} where another kwollector has it, or the folder cannot be written
   */
  static open(folder: string, limitMb: number): Spool {
    const path = join(folder, fileName)
    let database: DatabaseSync | undefined
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
      // SQLite would open it all the same and call it a disk I/O error later.
      if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK)
      database = new DatabaseSync(path, { timeout: 0 })
      return new Spool(database, limitMb)
    } catch (error) {
      database?.close()
      throw new SpoolUnusable(explain(path, folder, error))
    }
  }

  private constructor(database: DatabaseSync, limitMb: number) {
    this.#database = database
    this.#limitBytes = limitMb * 1024 * 1024
    // Exclusive: a second kwollector on the same folder is refused; the system gives the lock back at SIGKILL.
    // Full: the log is fsynced at every commit, "normal" would do so at checkpoints only.
    database.exec(`
      pragma locking_mode = exclusive;
      pragma journal_mode = wal;
      pragma synchronous = full;
      begin exclusive;
      create table if not exists spool (spool_id text not null);
      create table if not exists batches (
        number integer primary key autoincrement
      , samples integer not null
      , bytes integer not null
      , content text not null
      );
      commit;`)
    this.#id = this.#keepId()
    this.#numberAtOpen = this.#lastNumber()
    this.#insert = database.prepare('insert into batches (samples, bytes, content) values (?, ?, ?)')
    this.#oldest = database.prepare(
      'select number, samples, bytes, content from batches order by number limit 1',
    )
    this.#delete = database.prepare('delete from batches where number = ?')
    this.#bytes = this.#sumBytes()
  }

  #keepId(): string {
    const kept = this.#database.prepare('select spool_id from spool').get() as
      | { spool_id: string }
      | undefined
    return kept?.spool_id ?? this.#makeId()
  }

  #makeId(): string {
    const id = randomUUID()
    this.#database.exec('delete from spool')
    this.#database.prepare('insert into spool (spool_id) values (?)').run(id)
    return id
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
    this.#id = this.#allOrNothing(() => {
      this.#database.prepare('delete from batches where number <= ?').run(this.#numberAtOpen)
      return this.#makeId()
    })
    this.#bytes = this.#sumBytes()
    return true
  }

  /** Where another machine has a copy of this spool: what waits goes on under an id of its own. */
  takeNewId(): void {
    this.#id = this.#allOrNothing(() => this.#makeId())
  }

  /** Was it spooled since the file was opened? Then nobody but this run can have sent it. */
  isOfThisRun({ number }: SpooledBatch): boolean {
    return number > this.#numberAtOpen
  }

  /** Bytes of all batches that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Batches that wait. */
  get length(): number {
    const { count } = this.#database.prepare('select count(*) as count from batches').get() as {
      count: number
    }
    return count
  }

  /** When the oldest value of those that wait was taken, about: Unix milliseconds; undefined where none waits. */
  oldestAt(): number | undefined {
    // The first of the batch that is the next; SQLite finds it faster than this program could read the batch.
    const row = this.#database
      .prepare(
        `select json_extract(content, '$.rows[0][0]') as us
           from (select content from batches order by number limit 1) as oldest
          where json_valid(content)`,
      )
      .get() as { us: unknown } | undefined
    return typeof row?.us === 'number' ? row.us / 1000 : undefined
  }

  #sumBytes(): number {
    const row = this.#database.prepare('select coalesce(sum(bytes), 0) as bytes from batches').get()
    return (row as { bytes: number }).bytes
  }

  /** Number of the newest batch ever spooled, stored ones included; 0 where there was none. */
  #lastNumber(): number {
    const row = this.#database.prepare(`select seq from sqlite_sequence where name = 'batches'`).get()
    return (row as { seq: number } | undefined)?.seq ?? 0
  }

  /**
   * Takes samples: when this returns they are on disk.
   * @returns the number of the batch, and what had to go to make room
   * @throws the disk's or SQLite's error; nothing was taken then
   */
  append(samples: readonly Sample[]): { readonly number: number; readonly overflow: Overflow } {
    const content = encodeBatch(samples)
    const bytes = Buffer.byteLength(content)
    if (this.#bytes + bytes <= this.#limitBytes) {
      return { number: this.#add(samples.length, bytes, content), overflow: { batches: 0, samples: 0 } }
    }
    const bytesBefore = this.#bytes
    try {
      // One transaction: with the new batch refused (a full disk), the old ones must not have gone for it.
      return this.#allOrNothing(() => {
        const overflow = this.#makeRoom(bytes)
        return { number: this.#add(samples.length, bytes, content), overflow }
      })
    } catch (error) {
      this.#bytes = bytesBefore
      throw error
    }
  }

  #add(samples: number, bytes: number, content: string): number {
    const { lastInsertRowid } = this.#insert.run(samples, bytes, content)
    this.#bytes += bytes
    return Number(lastInsertRowid)
  }

  /** A transaction left open would take everything after it along when the program dies. */
  #allOrNothing<T>(work: () => T): T {
    this.#database.exec('begin')
    try {
      const result = work()
      this.#database.exec('commit')
      return result
    } catch (error) {
      // A full disk has rolled back already.
      if (this.#database.isTransaction) this.#database.exec('rollback')
      throw error
    }
  }

  /** The batch that is stored next; undefined where none waits. */
  oldest(): SpooledBatch | undefined {
    return this.#oldest.get() as SpooledBatch | undefined
  }

  /** Forgets a batch that is stored. */
  remove(batch: SpooledBatch): void {
    if (this.#delete.run(batch.number).changes > 0) this.#bytes -= batch.bytes
  }

  close(): void {
    this.#database.close()
  }

  #makeRoom(bytes: number): Overflow {
    let [batches, samples] = [0, 0]
    while (this.#bytes + bytes > this.#limitBytes) {
      const batch = this.oldest()
      if (batch === undefined) break
      this.remove(batch)
      batches += 1
      samples += batch.samples
    }
    return { batches, samples }
  }
}

function explain(path: string, folder: string, error: unknown): string {
  const {
    code,
    errcode = 0,
    message,
    path: at = folder,
  } = error as NodeJS.ErrnoException & { errcode?: number }
  // Primary result codes of SQLite: the low byte.
  switch (errcode & 0xff) {
    case 5: // SQLITE_BUSY
      return `another kwollector uses the spool ${path}; stop it, or give another spool_dir`
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return `the spool ${path} is damaged (${message}); move it away, kwollector makes a new one`
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return `cannot write ${at} (${code}); make spool_dir and give it to the user that runs kwollector`
  }
  if (code === 'EEXIST' || code === 'ENOTDIR') return `spool_dir ${folder} is no folder; give another one`
  return `cannot use the spool ${path}: ${message}`
}
