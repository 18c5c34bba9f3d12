import type { Description } from '../../sidecar/descriptions.ts'
import type { PollResult } from '../../sidecar/protocols/protocol.ts'
import { openSnmpHost, type SnmpDependencies } from '../../sidecar/protocols/snmp.ts'
import type { SnmpAgent } from '../../sidecar/protocols/snmp_agent.ts'
import { readElement } from '../../sidecar/protocols/snmp_ber.ts'
import type { RowOid } from '../../sidecar/snmp_url.ts'
import type { Scope } from '../harness/scope.ts'

/** A signal that never stops a poll. */
const running = new AbortController().signal

/** The description of one OID or row; its metric is named after it, or after the row's text. */
export function describe(oid: string | RowOid, changes: Partial<Description> = {}): Description {
  return {
    name: `metric_${typeof oid === 'string' ? oid : oid.text}`,
    deviceId: 'switch-3',
    url: { protocol: 'snmp', host: '127.0.0.1', port: 161, access: { version: 2, community: 'public' }, oid },
    updateEveryMs: 1000,
    scaleFactor: 1,
    labels: {},
    optional: false,
    source: { file: 'switch-3.yml', line: 1, column: 1 },
    ...changes,
  }
}

/** A v2c agent, as its peers give it. */
interface CommunityAgent {
  readonly host: string
  readonly port: number
  readonly community: string
}

/** A host that is closed with the test. */
export function openHost(
  scope: Scope,
  peer: CommunityAgent | SnmpAgent,
  dependencies: Partial<SnmpDependencies> = {},
) {
  const agent =
    'access' in peer ? peer : { ...peer, access: { version: 2, community: peer.community } as const }
  const host = openSnmpHost(agent, { now: () => performance.timeOrigin + performance.now(), ...dependencies })
  scope.teardown(() => host.close())
  return {
    close: () => host.close(),
    read: (oids: readonly (string | RowOid)[], timeoutMs = 5000, signal = running) =>
      host.poll({ descriptions: oids.map(oid => describe(oid)), timeoutMs, signal }),
    poll: (descriptions: readonly Description[]) =>
      host.poll({ descriptions, timeoutMs: 5000, signal: running }),
  }
}

/** Value, or text where the value is none, by OID. */
export function valuesOf(result: PollResult): Record<string, number | string | undefined> {
  return Object.fromEntries(
    result.samples.map(sample => [
      sample.series.metricId.replace('metric_', ''),
      Number.isNaN(sample.value) ? sample.labels?.value_str : sample.value,
    ]),
  )
}

/** The type of a request's PDU: 0xa0 GET, 0xa1 GETNEXT, 0xa5 GETBULK. Of v1 and v2c. */
export function pduTagOf(request: Buffer): number {
  return pduOf(request).tag
}

/**
 * How many requests a poll needed. A copy of a request counts once with it: on a busy machine an answer may take
 * so long that the request is sent again. Of v1 and v2c.
 */
export function countOf(requestsOfPoll: readonly Buffer[]): number {
  const questions = requestsOfPoll.map(request => {
    const id = readElement(request, pduOf(request).start, request.length)
    return request.toString('hex', id.end)
  })
  return new Set(questions).size
}

function pduOf(request: Buffer) {
  const message = readElement(request, 0, request.length)
  const version = readElement(request, message.start, message.end)
  const community = readElement(request, version.end, message.end)
  return readElement(request, community.end, message.end)
}

/** Why descriptions got no value. */
export function reasonsOf(result: PollResult): string[] {
  return result.missing.map(({ reason }) => reason)
}
