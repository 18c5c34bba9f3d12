import type { Sample } from '../sample.ts'
import type { Measurements } from './line.ts'
import type { Ports } from './ports.ts'

/** How ports are stored during a second: fixed when it opens, so that a change begins with the next one. */
export interface PortsInUse {
  readonly ports: Ports
  /** Ports of which every measurement is stored, instead of the average. */
  readonly promoted: ReadonlySet<number>
}

export interface SecondsOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Asked whenever a second opens. */
  readonly portsInUse: () => PortsInUse
  readonly take: (samples: readonly Sample[]) => void
  /** Measurements came after the average of their second was handed on, and are not part of it. */
  readonly onLate: (measurements: number) => void
}

/** A second that still takes measurements. */
interface OpenSecond {
  /** Unix time. */
  readonly second: number
  readonly use: PortsInUse
  /** Sum and number of the measurements by port. */
  readonly sums: number[]
  readonly counts: number[]
  /** When it opened: how far the input was, in microseconds of its own time, and by our clock. */
  readonly openedAt: number
  readonly openedAtMs: number
}

const microseconds = 1_000_000
/** A second is closed when a later one has lasted so long. */
const patienceMs = 2_000
/** A greater leap between lines means that the clock was set, or that there was nothing for a while. */
const greatestLeap = 10 * microseconds
/** More are open, or remembered as closed, only where times leap about. */
const mostSeconds = 16

/**
 * Makes one average for each port and second out of measurements that may come in bursts, a little out of
 * order, or from a clock that is set. Measurements of promoted ports pass at once.
 *
 * Seconds close in the order in which they opened, not by the greatest time seen: after one line from the
 * future, or after the clock was set back, all that follows would be too late. "Has lasted 2 s" counts the
 * input's own time where it runs on (a burst brings many seconds at once), and our clock where it stands still.
 */
export class Seconds {
  readonly #options: SecondsOptions
  readonly #open = new Map<number, OpenSecond>()
  /** The last ones that were closed, with the ports in use then. */
  readonly #closed = new Map<number, PortsInUse>()
  /** The latest time of the input since its clock was last set. */
  #latest = Number.NEGATIVE_INFINITY
  /** How far the input's time has run on, leaps left out. */
  #progress = 0

  constructor(options: SecondsOptions) {
    this.#options = options
  }

  add({ timestamp, powers }: Measurements): void {
    this.#runOn(timestamp)
    const second = Math.floor(timestamp / microseconds)
    const late = this.#closed.get(second)
    const open = late === undefined ? (this.#open.get(second) ?? this.#openSecond(second)) : undefined
    const use = late ?? open?.use
    if (use === undefined) return
    const samples: Sample[] = []
    let tooLate = 0
    for (let port = 0; port < powers.length; port += 1) {
      const power = powers[port] ?? Number.NaN
      if (Number.isNaN(power)) continue
      if (use.promoted.has(port)) samples.push({ timestamp, series: use.ports.at(port), value: power })
      else if (open === undefined) tooLate += 1
      else addTo(open, port, power)
    }
    if (samples.length > 0) this.#options.take(samples)
    if (tooLate > 0) this.#options.onLate(tooLate)
    this.closeOld()
  }

  /** Closes what is old enough by now; to be called now and then, because input may stop. */
  closeOld(): void {
    const now = this.#options.now()
    // Opened one after the other: the first that is too young ends the search.
    const [...seconds] = this.#open.values()
    for (const [index, second] of seconds.entries()) {
      const later = seconds[index + 1]
      if (later === undefined) return
      const lastedMs = Math.max((this.#progress - later.openedAt) / 1000, now - later.openedAtMs)
      if (lastedMs < patienceMs && this.#open.size <= mostSeconds) return
      this.#close(second)
    }
  }

  /** The input is over: closes all. */
  closeAll(): void {
    for (const second of [...this.#open.values()]) this.#close(second)
  }

  #runOn(timestamp: number): void {
    const leap = timestamp - this.#latest
    if (Math.abs(leap) > greatestLeap) this.#latest = timestamp
    else if (leap > 0) {
      this.#latest = timestamp
      this.#progress += leap
    }
  }

  #openSecond(second: number): OpenSecond {
    const open = {
      second,
      use: this.#options.portsInUse(),
      sums: [],
      counts: [],
      openedAt: this.#progress,
      openedAtMs: this.#options.now(),
    }
    this.#open.set(second, open)
    return open
  }

  #close({ second, use, sums, counts }: OpenSecond): void {
    this.#open.delete(second)
    this.#closed.set(second, use)
    const [oldest] = this.#closed.keys()
    if (this.#closed.size > mostSeconds && oldest !== undefined) this.#closed.delete(oldest)
    const timestamp = second * microseconds
    const samples = sums.flatMap((sum, port): Sample[] => {
      const count = counts[port] ?? 0
      return count === 0 ? [] : [{ timestamp, series: use.ports.at(port), value: sum / count }]
    })
    if (samples.length > 0) this.#options.take(samples)
  }
}

function addTo({ sums, counts }: OpenSecond, port: number, power: number): void {
  sums[port] = (sums[port] ?? 0) + power
  counts[port] = (counts[port] ?? 0) + 1
}
