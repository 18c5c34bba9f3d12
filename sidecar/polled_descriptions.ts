import type { Collector } from './collector.ts'
import type { DatabaseAddress } from './database.ts'
import { type Description, loadDescriptions } from './descriptions.ts'
import type { KeptPromotions } from './kept_promotions.ts'
import type { Log } from './log.ts'
import { Promotions } from './promoted.ts'

/** The set of descriptions in use, and those of its optional ones that are promoted. */
export class PolledDescriptions {
  readonly #collector: Collector
  readonly #promotions: Promotions<Description>
  readonly #log: Log
  #always: readonly Description[] = []
  #promoted: readonly Description[] = []
  #optionalCount = 0
  #reloads = Promise.resolve()
  #isStopped = false

  constructor(database: DatabaseAddress, kept: KeptPromotions, collector: Collector, log: Log) {
    this.#collector = collector
    this.#log = log
    this.#promotions = new Promotions(database, kept, log, promoted => {
      const known = new Set(this.#promoted.map(identityOf))
      this.#promoted = promoted
      // A job that begins now may be over before a long period is.
      this.#apply(promoted.filter(description => !known.has(identityOf(description))))
    })
  }

  /** Polls the good descriptions; an error costs only what it stands for. */
  use(descriptions: readonly Description[], errors: readonly string[]): void {
    for (const error of errors) this.#log.error(error)
    const { always = [], optional = [] } = Object.groupBy(descriptions, ({ optional }) =>
      optional ? 'optional' : 'always',
    )
    this.#always = always
    this.#collector.describe(descriptions)
    this.#promoted = this.#promotions.watch(optional)
    this.#apply()
    if (descriptions.length === 0) this.#log.warning('there are no descriptions: nothing is collected')
    this.#optionalCount = optional.length
    this.#log.info(this.summary)
  }

  /** What is polled, in words. */
  get summary(): string {
    return `${this.#always.length} metrics are collected, ${this.#optionalCount} on demand`
  }

  /** At SIGHUP: the running set stays where a file has an error. One reload after the other, in order. */
  reload(metricsDir: string): Promise<void> {
    this.#reloads = this.#reloads
      .then(() => this.#reload(metricsDir))
      // A mistake of ours; what is polled goes on, and the next reload may work.
      .catch((error: Error) => this.#log.error(`cannot take ${metricsDir} over: ${error.stack}`))
    return this.#reloads
  }

  async #reload(metricsDir: string): Promise<void> {
    const { descriptions, errors } = await loadDescriptions(metricsDir)
    if (this.#isStopped) return
    if (errors.length === 0) return this.use(descriptions, [])
    for (const error of errors) this.#log.error(error)
    const count = errors.length === 1 ? 'the error above' : `${errors.length} errors, all listed above`
    this.#log.error(`${metricsDir} is not taken over because of ${count}; the former descriptions stay`)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#promotions.stop()
  }

  #apply(atOnce: readonly Description[] = []): void {
    if (this.#isStopped) return
    this.#collector.setDescriptions([...this.#always, ...this.#promoted], new Set(atOnce))
  }
}

function identityOf({ name, deviceId, labels }: Description): string {
  return JSON.stringify([name, deviceId, labels])
}
