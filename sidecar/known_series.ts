import type { SeriesKey } from './batch.ts'

/** More than any known site has; about 80 MB. */
const usualMost = 400_000

/**
 * The numbers that the database gave to series. Those that are used stay; of others, labels that come and go (a pod's
 * name), only so many: they would fill the memory over months, and a Map ends at 2^24 entries.
 */
export class KnownSeries {
  /** A generation is full at half of what is kept; then those of the one before are forgotten. */
  readonly #mostOfGeneration: number
  #young = new Map<SeriesKey, string>()
  #old: ReadonlyMap<SeriesKey, string> = new Map()

  /** @param most entries that are kept at most; a batch must not have more than half of them */
  constructor(most = usualMost) {
    this.#mostOfGeneration = most / 2
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: SeriesKey): string | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  set(key: SeriesKey, id: string): void {
    if (this.#young.size >= this.#mostOfGeneration) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, id)
  }

  /** Is it known? Then it stays. */
  keep(key: SeriesKey): boolean {
    if (this.#young.has(key)) return true
    const id = this.#old.get(key)
    if (id === undefined) return false
    this.set(key, id)
    return true
  }
}
