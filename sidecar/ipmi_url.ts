import { BadUrl, decode, type Parts, parseParameters } from './url_parts.ts'

/** `ipmisensor://user:password@host[:port]/sensor?…`, a sensor of a BMC by IPMI over LAN. */
export interface IpmiUrl {
  readonly protocol: 'ipmisensor'
  /** Name or address; an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
  readonly access: IpmiAccess
  /** The record id where it is a number, else the sensor's name. */
  readonly sensor: number | string
}

/** How a BMC is spoken to, and its secrets. */
export interface IpmiAccess {
  /** Empty: the anonymous user. */
  readonly user: string
  readonly password: string
  /** `LAN` is IPMI 1.5, `LAN_2_0` is IPMI 2.0. */
  readonly driver: Driver
  /** Undefined, as the next two: what the site's freeipmi.conf says, else USER, which may read all sensors. */
  readonly privilege: Privilege | undefined
  /** Cipher suite id of IPMI 2.0; FreeIPMI's default is 3. */
  readonly cipher: number | undefined
  /** FreeIPMI's names of workarounds, as in ipmi-sensors(8). */
  readonly workarounds: readonly string[] | undefined
}

const DRIVERS = ['LAN_2_0', 'LAN'] as const
type Driver = (typeof DRIVERS)[number]

const PRIVILEGES = ['USER', 'OPERATOR', 'ADMIN'] as const
type Privilege = (typeof PRIVILEGES)[number]

const PARAMETERS = ['driver', 'privilege', 'cipher', 'workaround'] as const
type Parameter = (typeof PARAMETERS)[number]

export const IPMI_PORT = 623

const FORM = 'ipmisensor://user:password@host/id'

/**
 * A password may hold any raw character but a percent sign, a user no colon. A name of digits alone cannot be
 * told from a record id and is one.
 */
export function parseIpmiUrl({ credentials, host, port, path }: Parts): IpmiUrl {
  const colon = credentials?.indexOf(':') ?? -1
  if (credentials === undefined || colon === -1) {
    throw new BadUrl(`url must name user and password: ${FORM}`)
  }
  // FreeIPMI takes a % behind an address for a part of a name, and finds none.
  if (host.includes('%')) throw new BadUrl('url has an IPv6 zone, which ipmi-sensors cannot use')
  const question = path.indexOf('?')
  const sensor = parseSensor(question === -1 ? path : path.slice(0, question))
  const query = question === -1 ? '' : path.slice(question + 1)
  const parameters = parseParameters(query, PARAMETERS, '; a ? in a name is %3F')
  const driver = choose('driver', DRIVERS, parameters) ?? 'LAN_2_0'
  const access = {
    user: parseSecret(credentials.slice(0, colon), 'user', 16),
    // The sizes of the IPMI 2.0 specification, 22.30.
    password: parseSecret(credentials.slice(colon + 1), 'password', driver === 'LAN' ? 16 : 20),
    driver,
    privilege: choose('privilege', PRIVILEGES, parameters),
    cipher: parseCipher(parameters.get('cipher')),
    workarounds: parseWorkarounds(parameters.get('workaround')),
  }
  return { protocol: 'ipmisensor', host, port: port ?? IPMI_PORT, access, sensor }
}

function parseSensor(text: string): number | string {
  const sensor = decode(text, 'sensor')
  if (sensor === '') throw new BadUrl(`url names no sensor: ${FORM}`)
  if (!/^\d+$/.test(sensor)) return sensor
  const id = Number(sensor)
  if (id > 65_535) throw new BadUrl('url must have a record id of 65535 or less')
  return id
}

function parseSecret(text: string, what: 'user' | 'password', longest: number): string {
  const secret = decode(text, what)
  // It goes into a line of a file for ipmi-sensors, which has a way to write all but these.
  if (/[\0\r\n]/.test(secret)) throw new BadUrl(`url has a ${what} with a NUL or the end of a line in it`)
  if (Buffer.byteLength(secret) > longest) {
    throw new BadUrl(`url has a ${what} of more than ${longest} bytes, which IPMI cannot have`)
  }
  return secret
}

function choose<Choice extends string>(
  name: Parameter,
  choices: readonly Choice[],
  parameters: ReadonlyMap<Parameter, string>,
): Choice | undefined {
  const text = parameters.get(name)
  if (text === undefined) return undefined
  const choice = choices.find(known => known === text.toUpperCase())
  if (choice === undefined) throw new BadUrl(`url must have one of ${name}=${choices.join(', ')}`)
  return choice
}

function parseCipher(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,3}$/.test(text)) throw new BadUrl('url must have a number in cipher=')
  return Number(text)
}

function parseWorkarounds(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  if (!/^\w+(,\w+)*$/.test(text))
    throw new BadUrl('url must have names with commas between them in workaround=')
  return text.split(',')
}
