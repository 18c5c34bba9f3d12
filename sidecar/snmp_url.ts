import { BadUrl, decode, type Parts, parseParameters } from './url_parts.ts'

/** `snmp://community@host[:port]/oid` (v2c), the same with `snmpv1://`, `snmpv3://user@host[:port]/oid?…`. */
export interface SnmpUrl {
  readonly protocol: 'snmp'
  /** Name or address; an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
  readonly access: SnmpAccess
  /** Digits and dots, no leading dot; or an OID with a part that the agent's tables decide. */
  readonly oid: string | RowOid
}

/** How an agent is spoken to, and its secrets. */
export type SnmpAccess = CommunityAccess | UserAccess

/** SNMP v1 and v2c. */
export interface CommunityAccess {
  readonly version: 1 | 2
  readonly community: string
}

/** SNMP v3 (RFC 3414): the level is noAuthNoPriv without `auth`, authNoPriv without `priv`, else authPriv. */
export interface UserAccess {
  readonly version: 3
  readonly user: string
  readonly auth?: { readonly protocol: AuthProtocol; readonly key: string }
  readonly priv?: { readonly protocol: PrivProtocol; readonly key: string }
}

const AUTH_PROTOCOLS = ['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const
/** HMAC-MD5-96 and HMAC-SHA-96 of RFC 3414, the others of RFC 7860. */
export type AuthProtocol = (typeof AUTH_PROTOCOLS)[number]

const PRIV_PROTOCOLS = ['des', 'aes', 'aes256b', 'aes256r'] as const
/** `aes` has 128 bits (RFC 3826); with 256 the key is extended as Blumenthal or Reeder (Cisco) proposed. */
type PrivProtocol = (typeof PRIV_PROTOCOLS)[number]

/**
 * `prefix.{{ table == text }}.suffix`: between prefix and suffix stands the index of the row of `table` whose
 * value is `text`. No part has a dot at its ends; the suffix may be empty.
 */
export interface RowOid {
  readonly prefix: string
  readonly table: string
  readonly text: string
  readonly suffix: string
}

export const SNMP_PORT = 161

/** @param version as net-snmp's tools count them, 2 is v2c */
export function parseCommunityUrl(version: 1 | 2, { credentials, host, port, path }: Parts): SnmpUrl {
  const form = `snmp${version === 1 ? 'v1' : ''}://community@host/oid`
  if (credentials === undefined) throw new BadUrl(`url must name the community: ${form}`)
  const community = decode(credentials, 'community')
  if (community === '') throw new BadUrl(`url has an empty community: ${form}`)
  const access = { version, community }
  return { protocol: 'snmp', host, port: port ?? SNMP_PORT, access, oid: parseOid(path, form) }
}

export function parseUserUrl({ credentials, host, port, path }: Parts): SnmpUrl {
  const form = 'snmpv3://user@host/oid'
  if (credentials === undefined) throw new BadUrl(`url must name the user: ${form}`)
  if (/[@/?]/.test(credentials)) {
    throw new BadUrl('url must have @ / ? of a user or key percent-encoded (%40 %2F %3F)')
  }
  const user = decode(credentials, 'user')
  if (user === '' || Buffer.byteLength(user) > 32) throw new BadUrl('url must have a user of 1 to 32 bytes')
  // A question mark in a template belongs to its text.
  const question = path.indexOf('?', path.lastIndexOf('}}') + 1)
  const query = question === -1 ? '' : path.slice(question + 1)
  const oid = parseOid(question === -1 ? path : path.slice(0, question), form)
  return {
    protocol: 'snmp',
    host,
    port: port ?? SNMP_PORT,
    access: parseLevel(user, parseParameters(query, PARAMETERS)),
    oid,
  }
}

const PARAMETERS = ['level', 'auth', 'authkey', 'priv', 'privkey'] as const
type Parameter = (typeof PARAMETERS)[number]

/** The level may be left out, it follows from what is given; where it stands, what is given must fit. */
function parseLevel(user: string, parameters: ReadonlyMap<Parameter, string>): UserAccess {
  const given = (names: readonly Parameter[]) => names.some(name => parameters.has(name))
  const wants = given(['priv', 'privkey'])
    ? 'authPriv'
    : given(['auth', 'authkey'])
      ? 'authNoPriv'
      : 'noAuthNoPriv'
  const level = parameters.get('level') ?? wants
  if (!['noAuthNoPriv', 'authNoPriv', 'authPriv'].includes(level)) {
    throw new BadUrl('url must have a level of noAuthNoPriv, authNoPriv or authPriv')
  }
  if (level === 'noAuthNoPriv') {
    if (wants !== level) throw new BadUrl('url has keys, which level=noAuthNoPriv does not use')
    return { version: 3, user }
  }
  const auth = parseKey('auth', AUTH_PROTOCOLS, level, parameters)
  if (level === 'authNoPriv') {
    if (wants === 'authPriv') throw new BadUrl('url has priv, which level=authNoPriv does not use')
    return { version: 3, user, auth }
  }
  return { version: 3, user, auth, priv: parseKey('priv', PRIV_PROTOCOLS, level, parameters) }
}

function parseKey<Protocol extends string>(
  name: 'auth' | 'priv',
  protocols: readonly Protocol[],
  level: string,
  parameters: ReadonlyMap<Parameter, string>,
): { protocol: Protocol; key: string } {
  const protocol = protocols.find(known => known === parameters.get(name)?.toLowerCase())
  const key = parameters.get(`${name}key`)
  if (!parameters.has(name) || key === undefined) {
    throw new BadUrl(`url must have ${name}= and ${name}key= for level ${level}`)
  }
  if (protocol === undefined) throw new BadUrl(`url must have one of ${name}=${protocols.join(', ')}`)
  // RFC 3414, 11.2; agents do not accept shorter ones either.
  if (Buffer.byteLength(key) < 8) throw new BadUrl(`url must have ${name}key= with 8 characters or more`)
  return { protocol, key }
}

const TEMPLATE = /^(?<prefix>[^{}]*)\{\{(?<inside>.*)\}\}(?<suffix>[^{}]*)$/s

function parseOid(path: string, form: string): string | RowOid {
  if (!/\{\{|\}\}/.test(path)) {
    const oid = decode(path, 'OID').replace(/^\./, '')
    if (oid === '') throw new BadUrl(`url names no OID: ${form}`)
    return parseArcs(oid, 'url must end in an OID, two or more numbers with dots (1.3.6.1.2.1.1.3.0)')
  }
  const parts = TEMPLATE.exec(path)?.groups
  const inside = /^(?<table>[^=]*)==(?<text>.*)$/s.exec(parts?.inside ?? '')?.groups
  if (parts === undefined || inside === undefined || /\{\{|\}\}/.test(parts.inside ?? '')) {
    throw new BadUrl('url must have one template of the form {{ table == text }} in the OID')
  }
  const text = unquote(decode(inside.text ?? '', 'template').trim()).trim()
  if (text === '') throw new BadUrl('url has a template {{ table == text }} without a text')
  const prefix = /^\.?(.*)\.$/s.exec(decode(parts.prefix ?? '', 'OID'))?.[1] ?? ''
  const suffix = decode(parts.suffix ?? '', 'OID')
  const dots = 'url must have an OID with a dot before its template {{ }}, and with a dot behind it to go on'
  if (suffix !== '' && !/^(?:\.\d{1,10})+$/.test(suffix)) throw new BadUrl(dots)
  parseArcs(`${prefix}${suffix}`, dots)
  const table = decode(inside.table ?? '', 'template')
    .trim()
    .replace(/^\./, '')
  const tableOid = parseArcs(
    table,
    'url must have the OID of a table column in its template {{ table == text }}',
  )
  return { prefix: parseArcs(prefix, dots), table: tableOid, text, suffix: suffix.slice(1) }
}

/** Blanks around the text do not count; one pair of quotes around it is taken off, as in `== "Port 1"`. */
function unquote(text: string): string {
  return /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text
}

/** An OID by number (RFC 2578, 3.5: at most 128 arcs below 2^32; X.660: the first is 0, 1 or 2). */
function parseArcs(digits: string, mistake: string): string {
  if (!/^\d{1,10}(\.\d{1,10}){1,127}$/.test(digits)) throw new BadUrl(mistake)
  const arcs = digits.split('.').map(Number)
  const [first = 0, second = 0] = arcs
  if (first > 2 || (first < 2 && second > 39) || arcs.some(arc => arc > 4_294_967_295)) {
    throw new BadUrl(
      'url has an OID that cannot exist: it begins with 0, 1 or 2, no number passes 4294967295',
    )
  }
  return arcs.join('.')
}
