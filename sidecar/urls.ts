import { isIPv6 } from 'node:net'

/** The address in a description: what to ask, of whom, with which credentials. */
export type DeviceUrl = SnmpUrl | PrometheusUrl

/** `snmp://community@host[:port]/oid`, SNMP v2c. */
export interface SnmpUrl {
  readonly protocol: 'snmp'
  /** Name or address; an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
  readonly community: string
  /** Digits and dots, no leading dot. */
  readonly oid: string
}

/** `prometheus://host[:port]/metric-metric`, an exporter's `/metrics` page over HTTP. */
export interface PrometheusUrl {
  readonly protocol: 'prometheus'
  /** Name or address; an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
  /** Sample names to keep; empty: all. */
  readonly metrics: readonly string[]
}

/** An address that cannot be used. The message is a part of a sentence without community, user or password. */
export class BadUrl extends Error {
  override name = 'BadUrl'
}

/** The parts that every form shares; the credentials and the path are still percent-encoded. */
interface Parts {
  /** What stands before the last `@`; undefined where there is none. */
  readonly credentials: string | undefined
  readonly host: string
  readonly port: number | undefined
  /** What follows the first `/` after the host, without it. */
  readonly path: string
}

type Parse = (parts: Parts) => DeviceUrl

const DEFAULT_PORTS: Readonly<Record<DeviceUrl['protocol'], number>> = { snmp: 161, prometheus: 9100 }

/** To add a protocol: its interface in `DeviceUrl`, its port above and its function here. */
const PROTOCOLS: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['snmp', parseSnmp],
  ['prometheus', parsePrometheus],
])

/** Forms of kwollect that are known, so that a user reads "not yet" instead of "unknown". */
const NOT_YET = new Set(['snmpv1', 'snmpv3', 'ipmisensor'])

const SUPPORTED = 'supported: snmp (v2c), prometheus'

/**
 * Reads the `url` of a description.
 *
 * Not through the WHATWG `URL`: its rules for schemes that it does not know keep a raw `@`, `/` or `#` in
 * the community from being read as kwollect 1.0 read it, and they change the case and escapes of the path.
 * A raw `@` belongs to the community (the last one before the path splits).
 *
 * @throws {BadUrl} whose message may be shown anywhere: it holds no part of the credentials
 */
export function parseDeviceUrl(text: string): DeviceUrl {
  const separator = text.indexOf('://')
  const scheme = text.slice(0, Math.max(separator, 0)).toLowerCase()
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) throw new BadUrl(`url must begin with a protocol; ${SUPPORTED}`)
  if (NOT_YET.has(scheme)) throw new BadUrl(`${scheme} is not supported by this version yet; ${SUPPORTED}`)
  const parse = PROTOCOLS.get(scheme)
  // Not by its name: without the protocol in front of it, a community with :// in it would be shown.
  if (parse === undefined) throw new BadUrl(`url has an unknown protocol; ${SUPPORTED}`)
  return parse(splitParts(text.slice(separator + '://'.length)))
}

/** @returns a key that is equal for descriptions answered by the same agent or exporter; holds credentials */
export function hostKey(url: DeviceUrl): string {
  const credentials = url.protocol === 'snmp' ? url.community : ''
  return JSON.stringify([url.protocol, url.host.toLowerCase(), url.port, credentials])
}

/** @returns the host as messages show it: its name, with the port where it is not the protocol's own */
export function hostName(url: DeviceUrl): string {
  if (url.port === DEFAULT_PORTS[url.protocol]) return url.host
  return url.host.includes(':') ? `[${url.host}]:${url.port}` : `${url.host}:${url.port}`
}

function parseSnmp(parts: Parts): SnmpUrl {
  const { credentials, host, path } = parts
  if (credentials === undefined) throw new BadUrl('url must name the community: snmp://community@host/oid')
  const community = decode(credentials, 'community')
  if (community === '') throw new BadUrl('url has an empty community: snmp://community@host/oid')
  const port = parts.port ?? DEFAULT_PORTS.snmp
  return { protocol: 'snmp', host, port, community, oid: parseOid(decode(path, 'OID')) }
}

function parsePrometheus(parts: Parts): PrometheusUrl {
  const { credentials, host, path } = parts
  if (credentials !== undefined) throw new BadUrl('a prometheus url takes no user or password')
  const port = parts.port ?? DEFAULT_PORTS.prometheus
  const metrics = path === '' ? [] : path.split('-').map(parseMetricName)
  return { protocol: 'prometheus', host, port, metrics: [...new Set(metrics)] }
}

/**
 * Splits `[credentials@]host[:port][/path]`.
 *
 * The last `@` splits, so that a raw community may hold `@`, `/` and `:`; an OID or a metric name never
 * holds one, but the text in a template `{{ table == value }}` may, so nothing behind `{{` counts.
 */
function splitParts(rest: string): Parts {
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

/** An OID by number (RFC 2578, 3.5: at most 128 arcs below 2^32; X.660: the first is 0, 1 or 2). */
function parseOid(text: string): string {
  if (text.includes('{{'))
    throw new BadUrl('url has a template {{ }}, which this version does not support yet')
  const digits = text.startsWith('.') ? text.slice(1) : text
  if (digits === '') throw new BadUrl('url names no OID: snmp://community@host/oid')
  if (!/^\d{1,10}(\.\d{1,10}){1,127}$/.test(digits)) {
    throw new BadUrl('url must end in an OID, two or more numbers with dots (1.3.6.1.2.1.1.3.0)')
  }
  const arcs = digits.split('.').map(Number)
  const [first = 0, second = 0] = arcs
  if (first > 2 || (first < 2 && second > 39) || arcs.some(arc => arc > 4_294_967_295)) {
    throw new BadUrl(
      'url has an OID that cannot exist: it begins with 0, 1 or 2, no number passes 4294967295',
    )
  }
  return arcs.join('.')
}

/** A name of the exposition; `%2D` stands for a hyphen in a name. */
function parseMetricName(text: string): string {
  if (!/^[\w:.%]+$/.test(text)) {
    throw new BadUrl('url must end in metric names with - between them (other characters percent-encoded)')
  }
  return decode(text, 'metric name')
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new BadUrl(`url has a bad % sequence in the ${what}: write %25 for a %, and UTF-8 for all else`)
  }
}
