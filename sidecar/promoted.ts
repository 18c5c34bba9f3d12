import { Connection, type DatabaseAddress, reasonOf } from './database.ts'
import type { KeptPromotions } from './kept_promotions.ts'
import type { Log } from './log.ts'
import type { Labels } from './sample.ts'

/** What can be promoted: a description, or whatever has a device and a metric. */
export interface Promotable {
  /** The metric that the expression of a promotion is matched with. */
  readonly name: string
  readonly deviceId: string
  /** `_device_alias` names the device, too. */
  readonly labels: Labels
}

export interface PromotionPatience {
  /** Between two questions without an announcement. */
  readonly refreshMs: number
  readonly retryMs: number
  /** For one statement: a server that vanished without a word would keep it waiting for ever. */
  readonly answerMs: number
}

const usualPatience: PromotionPatience = { refreshMs: 60_000, retryMs: 1_000, answerMs: 20_000 }

/**
 * Asks the database which optional metrics are promoted: when it announces a change, each minute in case
 * an announcement was lost, and at every reconnection. The database decides the match. With the database
 * away the last answer stands, also that of an earlier run: polling on loses nothing, polling less would.
 */
export class Promotions<Item extends Promotable> {
  readonly #address: DatabaseAddress
  readonly #kept: KeptPromotions
  readonly #log: Log
  readonly #onChange: (promoted: readonly Item[]) => void
  readonly #patience: PromotionPatience
  readonly #stopping = new AbortController()
  #optional: readonly Item[] = []
  #promoted: readonly Item[] = []
  /** What the last answer is about. */
  #asked: readonly Item[] | undefined
  /** Something happened since the last question was sent. */
  #isStale = true
  #wake: (() => void) | undefined
  #connection: Connection | undefined
  /** What the database and the last failure said, so that each is logged once. */
  #said = new Set<string>()
  #done: Promise<void> | undefined

  constructor(
    address: DatabaseAddress,
    kept: KeptPromotions,
    log: Log,
    onChange: (promoted: readonly Item[]) => void,
    patience: PromotionPatience = usualPatience,
  ) {
    this.#address = address
    this.#kept = kept
    this.#log = log
    this.#onChange = onChange
    this.#patience = patience
  }

  /**
   * @param optional all optional metrics; asks at once which are promoted
   * @returns those that were at the last answer, which stand until the next one
   */
  watch(optional: readonly Item[]): readonly Item[] {
    this.#optional = optional
    const known = optional.filter(item => this.#kept.has(item))
    if (this.#asked === undefined && known.length > 0) {
      this.#log.info(
        `${known.length} of ${optional.length} optional metrics are promoted as before the start, until the database answers`,
      )
    }
    if (this.#done === undefined && optional.length > 0) this.#done = this.#run()
    else this.#askAgain()
    return known
  }

  /** Ends at once, whatever the database does. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake?.()
    await this.#connection?.end()
    await this.#done
  }

  #askAgain(): void {
    // Not only a wake-up: it may come while a question is on its way, whose answer is from before.
    this.#isStale = true
    this.#wake?.()
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const heard = new Set<string>()
      const connection = new Connection(this.#address, {
        name: 'kwollector promotions',
        givenUp: 'ended',
        onNotice: message => this.#sayOnce(message, heard),
        onNotification: () => this.#askAgain(),
        onLost: () => {
          if (this.#connection === connection) this.#wake?.()
        },
      })
      this.#connection = connection
      try {
        await connection.answerWithin(
          this.#patience.answerMs,
          connection.sql`listen kwollect_promotions`.simple(),
        )
        while (!this.#stopping.signal.aborted && !connection.isLost) {
          heard.clear()
          await this.#ask(connection)
          this.#said = new Set(heard)
          if (!this.#isStale && !connection.isLost) await this.#sleep(this.#patience.refreshMs)
        }
      } catch (error) {
        this.#reportFailure(error)
      } finally {
        this.#connection = undefined
        await connection.end()
      }
      if (!this.#stopping.signal.aborted) await this.#sleep(this.#patience.retryMs)
    }
  }

  async #ask(connection: Connection): Promise<void> {
    this.#isStale = false
    const optional = this.#optional
    const [row] = await connection.answerWithin(
      this.#patience.answerMs,
      connection.sql<[{ promoted: string[] }]>`
        select kwollect.promoted_descriptions(
                 ${optional.map(({ name }) => name)}::text[]
               , ${optional.map(({ deviceId }) => deviceId)}::text[]
               , ${optional.map(({ labels }) => labels._device_alias ?? null)}::text[]
               ) as promoted`,
    )
    if (optional !== this.#optional || this.#stopping.signal.aborted) return
    const promoted = row.promoted.flatMap(position => optional[Number(position) - 1] ?? [])
    this.#kept.keep(promoted)
    const known = new Set(this.#promoted)
    const same = promoted.length === known.size && promoted.every(item => known.has(item))
    if (same && this.#asked === optional) return
    this.#asked = optional
    this.#promoted = promoted
    this.#log.info(`${promoted.length} of ${optional.length} optional metrics are promoted`)
    this.#onChange(promoted)
  }

  /** The same expression is reported at every question until somebody corrects it. */
  #sayOnce(message: string, heard: Set<string>): void {
    heard.add(message)
    if (!this.#said.has(message)) this.#log.warning(message)
    this.#said.add(message)
  }

  #reportFailure(error: unknown): void {
    if (this.#stopping.signal.aborted) return
    const sentence = `cannot ask for promoted metrics: ${reasonOf(error)}; the last answer stands`
    // The store tells of a database that is away or refuses the log-in; what is left is wrong here alone.
    const isOwn = /^42...$/.test((error as { code?: string }).code ?? '')
    if (!isOwn) this.#log.debug(sentence)
    else this.#sayOnce(sentence, new Set())
  }

  async #sleep(ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }
}
