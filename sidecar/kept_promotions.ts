import type { Log } from './log.ts'
import type { Promotable } from './promoted.ts'
import type { Spool } from './spool.ts'

/** What the database decides by. Not the expressions of the promotions: matching them is its business. */
type Key = readonly [name: string, deviceId: string, alias: string | null]

/**
 * What was promoted when the database said so last, in this run or an earlier one: it lies beside the batches in the
 * spool, so that a start in the middle of a job with the database away collects what the job asked for. What has ended
 * meanwhile is collected until the database answers; that costs some values too many, the contrary would lose some.
 */
export class KeptPromotions {
  readonly #spool: Pick<Spool, 'promoted' | 'keepPromoted'>
  readonly #log: Pick<Log, 'warning'>
  /** As the database said it in this run. */
  #promoted: readonly Promotable[] | undefined
  #keys: readonly Key[] = []
  /** The same as the spool keeps it. */
  #content = ''
  /** What the promotions may have been about; undefined where nobody asked since they changed. */
  #targets: ReadonlySet<string> | undefined
  /** The log knows that the disk does not take it. */
  #isFailing = false

  constructor(spool: Pick<Spool, 'promoted' | 'keepPromoted'>, log: Pick<Log, 'warning'>) {
    this.#spool = spool
    this.#log = log
    this.#recall()
  }

  /**
   * Is it of a name and device, or a name and alias, that was promoted? Not all three as they were: a mapping that gives
   * the device another alias, or the alias another device, would end what goes on, since nobody knows here which of
   * the two the promotion was about.
   */
  has(item: Promotable): boolean {
    const targets = this.#targets ?? new Set(this.#keys.flatMap(targetsOf))
    this.#targets = targets
    return targetsOf(keyOf(item)).some(target => targets.has(target))
  }

  /** @param promoted all that is; costs next to nothing where it is what it was */
  keep(promoted: readonly Promotable[]): void {
    if (!isSame(promoted, this.#promoted)) this.#take(promoted)
    try {
      this.#spool.keepPromoted(this.#content)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing)
        this.#log.warning(
          `cannot keep in the spool what is promoted: ${(error as Error).message}; a restart without the database would not collect it`,
        )
      this.#isFailing = true
    }
  }

  #take(promoted: readonly Promotable[]): void {
    this.#promoted = promoted
    this.#keys = promoted.map(keyOf)
    this.#targets = undefined
    // Each once. In the order of the descriptions: sorting would cost a poll's time to save a write at a reload.
    this.#content = `[${[...new Set(this.#keys.map(key => JSON.stringify(key)))].join(',\n')}]`
  }

  /** Whatever is wrong with it must not keep the program from starting. */
  #recall(): void {
    try {
      const keys = JSON.parse(this.#spool.promoted() ?? '[]') as Key[]
      this.#targets = new Set(keys.flatMap(targetsOf))
    } catch (error) {
      this.#log.warning(
        `cannot read in the spool what was promoted: ${(error as Error).message}; optional metrics wait for the database`,
      )
    }
  }
}

function keyOf({ name, deviceId, labels }: Promotable): Key {
  return [name, deviceId, labels._device_alias ?? null]
}

/** An alias is to promotions what a device is. */
function targetsOf([name, deviceId, alias]: Key): string[] {
  return [deviceId, ...(alias === null ? [] : [alias])].map(device => JSON.stringify([name, device]))
}

/** The same objects: those of a reload are others. */
function isSame(one: readonly Promotable[], other: readonly Promotable[] | undefined): boolean {
  return one.length === other?.length && one.every((item, index) => item === other[index])
}
