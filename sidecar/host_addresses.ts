import { lookup as lookupName } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'

/** A literal address, never a name: a name would be looked up for each datagram. */
export interface HostAddress {
  readonly address: string
  readonly family: 4 | 6
}

/** In the order in which they are to be tried. */
export type Addresses = readonly [HostAddress, ...HostAddress[]]

/** Resolves a name; rejects with an error that has a code such as ENOTFOUND. */
export type Lookup = (host: string) => Promise<Addresses>

/** The addresses of one host: looked up once and kept, looked up again after a failure. */
export interface HostAddresses {
  /**
   * @param patienceMs how long to wait for the name servers; addresses known from before are used after a quarter of it
   * @throws where none is known: the lookup's error, or one with the code ETIMEOUT
   */
  resolve(patienceMs: number): Promise<Addresses>
  /** The host did not answer, or ended the connection: it may have moved. */
  doubt(): void
}

/** By name: each occupies a thread until the name servers time out, and several for one name would learn the same. */
const underWay = new Map<string, Promise<Addresses>>()

/** The system's resolver, so that /etc/hosts and its order of address families count. One look-up of a name at a time. */
export const systemLookup: Lookup = host => {
  let asked = underWay.get(host)
  if (asked === undefined) {
    asked = askSystem(host).finally(() => underWay.delete(host))
    underWay.set(host, asked)
  }
  return asked
}

async function askSystem(host: string): Promise<Addresses> {
  const found = await lookupName(host, { all: true })
  const [first, ...others] = found.map(({ address, family }): HostAddress => {
    return { address, family: family === 6 ? 6 : 4 }
  })
  if (first === undefined) throw Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' })
  return [first, ...others]
}

/** @param host a name or a literal address; the latter is never looked up */
export function addressesOf(host: string, lookup: Lookup = systemLookup): HostAddresses {
  const literal = isIP(host)
  if (literal === 4 || literal === 6) {
    const addresses = [{ address: host, family: literal }] as const
    return { resolve: async () => addresses, doubt: () => {} }
  }

  let known: Addresses | undefined
  let isFresh = false
  let pending: Promise<void> | undefined
  const lookUp = () =>
    lookup(host)
      .then(addresses => {
        known = addresses
        isFresh = true
      })
      .finally(() => {
        pending = undefined
      })

  return {
    async resolve(patienceMs) {
      if (known !== undefined && isFresh) return known
      pending ??= lookUp()
      try {
        await within(host, pending, known === undefined ? patienceMs : patienceMs / 4)
      } catch (error) {
        if (known === undefined) throw error
      }
      if (known === undefined) throw new Error(`no address of ${host}`)
      return known
    },
    doubt() {
      isFresh = false
    },
  }
}

/**
 * For `net.connect` and what is built on it, in place of its own look-ups: of these each connection makes one, which goes
 * on when the connection is given up.
 *
 * @param patienceMs see {@link HostAddresses.resolve}
 */
export function lookupFor(addresses: HostAddresses, patienceMs: number): LookupFunction {
  return (_name, { all }, callback) => {
    addresses.resolve(patienceMs).then(
      found => {
        const [{ address, family }] = found
        if (all) callback(null, [...found])
        else callback(null, address, family)
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }
}

async function within(host: string, promise: Promise<void>, patienceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((_, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error(`the name servers do not answer for ${host}`), { code: 'ETIMEOUT' }))
    }, patienceMs)
  })
  try {
    await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
