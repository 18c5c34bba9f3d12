import type { Log } from './log.ts'
import type { Promotable } from './promoted.ts'
import type { Spool } from './spool.ts'

/**
 * What was promoted when the database said so last, in this run or an earlier one: it lies beside the batches in the
 * spool, so that a start in the middle of a job with the database away collects what the job asked for. What has ended
 * meanwhile is collected until the database answers; that costs some values too many, the contrary would lose some.
 */
export class KeptPromotions {
  readonly #spool: Pick<Spool, 'promoted' | 'keepPromoted'>
  readonly #log: Pick<Log, 'warning'>
  #keys: ReadonlySet<string> = new Set()
  /** The log knows that the disk does not take it. */
  #isFailing = false

  constructor(spool: Pick<Spool, 'promoted' | 'keepPromoted'>, log: Pick<Log, 'warning'>) {
    this.#spool = spool
    this.#log = log
    this.#recall()
  }

  has(item: Promotable): boolean {
    return this.#keys.has(keyOf(item))
  }

  /** @param promoted all that is; costs no write where it is known already */
  keep(promoted: readonly Promotable[]): void {
    this.#keys = new Set(promoted.map(keyOf))
    // In order, so that the same promotions are the same text, in whatever order the descriptions are.
    const content = `[${[...this.#keys].sort().join(',\n')}]`
    try {
      if (this.#spool.promoted() !== content) this.#spool.keepPromoted(content)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing)
        this.#log.warning(
          `cannot keep in the spool what is promoted: ${(error as Error).message}; a restart without the database would not collect it`,
        )
      this.#isFailing = true
    }
  }

  /** Whatever is wrong with it must not keep the program from starting. */
  #recall(): void {
    try {
      const keys = JSON.parse(this.#spool.promoted() ?? '[]') as unknown[]
      this.#keys = new Set(keys.map(key => JSON.stringify(key)))
    } catch (error) {
      this.#log.warning(
        `cannot read in the spool what was promoted: ${(error as Error).message}; optional metrics wait for the database`,
      )
    }
  }
}

/** All that the database decides by. Not the expressions of the promotions: matching them is its business. */
function keyOf({ name, deviceId, labels }: Promotable): string {
  return JSON.stringify([name, deviceId, labels._device_alias ?? null])
}
