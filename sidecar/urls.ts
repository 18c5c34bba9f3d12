import { createHash } from 'node:crypto'
import { IPMI_PORT, type IpmiUrl, parseIpmiUrl } from './ipmi_url.ts'
import { parseCommunityUrl, parseUserUrl, SNMP_PORT, type SnmpUrl } from './snmp_url.ts'
import { BadUrl, decode, type Parts, splitParts } from './url_parts.ts'

/** The address in a description: what to ask, of whom, with which credentials. */
export type DeviceUrl = SnmpUrl | IpmiUrl | PrometheusUrl

/** `prometheus://host[:port]/metric-metric`, an exporter's `/metrics` page over HTTP. */
export interface PrometheusUrl {
  readonly protocol: 'prometheus'
  /** Name or address; an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
  /** Sample names to keep; empty: all. */
  readonly metrics: readonly string[]
}

type Parse = (parts: Parts) => DeviceUrl

const DEFAULT_PORTS: Readonly<Record<DeviceUrl['protocol'], number>> = {
  snmp: SNMP_PORT,
  ipmisensor: IPMI_PORT,
  prometheus: 9100,
}

/** To add a protocol: its interface in `DeviceUrl`, its port above and its function here. */
const PROTOCOLS: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['snmp', parts => parseCommunityUrl(2, parts)],
  ['snmpv1', parts => parseCommunityUrl(1, parts)],
  ['snmpv3', parseUserUrl],
  ['ipmisensor', parseIpmiUrl],
  ['prometheus', parsePrometheus],
])

const SUPPORTED = 'supported: snmp (v2c), snmpv1, snmpv3, ipmisensor, prometheus'

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
  const parse = PROTOCOLS.get(scheme)
  // Not by its name: without the protocol in front of it, a community with :// in it would be shown.
  if (parse === undefined) throw new BadUrl(`url has an unknown protocol; ${SUPPORTED}`)
  return parse(splitParts(text.slice(separator + '://'.length)))
}

/** @returns a key that is equal for descriptions answered by the same agent or exporter; holds credentials */
export function hostKey(url: DeviceUrl): string {
  const credentials = url.protocol === 'prometheus' ? '' : url.access
  return JSON.stringify([url.protocol, url.host.toLowerCase(), url.port, credentials])
}

/** Among how many moments of a period the BMCs of one access are spread. */
const IPMI_MOMENTS = 16

/**
 * @returns a key that decides when in a period a host is due; holds credentials. A host has its own, but BMCs
 *   of one access share a few, because one process of ipmi-sensors serves all that are due at the same moment
 */
export function phaseKey(url: DeviceUrl): string {
  if (url.protocol !== 'ipmisensor') return hostKey(url)
  const moment = createHash('sha256').update(hostKey(url)).digest().readUInt32BE() % IPMI_MOMENTS
  return JSON.stringify([url.protocol, url.access, moment])
}

/** @returns the host as messages show it: its name, with the port where it is not the protocol's own */
export function hostName(url: DeviceUrl): string {
  if (url.port === DEFAULT_PORTS[url.protocol]) return url.host
  return url.host.includes(':') ? `[${url.host}]:${url.port}` : `${url.host}:${url.port}`
}

function parsePrometheus(parts: Parts): PrometheusUrl {
  const { credentials, host, path } = parts
  if (credentials !== undefined) throw new BadUrl('a prometheus url takes no user or password')
  const port = parts.port ?? DEFAULT_PORTS.prometheus
  const metrics = path === '' ? [] : path.split('-').map(parseMetricName)
  return { protocol: 'prometheus', host, port, metrics: [...new Set(metrics)] }
}

/** A name of the exposition; `%2D` stands for a hyphen in a name. */
function parseMetricName(text: string): string {
  if (!/^[\w:.%]+$/.test(text)) {
    throw new BadUrl('url must end in metric names with - between them (other characters percent-encoded)')
  }
  return decode(text, 'metric name')
}
