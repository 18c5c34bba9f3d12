/** The index of the series holds both names; PostgreSQL's index entries end at 2,700 bytes. */
const longestNameBytes = 1024

/** @returns whether PostgreSQL can store a text */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/** @returns what a name of a device or metric must be, where it is not that; follows the name's name */
export function nameProblem(name: string): string | undefined {
  if (!isStorable(name)) return 'holds a NUL or half of a surrogate pair'
  const bytes = Buffer.byteLength(name)
  if (bytes === 0) return 'must not be empty'
  return bytes > longestNameBytes ? `must have at most 1,024 bytes, got ${bytes}` : undefined
}
