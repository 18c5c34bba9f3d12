import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { DamagedOnDisk, isDamage } from './sqlite_errors.ts'

/** A batch as a row of the file. */
export interface SpooledBatch {
  /** Counts up from 1 for each spool and is never given twice. */
  readonly number: number
  readonly samples: number
  /** Size of `content` on disk. */
  readonly bytes: number
  /** As `decodeBatch` reads it. */
  readonly content: string
  /** Unix milliseconds; null where an older kwollector spooled it. Not in the checksum, which older ones have without it. */
  readonly spooledAt: number | null
}

/** What waits to be stored. */
export interface Backlog {
  readonly batches: number
  readonly bytes: number
}

/** What a file says about itself. */
export interface SpoolIdentity {
  readonly id: string
  /** Number of the oldest batch that waits. */
  readonly oldest: number | undefined
  /** Number of the newest batch ever spooled. */
  readonly last: number
}

/**
 * The SQLite file of a spool: rows in, rows out, each with a checksum, since a bit that flips on the disk would be
 * another value otherwise. What to keep and what to give up is the spool's business.
 */
export class SpoolFile {
  readonly #database: DatabaseSync
  readonly #insert
  readonly #next
  readonly #byNumber
  readonly #delete
  /** What `promoted` has, as far as this object knows. */
  #promoted: string | undefined

  /**
   * Opens the file, or makes it. Nobody else can open it until it is closed; the system gives the lock back at SIGKILL.
   *
   * @throws SQLite's error: see {@link isBusy}, {@link isDamage}
   */
  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 0 })
    try {
      this.#prepareTables()
      this.#insert = this.#database.prepare(
        'insert into batches (number, samples, bytes, content, checksum, spooled_at) values (?, ?, ?, ?, ?, ?)',
      )
      const columns = 'number, samples, bytes, content, checksum, spooled_at'
      this.#next = this.#database.prepare(
        `select ${columns} from batches where number > ? order by number limit 1`,
      )
      this.#byNumber = this.#database.prepare(`select ${columns} from batches where number = ?`)
      this.#delete = this.#database.prepare('delete from batches where number <= ?')
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  /** Full: the log is fsynced at every commit, "normal" would do so at checkpoints only. */
  #prepareTables(): void {
    this.#database.exec(`
      pragma locking_mode = exclusive;
      pragma journal_mode = wal;
      pragma synchronous = full;
      begin exclusive;
      -- Twice, on pages apart: without its id what a damaged file still has could be stored a second time.
      create table if not exists identity (spool_id text not null, checksum integer not null);
      create table if not exists spool (spool_id text not null);
      create table if not exists batches (
        number integer primary key autoincrement
      , samples integer not null
      , bytes integer not null
      , content text not null
      );
      create table if not exists identity_again (spool_id text not null, checksum integer not null);
      commit;`)
    const rows = this.#database.prepare(`select name from pragma_table_info('batches')`).all()
    const columns = rows.map(({ name }) => name)
    if (!columns.includes('checksum')) this.allOrNothing(() => this.#addChecksums())
    if (!columns.includes('spooled_at'))
      this.#database.exec('alter table batches add column spooled_at integer')
  }

  /** To a file of before there were any. */
  #addChecksums(): void {
    this.#database.exec('alter table batches add column checksum integer')
    const update = this.#database.prepare('update batches set checksum = ? where number = ?')
    const read = this.#database.prepare(
      'select number, samples, bytes, content from batches where number > ? order by number limit 1',
    )
    for (let row = read.get(0); row !== undefined; row = read.get(Number(row.number))) {
      const batch = batchIn(row)
      update.run(checksumOf(batch), batch.number)
    }
  }

  /**
   * Which spool it is, with a new id where the file is new.
   *
   * @throws {DamagedOnDisk} or SQLite's error
   */
  identify(): SpoolIdentity {
    const [id, last, { oldest, newest }] = [this.readId(), this.lastNumber(), this.#ends()]
    if (id === undefined && newest !== undefined) throw new DamagedOnDisk('nothing says which spool it is')
    if (newest !== undefined && newest > last) throw new DamagedOnDisk('its count of batches is too low')
    // The leftmost row and the row with the lowest number, which a damaged page makes two.
    if (this.nextAfter(0)?.number !== oldest) throw new DamagedOnDisk('its oldest batches cannot be found')
    return { id: id ?? this.writeId(), oldest, last }
  }

  /** Names this spool to the database; undefined where the file is new, or both copies damaged. */
  readId(): string | undefined {
    for (const table of ['identity', 'identity_again'] as const) {
      const rows = this.#rowsOf(`select spool_id, checksum from ${table}`)
      const good = rows.find(({ spool_id, checksum }) => crc32(String(spool_id)) === checksum)
      if (good !== undefined) return String(good.spool_id)
    }
    // A file of before the checksums.
    const [old] = this.#rowsOf('select spool_id from spool')
    return old === undefined ? undefined : String(old.spool_id)
  }

  #rowsOf(query: string): Record<string, unknown>[] {
    try {
      return this.#database.prepare(query).all()
    } catch (error) {
      if (isDamage(error)) return []
      throw error
    }
  }

  /** Another id from now on, random unless given. */
  writeId(id: string = randomUUID()): string {
    this.#database.exec('delete from spool')
    for (const table of ['identity', 'identity_again'] as const) {
      this.#database.exec(`delete from ${table}`)
      this.#database.prepare(`insert into ${table} (spool_id, checksum) values (?, ?)`).run(id, crc32(id))
    }
    return id
  }

  /** Number of the newest batch ever spooled, stored ones included; 0 where there was none, or that is damaged. */
  lastNumber(): number {
    const [row] = this.#rowsOf(`select seq from sqlite_sequence where name = 'batches'`)
    return typeof row?.seq === 'number' && Number.isSafeInteger(row.seq) ? row.seq : 0
  }

  /** Numbers of the oldest and the newest batch in the file. */
  #ends(): { readonly oldest: number | undefined; readonly newest: number | undefined } {
    // Two searches; min and max in one query would read everything.
    const [oldest, newest] = (['min', 'max'] as const).map(
      end =>
        this.#database.prepare(`select ${end}(number) as number from batches`).get()?.number ?? undefined,
    ) as (number | undefined)[]
    return { oldest, newest }
  }

  /** At least this number counts as spooled. */
  writeLastNumber(number: number): void {
    if (this.lastNumber() >= number) return
    this.#database.exec(`delete from sqlite_sequence where name = 'batches'`)
    this.#database.prepare(`insert into sqlite_sequence (name, seq) values ('batches', ?)`).run(number)
  }

  /** What `writePromoted` got last; undefined where it got nothing, or that is damaged. */
  readPromoted(): string | undefined {
    const [row] = this.#rowsOf('select content, checksum from promoted where only = 1')
    const content = String(row?.content)
    if (row !== undefined && crc32(content) === row.checksum) this.#promoted = content
    return this.#promoted
  }

  /**
   * Writes nothing where the file has it already.
   *
   * @throws SQLite's error
   */
  writePromoted(content: string): void {
    if (content === this.#promoted) return
    this.allOrNothing(() => {
      // Only now: a full disk must not keep a file of before, which is without it, from being opened.
      this.#database.exec(
        'create table if not exists promoted (only integer primary key, content text not null, checksum integer not null)',
      )
      this.#database
        .prepare('insert or replace into promoted (only, content, checksum) values (1, ?, ?)')
        .run(content, crc32(content))
    })
    this.#promoted = content
  }

  /** Bytes within the file that hold nothing. */
  freeBytes(): number {
    const row = this.#database
      .prepare('select freelist_count * page_size as bytes from pragma_freelist_count, pragma_page_size')
      .get()
    return (row as { bytes: number }).bytes
  }

  /** The batches behind a number; reads all of them. */
  backlogAfter(number: number): Backlog {
    const row = this.#database
      .prepare('select count(*) as batches, coalesce(sum(bytes), 0) as bytes from batches where number > ?')
      .get(number)
    const { batches, bytes } = row as { batches: number; bytes: number }
    return { batches, bytes }
  }

  /**
   * Unix milliseconds: when the first batch behind a number was spooled; undefined where there is none. Not the time of its
   * samples, which an exporter may give to them; of a batch that an older kwollector spooled nothing else is known.
   */
  firstSpooledAfter(number: number): number | undefined {
    const row = this.#database
      .prepare(
        `select case when spooled_at is not null then spooled_at
                     when json_valid(content) then json_extract(content, '$.rows[0][0]') / 1000
                end as ms
           from batches where number > ? order by number limit 1`,
      )
      .get(number)
    return typeof row?.ms === 'number' ? row.ms : undefined
  }

  insert(batch: SpooledBatch): void {
    const { number, samples, bytes, content, spooledAt } = batch
    this.#insert.run(number, samples, bytes, content, checksumOf(batch), spooledAt)
  }

  /** @throws {DamagedOnDisk} or SQLite's error */
  nextAfter(number: number): SpooledBatch | undefined {
    return verified(this.#next.get(number))
  }

  /** @throws {DamagedOnDisk} or SQLite's error */
  batchOf(number: number): SpooledBatch | undefined {
    return verified(this.#byNumber.get(number))
  }

  /** Removes a batch and those before it. */
  deleteUpTo(number: number): void {
    this.#delete.run(number)
  }

  /** A transaction left open would take everything after it along when the program dies. */
  allOrNothing<T>(work: () => T): T {
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

  /** @throws SQLite's error, where the file has no room for what its log has */
  emptyLog(): void {
    this.#database.exec('pragma wal_checkpoint(truncate)')
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }
}

function checksumOf({ number, samples, bytes, content }: SpooledBatch): number {
  return crc32(content, crc32(`${number} ${samples} ${bytes} `))
}

function batchIn(row: Record<string, unknown>): SpooledBatch {
  // What was damaged may be of any type.
  const [number, samples, bytes] = [Number(row.number), Number(row.samples), Number(row.bytes)]
  const spooledAt = typeof row.spooled_at === 'number' ? row.spooled_at : null
  return { number, samples, bytes, content: String(row.content), spooledAt }
}

function verified(row: Record<string, unknown> | undefined): SpooledBatch | undefined {
  if (row === undefined) return undefined
  const batch = batchIn(row)
  if (checksumOf(batch) === row.checksum) return batch
  throw new DamagedOnDisk(`batch ${batch.number} is not what was written`)
}
