/**
 * SQLite's write-ahead log (https://www.sqlite.org/fileformat2.html#walformat): a header of 32 bytes, then frames of
 * 24 bytes and a page. Each frame carries the salt of the header, and a checksum of all before it.
 */

const [headerBytes, frameHeaderBytes] = [32, 24]
/** The same but for its last bit, which says in which order the checksums read their words. */
const magic = 0x377f0682

interface Checksum {
  readonly first: number
  readonly second: number
}

interface Frame {
  readonly at: number
  /** Which page of the file it is, from 1 on. */
  readonly page: number
  /** How many pages the file has then, where it ends a transaction; else 0. */
  readonly pages: number
  /** With the salt of the header; those behind are of an earlier round of the log. */
  readonly isOfThisRound: boolean
  /** With the checksum that follows from the one that the frame before carries, too. */
  readonly isGood: boolean
}

/**
 * Was the log damaged, and not only cut off while it was written?
 *
 * A death in the middle of a transaction damages that transaction: only where another one follows it had been on
 * disk. So damage to the very last one cannot be told from a death, and is treated as one, like SQLite does.
 *
 * @returns the log with checksums that fit, up to its last good commit; undefined where it is not damaged
 */
export function repairedLog(log: Buffer): Buffer | undefined {
  if (log.length < headerBytes + frameHeaderBytes) return undefined
  const header = readHeader(log)
  const frames = readFrames(log, header)
  const firstBad = header.isGood ? frames.findIndex(({ isGood }) => !isGood) : 0
  if (firstBad < 0) return undefined
  const commits = frames.slice(firstBad).filter(({ pages, isOfThisRound }) => pages > 0 && isOfThisRound)
  const last = commits.findLast(({ isGood }) => isGood)
  if (last === undefined || (header.isGood && commits.length < 2)) return undefined
  const kept = frames.filter(frame => frame.at <= last.at && (frame.isGood || hasPlace(frame, last)))
  const frameBytes = frameHeaderBytes + header.pageBytes
  const parts = [log.subarray(0, headerBytes), ...kept.map(({ at }) => log.subarray(at, at + frameBytes))]
  return withChecksums(Buffer.concat(parts), header)
}

/** Is the page of a damaged frame one of the file? SQLite would take another number for the end of the log. */
function hasPlace({ page }: Frame, { pages }: Frame): boolean {
  return page > 0 && page <= pages
}

interface Header {
  readonly isGood: boolean
  readonly isBigEndian: boolean
  readonly pageBytes: number
  readonly salt: Buffer
}

function readHeader(log: Buffer): Header {
  const isBigEndian = (log.readUInt32BE(0) & 1) === 1
  const pageBytes = log.readUInt32BE(8)
  const own = checksum(log.subarray(0, 24), { first: 0, second: 0 }, isBigEndian)
  const isGood =
    (log.readUInt32BE(0) & ~1) >>> 0 === magic &&
    log.readUInt32BE(24) === own.first &&
    log.readUInt32BE(28) === own.second
  if (isGood) return { isGood, isBigEndian, pageBytes, salt: log.subarray(16, 24) }
  // Node's SQLite makes pages of 4096 bytes, and checksums in the order of the machine.
  const salt = log.subarray(headerBytes + 8, headerBytes + 16)
  return { isGood, isBigEndian: false, pageBytes: 4096, salt }
}

function readFrames(log: Buffer, { isBigEndian, pageBytes, salt }: Header): Frame[] {
  const frames: Frame[] = []
  let before = storedChecksum(log, 24)
  for (
    let at = headerBytes;
    at + frameHeaderBytes + pageBytes <= log.length;
    at += frameHeaderBytes + pageBytes
  ) {
    const own = frameChecksum(log, at, pageBytes, before, isBigEndian)
    before = storedChecksum(log, at + 16)
    const isOfThisRound = log.subarray(at + 8, at + 16).equals(salt)
    frames.push({
      at,
      page: log.readUInt32BE(at),
      pages: log.readUInt32BE(at + 4),
      isOfThisRound,
      isGood: isOfThisRound && own.first === before.first && own.second === before.second,
    })
  }
  return frames
}

/** @param repaired is written to */
function withChecksums(repaired: Buffer, { pageBytes, salt }: Header): Buffer {
  repaired.writeUInt32BE(magic, 0)
  repaired.writeUInt32BE(3_007_000, 4)
  repaired.writeUInt32BE(pageBytes, 8)
  salt.copy(repaired, 16)
  let before = checksum(repaired.subarray(0, 24), { first: 0, second: 0 }, false)
  writeChecksum(repaired, 24, before)
  for (let at = headerBytes; at < repaired.length; at += frameHeaderBytes + pageBytes) {
    salt.copy(repaired, at + 8)
    before = frameChecksum(repaired, at, pageBytes, before, false)
    writeChecksum(repaired, at + 16, before)
  }
  return repaired
}

function frameChecksum(
  log: Buffer,
  at: number,
  pageBytes: number,
  before: Checksum,
  isBigEndian: boolean,
): Checksum {
  const head = checksum(log.subarray(at, at + 8), before, isBigEndian)
  const page = log.subarray(at + frameHeaderBytes, at + frameHeaderBytes + pageBytes)
  return checksum(page, head, isBigEndian)
}

/** Of pairs of 32-bit words: each sum takes in a word and the other sum. */
function checksum(bytes: Buffer, before: Checksum, isBigEndian: boolean): Checksum {
  let { first, second } = before
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + word(bytes, at, isBigEndian) + second) >>> 0
    second = (second + word(bytes, at + 4, isBigEndian) + first) >>> 0
  }
  return { first, second }
}

function word(bytes: Buffer, at: number, isBigEndian: boolean): number {
  return isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)
}

function storedChecksum(log: Buffer, at: number): Checksum {
  return { first: log.readUInt32BE(at), second: log.readUInt32BE(at + 4) }
}

function writeChecksum(log: Buffer, at: number, { first, second }: Checksum): void {
  log.writeUInt32BE(first, at)
  log.writeUInt32BE(second, at + 4)
}
