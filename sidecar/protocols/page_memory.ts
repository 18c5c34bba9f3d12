/** What the Prometheus protocol remembers of earlier pages, and for how long. */

/**
 * Samples that are taken of a page. 64 MiB can hold nine million series, and each is remembered with about a kilobyte,
 * which would fill the memory of the whole program. What nobody asks for does not count.
 */
export const MOST_SAMPLES = 250_000

/** Labels that come and go (a pod's name) must not pile up; a file that is missing once must not cost anything. */
const PAGES_REMEMBERED = 10

/** Drops what the last pages did not contain. */
export function forgetOld(entries: Map<string, { page: number }>, page: number): void {
  for (const [key, entry] of entries) if (page - entry.page >= PAGES_REMEMBERED) entries.delete(key)
}

/** A slice keeps the whole text alive from which it was cut; a copy does not. */
export function copyOf(slice: string): string {
  return Buffer.from(slice).toString()
}
