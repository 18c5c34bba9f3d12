/** Bytes changed on the disk below SQLite, which has no checksums of its own outside its log. */
export class DamagedOnDisk extends Error {
  override name = 'DamagedOnDisk'
}

/** Primary result codes of SQLite: the low byte of what node:sqlite gives as `errcode`. */
const [logicError, busy, corrupt, full, tooBig, notADatabase] = [1, 5, 11, 13, 18, 26]
/** Extended ones: SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ and SQLITE_IOERR_CORRUPTFS. */
const unreadable: readonly number[] = [266, 522, 8458]

/** Does another process hold the file? */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === busy
}

/** Has the disk no room? */
export function isFull(error: unknown): boolean {
  return primaryCode(error) === full
}

/** Are the bytes on the disk others than were written, fewer, or not to be read? */
export function isDamage(error: unknown): boolean {
  const { errcode = 0, code } = error as { errcode?: number; code?: string }
  return (
    error instanceof DamagedOnDisk ||
    // A number so large that it never was one of ours.
    code === 'ERR_OUT_OF_RANGE' ||
    // Every statement and batch of ours is one that SQLite takes: tables without a column, or a row of gigabytes, are not.
    [logicError, corrupt, tooBig, notADatabase].includes(errcode & 0xff) ||
    unreadable.includes(errcode)
  )
}

function primaryCode(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff
}
