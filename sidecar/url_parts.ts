import { isIPv6 } from 'node:net'

/** An address that cannot be used. The message is a part of a sentence without community, user, key or password. */
export class BadUrl extends Error {
  override name = 'BadUrl'
}

/** The parts that every form shares; the credentials and the path are still percent-encoded. */
export interface Parts {
  /** What stands before the last `@`; undefined where there is none. */
  readonly credentials: string | undefined
  readonly host: string
  readonly port: number | undefined
  /** What follows the first `/` after the host, without it. */
  readonly path: string
}

/**
 * Splits what stands behind `://`: `[credentials@]host[:port][/path]`.
 *
 * The last `@` splits, so that a raw community may hold `@`, `/` and `:`; an OID or a metric name never
 * holds one, but the text in a template `{{ table == value }}` may, so nothing behind `{{` counts.
 */
export function splitParts(rest: string): Parts {
  const template = rest.indexOf('{{')
  const at = (template === -1 ? rest : rest.slice(0, template)).lastIndexOf('@')
  const credentials = at === -1 ? undefined : rest.slice(0, at)
  const place = rest.slice(at + 1)
  const slash = place.indexOf('/')
  const authority = slash === -1 ? place : place.slice(0, slash)
  const path = slash === -1 ? '' : place.slice(slash + 1)
  return { credentials, path, ...splitAuthority(authority) }
}

const AUTHORITY = /^(?:\[(?<address>[^\]]*)\]|(?<name>[^:[\]]*))(?::(?<port>.*))?$/s

function splitAuthority(authority: string): Pick<Parts, 'host' | 'port'> {
  const match = AUTHORITY.exec(authority)?.groups
  if (match === undefined) throw new BadUrl('url must have host or host:port behind //, IPv6 in brackets')
  const port = match.port === undefined ? undefined : parsePort(match.port)
  if (match.address === undefined) return { host: parseHostName(match.name ?? ''), port }
  // RFC 6874 writes the % before a zone as %25; people write it as it is.
  const address = match.address.replace('%25', '%')
  if (!isIPv6(address)) throw new BadUrl('url has brackets around something that is no IPv6 address')
  return { host: address, port }
}

function parseHostName(name: string): string {
  const host = decode(name, 'host')
  if (host === '') throw new BadUrl('url names no host')
  // What DNS, hosts files and IPv4 use and no more: the text goes to a resolver and into messages. The text
  // found is not shown: where the @ is missing or percent-encoded it would be the community.
  if (!/^[\w.-]{1,253}$/.test(host)) {
    throw new BadUrl('url has a host of other characters than letters, digits, dot, hyphen and underscore')
  }
  return host
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new BadUrl('url must have a port from 1 to 65535 behind the host')
  return port
}

/**
 * Undoes percent-encoding; a `+` is a plus.
 *
 * @param what names the text in the error, which never shows it
 */
export function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new BadUrl(`url has a bad % sequence in the ${what}: write %25 for a %, and UTF-8 for all else`)
  }
}

/**
 * Reads `name=value&…`. What is not understood is never shown: with a misplaced `@` or a raw `&` it may be a part of a
 * password or key.
 *
 * @param names that are allowed, each once
 * @param advice ends the error about any other name
 */
export function parseParameters<Name extends string>(
  query: string,
  names: readonly Name[],
  advice = '',
): ReadonlyMap<Name, string> {
  const parameters = new Map<Name, string>()
  if (query === '') return parameters
  for (const part of query.split('&')) {
    const equals = part.indexOf('=')
    const name = names.find(known => known === part.slice(0, Math.max(equals, 0)))
    if (name === undefined) {
      throw new BadUrl(`url takes ${names.join('=, ')}= behind the ?, with & between them${advice}`)
    }
    if (parameters.has(name)) throw new BadUrl(`url has ${name}= twice`)
    parameters.set(name, decode(part.slice(equals + 1), name))
  }
  return parameters
}
