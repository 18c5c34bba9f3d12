import type { CommunityAccess } from '../snmp_url.ts'
import { element, integer, readElement, readInteger, readTagged, Tag } from './snmp_ber.ts'
import { type Answer, answerOf, encodePdu, orElse, PduTag, type Request, readPdu } from './snmp_pdu.ts'
import type { Messages } from './snmp_session.ts'

/** Messages of SNMP v1 and v2c (RFC 1157, RFC 1901): SEQUENCE { version, community, PDU }. */
export function communityMessages({ version, community }: CommunityAccess): Messages {
  // On the wire v1 is 0 and v2c is 1.
  const wireVersion = version - 1
  const secret = Buffer.from(community)
  const head = Buffer.concat([integer(wireVersion), element(Tag.OctetString, secret)])
  const cache = new Map<string, Buffer>()

  return {
    encode: (request, id) => {
      // GETBULK came with v2c.
      const asked = version === 1 && request.kind === 'next' ? { ...request, rows: 1 } : request
      return element(Tag.Sequence, head, encodePdu(asked, id, cache))
    },
    idOf: datagram => orElse(undefined, () => readRequestId(datagram, wireVersion)),
    read: (datagram, request, sentAt) =>
      orElse({ kind: 'unreadable' }, () => readAnswer(datagram, request, sentAt)),
  }

  /** @throws {BadBer} */
  function readAnswer(datagram: Buffer, request: Request, sentAt: number): Answer {
    const message = readTagged(datagram, 0, datagram.length, Tag.Sequence)
    const version = readTagged(datagram, message.start, message.end, Tag.Integer)
    const sender = readTagged(datagram, version.end, message.end, Tag.OctetString)
    if (datagram.compare(secret, 0, secret.length, sender.start, sender.end) !== 0)
      return { kind: 'unreadable' }
    return answerOf(datagram, readPdu(datagram, sender.end, message.end), request, sentAt, cache)
  }
}

/**
 * The request id of a Response of the given version, also where it ends too early: so an answer cut short is
 * known to be one. @throws {BadBer}
 */
function readRequestId(datagram: Buffer, wireVersion: number): number | undefined {
  const end = Number.POSITIVE_INFINITY
  const message = readTagged(datagram, 0, end, Tag.Sequence)
  const version = readTagged(datagram, message.start, end, Tag.Integer)
  if (readInteger(datagram, version) !== wireVersion) return undefined
  const community = readTagged(datagram, version.end, end, Tag.OctetString)
  const pdu = readElement(datagram, community.end, end)
  if (pdu.tag !== PduTag.Response) return undefined
  return readInteger(datagram, readTagged(datagram, pdu.start, end, Tag.Integer))
}
