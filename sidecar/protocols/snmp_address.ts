import { lookup as lookupName } from 'node:dns/promises'
import { isIP } from 'node:net'

/** A literal address, never a name: net-snmp would look a name up for each datagram. */
export interface HostAddress {
  readonly address: string
  readonly family: 4 | 6
}

/** Resolves a name; rejects with an error that has a code such as ENOTFOUND. */
export type Lookup = (host: string) => Promise<HostAddress>

/** The address of one host: looked up once and kept, looked up again after a failure. */
export interface AddressOf {
  /**
   * @param patienceMs how long to wait for the name servers; an address known from before is used after it
   * @throws where no address is known: the lookup's error, or one with the code ETIMEOUT
   */
  resolve(patienceMs: number): Promise<HostAddress>
  /** The host did not answer: it may have moved. */
  doubt(): void
}

/** The system's resolver, so that /etc/hosts and its order of address families count. */
export const systemLookup: Lookup = async host => {
  const { address, family } = await lookupName(host)
  return { address, family: family === 6 ? 6 : 4 }
}

/** @param host a name or a literal address; the latter is never looked up */
export function addressOf(host: string, lookup: Lookup): AddressOf {
  const literal = isIP(host)
  if (literal === 4 || literal === 6) {
    const address = { address: host, family: literal } as const
    return { resolve: async () => address, doubt: () => {} }
  }

  let known: HostAddress | undefined
  let isFresh = false
  // At most one lookup at a time: getaddrinfo occupies a thread until the name servers time out.
  let pending: Promise<void> | undefined
  const lookUp = () =>
    lookup(host)
      .then(address => {
        known = address
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
        await within(pending, known === undefined ? patienceMs : patienceMs / 4)
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

async function within(promise: Promise<void>, patienceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((_, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error('the name servers do not answer'), { code: 'ETIMEOUT' }))
    }, patienceMs)
  })
  try {
    await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
