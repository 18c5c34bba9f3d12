import type { UserAccess } from '../snmp_url.ts'
import {
  BadBer,
  type Element,
  element,
  integer,
  readElement,
  readInteger,
  readOid,
  readTagged,
  Tag,
} from './snmp_ber.ts'
import { type Engine, type Keys, keysFor } from './snmp_keys.ts'
import {
  type Answer,
  answerOf,
  type Denial,
  encodePdu,
  orElse,
  type Pdu,
  PduTag,
  type Request,
  readPdu,
} from './snmp_pdu.ts'
import type { Messages } from './snmp_session.ts'

/** msgFlags (RFC 3412, 6.4). */
const AUTH = 1
const PRIV = 2
const REPORTABLE = 4

const USER_SECURITY_MODEL = 3
/** The largest UDP payload over IPv4: as much as an agent may send. */
const LARGEST_MESSAGE = 65_507
/** RFC 3414, 2.2.3. */
const TIME_WINDOW_S = 150

/** The reports of RFC 3414, 5 (usmStats) that no further request can mend, by the last arc but one. */
const DENIALS: Readonly<Record<string, Denial>> = {
  1: 'unsupported level',
  3: 'unknown user',
  5: 'wrong digest',
  6: 'decryption error',
}
const NOT_IN_TIME_WINDOW = '2'
const UNKNOWN_ENGINE_ID = '4'

/** What is known of the agent's engine, and when it was told its time. */
interface KnownEngine {
  readonly id: Buffer
  readonly boots: number
  readonly time: number
  /** Of performance.now(). */
  readonly toldAt: number
  /** Whether a message with a good digest said so; the first word is taken from one without. */
  readonly isProven: boolean
  readonly keys: Keys
}

/**
 * Messages of SNMP v3 with the user-based security model (RFC 3412, RFC 3414).
 *
 * The first request of a session asks for the engine instead (RFC 3414, 4), and so does the first after the
 * agent said that its engine is another. Own code instead of net-snmp's, which lets an answer without a digest
 * pass for that to an authenticated request, and has no DES on any Node since 17.
 */
export function userMessages(access: UserAccess): Messages {
  const cache = new Map<string, Buffer>()
  let engine: KnownEngine | undefined

  return {
    encode: (request, id) =>
      engine === undefined
        ? discovery(id)
        : secured(access, present(engine), engine.keys, encodePdu(request, id, cache), id),
    idOf: datagram => orElse(undefined, () => readHeader(datagram).id),
    read: (datagram, request, sentAt) =>
      orElse({ kind: 'unreadable' }, () => read(datagram, request, sentAt)),
  }

  /** @throws {BadBer} */
  function read(datagram: Buffer, request: Request, sentAt: number): Answer | 'ask again' {
    const message = readMessage(datagram)
    const isGenuine = engine !== undefined && isSigned(message, engine.keys)
    const scoped = plainScopedPdu(message, isGenuine ? engine?.keys.privacy : undefined)
    if (scoped === undefined) return { kind: 'unreadable' }
    const pdu = readScopedPdu(scoped)
    if (pdu.tag === PduTag.Report) return readReport(message.engine, isGenuine, counterOf(scoped, pdu))
    // An answer of a lower level than its request may be anybody's (RFC 3412, 7.2).
    const isOfLevel = (message.flags & (AUTH | PRIV)) === levelOf(access) && (!access.auth || isGenuine)
    if (pdu.tag !== PduTag.Response || !isOfLevel || engine === undefined) return { kind: 'unreadable' }
    // Only now: the time in a message without a good digest is not the engine's.
    if (access.auth && follow(message.engine, engine) === 'old') return { kind: 'unreadable' }
    return answerOf(scoped, pdu, request, sentAt, cache)
  }

  function readReport(told: Engine, isGenuine: boolean, counter: string): Answer | 'ask again' {
    if (counter === UNKNOWN_ENGINE_ID && told.id.length >= 5 && told.id.length <= 32) {
      engine = { ...told, toldAt: performance.now(), isProven: false, keys: keysOf(told.id) }
      return 'ask again'
    }
    if (counter === NOT_IN_TIME_WINDOW) {
      // An engine that forgot how often it booted is behind what it told: it is asked anew who it is.
      if (engine === undefined || !isGenuine || follow(told, engine) !== 'new') engine = undefined
      return 'ask again'
    }
    return { kind: 'silence', cause: DENIALS[counter] ?? 'other report' }
  }

  /** Takes the engine's time from a genuine message (RFC 3414, 3.2, 7b); what is old may be a replay. */
  function follow(told: Engine, former: KnownEngine): 'new' | 'known' | 'old' {
    const isNews =
      !former.isProven ||
      told.boots > former.boots ||
      (told.boots === former.boots && told.time > former.time)
    if (isNews) {
      engine = { ...told, id: former.id, toldAt: performance.now(), isProven: true, keys: former.keys }
      return 'new'
    }
    const { boots, time } = present(former)
    return told.boots === boots && Math.abs(told.time - time) <= TIME_WINDOW_S ? 'known' : 'old'
  }

  function keysOf(id: Buffer): Keys {
    return engine?.id.equals(id) ? engine.keys : keysFor(access, id)
  }
}

function present({ id, boots, time, toldAt }: KnownEngine): Engine {
  return { id, boots, time: Math.min(2 ** 31 - 1, time + Math.floor((performance.now() - toldAt) / 1000)) }
}

function levelOf({ auth, priv }: UserAccess): number {
  return (auth ? AUTH : 0) | (priv ? PRIV : 0)
}

const EMPTY = element(Tag.OctetString)

/** A request without a user and for no engine; the Report that it provokes tells the engine (RFC 3414, 4). */
function discovery(id: number): Buffer {
  const pdu = encodePdu({ kind: 'get', oids: [] }, id, new Map())
  const security = element(Tag.Sequence, EMPTY, integer(0), integer(0), EMPTY, EMPTY, EMPTY)
  return wrapped(id, REPORTABLE, security, element(Tag.Sequence, EMPTY, EMPTY, pdu))
}

function secured(access: UserAccess, engine: Engine, keys: Keys, pdu: Buffer, id: number): Buffer {
  const engineId = element(Tag.OctetString, engine.id)
  const scoped = element(Tag.Sequence, engineId, EMPTY, pdu)
  const hidden = keys.privacy?.encrypt(scoped, engine)
  const security = element(
    Tag.Sequence,
    engineId,
    integer(engine.boots),
    integer(engine.time),
    element(Tag.OctetString, Buffer.from(access.user)),
    element(Tag.OctetString, Buffer.alloc(keys.digestBytes)),
    hidden ? element(Tag.OctetString, hidden.salt) : EMPTY,
  )
  const data = hidden ? element(Tag.OctetString, hidden.encrypted) : scoped
  const message = wrapped(id, REPORTABLE | levelOf(access), security, data)
  // The digest is that of the message with zeros in its place.
  message.set(keys.digest(message), readMessage(message).digest.start)
  return message
}

function wrapped(id: number, flags: number, security: Buffer, data: Buffer): Buffer {
  const header = element(
    Tag.Sequence,
    integer(id),
    integer(LARGEST_MESSAGE),
    element(Tag.OctetString, Buffer.of(flags)),
    integer(USER_SECURITY_MODEL),
  )
  return element(Tag.Sequence, integer(3), header, element(Tag.OctetString, security), data)
}

interface Message {
  readonly bytes: Buffer
  readonly flags: number
  readonly engine: Engine
  readonly digest: Element
  readonly salt: Buffer
  /** The scoped PDU, or an octet string with its encrypted bytes. */
  readonly data: Element & { readonly at: number }
}

/** Also where the message ends too early: so an answer cut short is known to be one. @throws {BadBer} */
function readHeader(bytes: Buffer, end = Number.POSITIVE_INFINITY) {
  const message = readTagged(bytes, 0, end, Tag.Sequence)
  const version = readTagged(bytes, message.start, end, Tag.Integer)
  if (readInteger(bytes, version) !== 3) throw new BadBer('is of another version')
  const header = readTagged(bytes, version.end, end, Tag.Sequence)
  const id = readTagged(bytes, header.start, end, Tag.Integer)
  return { id: readInteger(bytes, id), afterId: id.end, header, message }
}

/** @throws {BadBer} */
function readMessage(bytes: Buffer): Message {
  const { header, afterId, message } = readHeader(bytes, bytes.length)
  const size = readTagged(bytes, afterId, header.end, Tag.Integer)
  const flags = readTagged(bytes, size.end, header.end, Tag.OctetString)
  const envelope = readTagged(bytes, header.end, message.end, Tag.OctetString)
  const security = readTagged(bytes, envelope.start, envelope.end, Tag.Sequence)
  const engineId = readTagged(bytes, security.start, security.end, Tag.OctetString)
  const boots = readTagged(bytes, engineId.end, security.end, Tag.Integer)
  const time = readTagged(bytes, boots.end, security.end, Tag.Integer)
  const user = readTagged(bytes, time.end, security.end, Tag.OctetString)
  const digest = readTagged(bytes, user.end, security.end, Tag.OctetString)
  const salt = readTagged(bytes, digest.end, security.end, Tag.OctetString)
  return {
    bytes,
    flags: bytes[flags.start] ?? 0,
    engine: {
      id: bytes.subarray(engineId.start, engineId.end),
      boots: readCount(bytes, boots),
      time: readCount(bytes, time),
    },
    digest,
    salt: bytes.subarray(salt.start, salt.end),
    data: { ...readElement(bytes, envelope.end, message.end), at: envelope.end },
  }
}

/** Boots and time are integers from 0 to 2^31 - 1. @throws {BadBer} */
function readCount(bytes: Buffer, at: Element): number {
  const count = readInteger(bytes, at)
  if (count < 0 || count >= 2 ** 31) throw new BadBer('has an engine time that cannot be')
  return count
}

function isSigned({ bytes, flags, digest }: Message, keys: Keys): boolean {
  if ((flags & AUTH) === 0 || keys.digestBytes === 0) return false
  const unsigned = Buffer.from(bytes).fill(0, digest.start, digest.end)
  return keys.isGenuine(unsigned, bytes.subarray(digest.start, digest.end))
}

/** @returns undefined where it cannot be decrypted */
function plainScopedPdu({ bytes, flags, data, engine, salt }: Message, privacy: Keys['privacy']) {
  if ((flags & PRIV) === 0) return bytes.subarray(data.at, data.end)
  return privacy?.decrypt(bytes.subarray(data.start, data.end), salt, engine)
}

/** @throws {BadBer} */
function readScopedPdu(bytes: Buffer): Pdu {
  const scoped = readTagged(bytes, 0, bytes.length, Tag.Sequence)
  const engineId = readTagged(bytes, scoped.start, scoped.end, Tag.OctetString)
  const context = readTagged(bytes, engineId.end, scoped.end, Tag.OctetString)
  return readPdu(bytes, context.end, scoped.end)
}

/** @returns the digit of the usmStats counter that a Report shows. @throws {BadBer} */
function counterOf(scoped: Buffer, { list }: Pdu): string {
  const varbind = readTagged(scoped, list.start, list.end, Tag.Sequence)
  const oid = readOid(scoped, readTagged(scoped, varbind.start, varbind.end, Tag.Oid)) ?? ''
  return /^1\.3\.6\.1\.6\.3\.15\.1\.1\.(\d)\.0$/.exec(oid)?.[1] ?? ''
}
