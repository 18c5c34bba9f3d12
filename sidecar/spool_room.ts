import { statfsSync } from 'node:fs'

/** The disk has room, but only as much as taking batches out again may need. */
class DiskNearlyFull extends Error {
  override name = 'DiskNearlyFull'
}

const mebibyte = 2 ** 20
/**
 * Removing a batch writes to SQLite's log too, and the log, which grows to 4 MB and a batch, needs as much room
 * in the file before it can begin anew. A spool that filled its disk could never be emptied.
 */
const roomToRemove = 16 * mebibyte
/** Bytes of batches: up to here the log and the free pages of the file are enough, also on a disk that others have filled. */
export const smallBacklog = 4 * mebibyte

/**
 * Does a batch leave enough on the disk for those that wait to go out again?
 *
 * @param bytes of the batch
 * @param freeBytes of the spool's file that hold nothing
 * @throws {DiskNearlyFull}
 */
export function checkDisk(folder: string, bytes: number, freeBytes: number): void {
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize + freeBytes > roomToRemove + 2 * bytes) return
  throw new DiskNearlyFull(`less than ${roomToRemove / mebibyte} MB are left on the disk of ${folder}`)
}
