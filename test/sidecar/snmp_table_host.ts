import { SYS_UPTIME } from '../../sidecar/protocols/snmp_tables.ts'
import type { RowOid } from '../../sidecar/snmp_url.ts'
import { passSubtree, type Row, type SnmpdOptions, startSnmpd } from '../peers/snmpd.ts'
import { type RelayRules, startRelay } from '../peers/udp_relay.ts'
import { countOf, openHost, pduTagOf } from './snmp_host.ts'

export const names = `${passSubtree}.1`
export const places = `${passSubtree}.2`
export const values = `${passSubtree}.3`

const GET_NEXT = 0xa1
export const GET_BULK = 0xa5

export function byName(text: string, suffix = ''): RowOid {
  return { prefix: values, table: names, text, suffix }
}

/** The columns' own lines are where a walk begins: the agent's script knows the place of its lines only. */
export const table: readonly Row[] = [
  [names, 'integer', '0'],
  [`${names}.5`, 'string', 'ethernet1/1'],
  [`${names}.7`, 'string', ' ethernet1/2 '],
  [`${names}.9.1`, 'string', 'outlet'],
  [`${names}.11`, 'string', 'ethernet1/1'],
  [`${names}.12`, 'integer', '42'],
  [places, 'integer', '0'],
  [`${places}.5`, 'octet', 'de ad 00 ef'],
  [`${values}.5`, 'counter64', '500'],
  [`${values}.7`, 'counter64', '700'],
  [`${values}.9.1.3`, 'counter64', '900'],
  [`${values}.12`, 'counter64', '1200'],
]

/** Without a sysUpTime, which would show a restart where the test's clock leaps. */
export const timeless = {
  passTable: table,
  overrides: [[SYS_UPTIME, 'octet_str', 'unknown']],
} satisfies SnmpdOptions

/** A host behind a relay, and what it asks. */
export async function hostBehind(
  t: Parameters<typeof openHost>[0],
  {
    rules = {},
    options = {},
    version = 2,
  }: { rules?: RelayRules; options?: SnmpdOptions; version?: 1 | 2 } = {},
) {
  const agent = await startSnmpd(t, { passTable: table, ...options })
  const relay = await startRelay(t, agent, rules)
  let now = 0
  const access = { version, community: agent.community }
  const host = openHost(t, { host: '127.0.0.1', port: relay.port, access }, { monotonic: () => now })
  const isOfWalk = (request: Buffer) => [GET_NEXT, GET_BULK].includes(pduTagOf(request))
  let told = 0
  return {
    host,
    pass: (ms: number) => {
      now += ms
    },
    /** How many requests of walks and how many GETs the poll since the last call needed. */
    asked: () => {
      const requests = relay.requests.slice(told)
      told = relay.requests.length
      return {
        walk: countOf(requests.filter(isOfWalk)),
        gets: countOf(requests.filter(request => !isOfWalk(request))),
      }
    },
  }
}

/** An answer whose OIDs that begin so have another last arc there. */
export function withColumn(answer: Buffer, beginning: string, arc: number): Buffer {
  const changed = Buffer.from(answer)
  const column = Buffer.from(beginning, 'hex')
  for (let at = changed.indexOf(column); at !== -1; at = changed.indexOf(column, at + 1)) {
    changed[at + column.length - 1] = arc
  }
  return changed
}
