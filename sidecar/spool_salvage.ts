import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type SpooledBatch, SpoolFile } from './spool_file.ts'
import { repairedLog } from './spool_log.ts'
import { isDamage, isFull } from './sqlite_errors.ts'

/** What came out of a damaged file. */
export interface Salvage {
  readonly batches: number
  readonly samples: number
  /** Where the damaged file lies now. */
  readonly setAside: string
}

/** What the program knows of the file that it can open no more, or only in part. */
export interface Known {
  /** Undefined where nothing that can be read says it: the salvaged file gets another. */
  readonly id: string | undefined
  /** Batches up to here are stored. */
  readonly gone: number
  /** Number of the newest batch ever spooled. */
  readonly last: number
}

const batchesInTransaction = 100
/** Batches behind something damaged that are tried one by one, before a scan is tried again. */
const triesInRow = 1_000
/** More would take minutes, and be of a number that was damaged itself. */
const mostTries = 1_000_000

/**
 * Puts what can be read of a damaged file into a new one with the same id and numbers, and the old one aside.
 * A death in between is finished by {@link finishSalvage}.
 *
 * @param damaged closed by this; undefined where it cannot even be opened
 * @throws the disk's or SQLite's error; the damaged file is where it was then
 */
export function salvage(path: string, damaged: SpoolFile | undefined, known: Known): Salvage {
  const setAside = freeName(path)
  const found = salvageInto(salvagedName(path), damaged, known)
  closeQuietly(damaged)
  // The main file first: one without its log would look good and lack the newest batches.
  renameSync(path, setAside)
  finishSalvage(path, setAside)
  return { ...found, setAside }
}

function salvageInto(halfDone: string, damaged: SpoolFile | undefined, known: Known) {
  const promoted = damaged?.readPromoted()
  try {
    return copyReadable(halfDone, damaged, known, promoted)
  } catch (error) {
    if (promoted === undefined || !isFull(error)) throw error
    // The database says again what is promoted; the batches nobody has but this disk.
    return copyReadable(halfDone, damaged, known, undefined)
  }
}

function copyReadable(path: string, from: SpoolFile | undefined, known: Known, promoted: string | undefined) {
  for (const file of [path, `${path}-wal`]) rmSync(file, { force: true })
  const to = new SpoolFile(path)
  try {
    to.writeId(known.id)
    const found =
      from === undefined ? { batches: 0, samples: 0 } : copyBatches(readableBatches(from, known.gone), to)
    to.writeLastNumber(known.last)
    if (promoted !== undefined) to.writePromoted(promoted)
    // Only the file itself is taken over. Closing it writes the log into it, too, but says nothing where the disk is full.
    to.emptyLog()
    return found
  } finally {
    to.close()
  }
}

function copyBatches(from: Generator<SpooledBatch>, to: SpoolFile) {
  let [batches, samples] = [0, 0]
  // Some in each transaction: an fsync for each would take minutes, one for all the room of another spool.
  for (let isOver = false; !isOver; ) {
    to.allOrNothing(() => {
      for (let count = 0; count < batchesInTransaction && !isOver; count += 1) {
        const { value: batch, done } = from.next()
        isOver = done === true
        if (done) break
        to.insert(batch)
        batches += 1
        samples += batch.samples
      }
    })
  }
  return { batches, samples }
}

/** Takes the salvaged file over where a program died before it did. */
export function finishSalvage(path: string, setAside = freeName(path)): void {
  const halfDone = salvagedName(path)
  if (existsSync(path) || !existsSync(halfDone)) return
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${setAside}-wal`)
  renameSync(halfDone, path)
}

/**
 * SQLite drops its log from the first page on that was damaged, without a word, and with it all batches behind.
 * This keeps the log as it was, and gives it checksums that fit, so that only what was damaged is missing.
 *
 * @param file opened and not written to; closed by this where the log is damaged
 * @returns where a copy of the damaged log lies; undefined where it is not damaged
 */
export function salvageLog(path: string, file: SpoolFile): string | undefined {
  const log = `${path}-wal`
  const repaired = existsSync(log) ? repairedLog(readFileSync(log)) : undefined
  if (repaired === undefined) return undefined
  const setAside = `${freeName(path)}-wal`
  copyFileSync(log, setAside)
  const halfDone = `${salvagedName(path)}-wal`
  writeFileSync(halfDone, repaired, { mode: 0o600, flush: true })
  // Writes what it takes for the log into the file, which the whole log writes once more.
  closeQuietly(file)
  renameSync(halfDone, log)
  return setAside
}

/**
 * All that can be read, in order. Where a page cannot, which ends a scan, the numbers behind are tried one by one,
 * so that it costs only the batches on it.
 */
function* readableBatches(file: SpoolFile, gone: number): Generator<SpooledBatch> {
  let number = gone
  let tries = mostTries
  while (tries > 0) {
    const next = readable(() => file.nextAfter(number))
    if (next === undefined) return
    // A damaged tree may lead back to batches that were read already.
    if (next !== 'damaged' && next.number > number) {
      yield next
      number = next.number
      continue
    }
    for (const end = number + triesInRow; number < end; tries -= 1) {
      number += 1
      const alone = readable(() => file.batchOf(number))
      if (alone !== undefined && alone !== 'damaged') yield alone
    }
  }
}

function readable(read: () => SpooledBatch | undefined): SpooledBatch | undefined | 'damaged' {
  try {
    return read()
  } catch (error) {
    if (isDamage(error)) return 'damaged'
    throw error
  }
}

function closeQuietly(file: SpoolFile | undefined): void {
  try {
    file?.close()
  } catch {
    // Its last checkpoint failed: it is damaged, and goes aside.
  }
}

function salvagedName(path: string): string {
  return `${path}.salvaged`
}

function freeName(path: string): string {
  for (let number = 1; ; number += 1) {
    const name = `${path}.damaged-${number}`
    if (!existsSync(name) && !existsSync(`${name}-wal`)) return name
  }
}
