import type postgres from 'postgres'
import type { Description } from './descriptions.ts'
import type { Log } from './log.ts'
import { connect, type DatabaseAddress } from './store.ts'

const refreshMs = 60_000
const retryMs = 1_000

/**
 * Asks the database which optional descriptions are promoted: when it announces a change, each minute in case
 * an announcement was lost, and at every reconnection. The database decides the match. With the database
 * away the last answer stands: polling on loses nothing, polling less would.
 */
export class Promotions {
  readonly #address: DatabaseAddress
  readonly #log: Log
  readonly #onChange: (promoted: readonly Description[]) => Promise<void>
  readonly #stopping = new AbortController()
  #optional: readonly Description[] = []
  #promoted: readonly Description[] = []
  /** The descriptions that the last answer is about. */
  #asked: readonly Description[] | undefined
  #wake: (() => void) | undefined
  #done: Promise<void> | undefined

  constructor(
    address: DatabaseAddress,
    log: Log,
    onChange: (promoted: readonly Description[]) => Promise<void>,
  ) {
    this.#address = address
    this.#log = log
    this.#onChange = onChange
  }

  /** @param optional all optional descriptions; asks at once which are promoted */
  watch(optional: readonly Description[]): void {
    this.#optional = optional
    if (this.#done === undefined && optional.length > 0) this.#done = this.#run()
    else this.#wake?.()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake?.()
    await this.#done
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const sql = connect(this.#address, 'kwollector promotions', message => this.#log.warning(message))
      try {
        await this.#listen(sql)
        while (!this.#stopping.signal.aborted) {
          await this.#ask(sql)
          await this.#sleep(refreshMs)
        }
      } catch (error) {
        this.#log.debug(
          `cannot ask for promoted metrics: ${(error as Error).message}; the last answer stands`,
        )
        if (!this.#stopping.signal.aborted) await this.#sleep(retryMs)
      } finally {
        await sql.end({ timeout: 0 })
      }
    }
  }

  /** postgres.js listens on a connection of its own, reconnects by itself and calls `onlisten` each time. */
  async #listen(sql: postgres.Sql): Promise<void> {
    const wake = () => this.#wake?.()
    await sql.listen('kwollect_promotions', wake, wake)
  }

  async #ask(sql: postgres.Sql): Promise<void> {
    const optional = this.#optional
    const [row] = await sql<[{ promoted: string[] }]>`
      select kwollect.promoted_descriptions(
               ${optional.map(({ name }) => name)}::text[]
             , ${optional.map(({ deviceId }) => deviceId)}::text[]
             , ${optional.map(({ labels }) => labels._device_alias ?? null)}::text[]
             ) as promoted`
    const promoted = row.promoted.flatMap(position => optional[Number(position) - 1] ?? [])
    const known = new Set(this.#promoted)
    const same = promoted.length === known.size && promoted.every(description => known.has(description))
    if ((same && this.#asked === optional) || optional !== this.#optional) return
    this.#asked = optional
    this.#promoted = promoted
    this.#log.info(`${promoted.length} of ${optional.length} optional metrics are promoted`)
    await this.#onChange(promoted)
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
