import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lastLines, startChild, stopChild } from '../../scripts/stack/child.ts'
import { freeUdpPort } from '../../scripts/stack/free_port.ts'
import { findProgram } from '../../scripts/stack/programs.ts'
import { unprivilegedUser } from '../../scripts/stack/unprivileged.ts'
import { until } from '../../scripts/stack/until.ts'
import { temporaryFolder } from '../harness/folders.ts'
import type { Scope } from '../harness/scope.ts'
import { answers, loopbackAddresses } from './snmp_agents.ts'

const snmpsimd = findProgram('snmpsimd')

/** Why tests against a real snmpsim cannot run here; undefined where they can. */
export const snmpsimMissing =
  snmpsimd === undefined ? 'snmpsimd is not installed (package snmpsim)' : undefined

/**
 * A line of a .snmprec file. Tags: 2 integer, 4 string, 4x hex, 6 OID, 64 IP address, 65 counter, 66 gauge,
 * 67 time ticks, 68x opaque in hex, 70 counter64; `2:delay` with `value=7,wait=300` answers late,
 * `2:error` with `op=get,status=genError,value=1` spoils the request.
 */
export type SnmpRecord = readonly [oid: string, tag: string, value: string]

/** A running simulator; a late answer holds up all its communities. */
export interface Snmpsim {
  readonly host: string
  readonly port: number
}

/**
 * Starts Debian's snmpsim (0.4.5) on a free loopback port, as an ordinary user where this process is root.
 * It answers when this returns and ends with the scope.
 *
 * @param communities a device each, with its records
 */
export async function startSnmpsim(
  scope: Scope,
  communities: Readonly<Record<string, readonly SnmpRecord[]>>,
): Promise<Snmpsim> {
  if (snmpsimd === undefined) throw new Error(snmpsimMissing)
  const user = unprivilegedUser('snmpsim')
  const folder = temporaryFolder(scope, 0o755)
  const data = join(folder, 'data')
  const cache = join(folder, 'cache')
  mkdirSync(data)
  mkdirSync(cache)
  if (user) chownSync(cache, user.uid, user.gid)
  for (const [community, records] of Object.entries({ ...communities, ready: readyRecords })) {
    const file = join(data, `${community}.snmprec`)
    writeFileSync(file, recordFile(records))
    chmodSync(file, 0o644)
  }

  const [host = ''] = loopbackAddresses(1)
  const port = await freeUdpPort()
  const child = await startChild({
    name: 'snmpsimd',
    command: snmpsimd,
    args: [
      '--v2c-arch',
      `--data-dir=${data}`,
      `--cache-dir=${cache}`,
      `--agent-udpv4-endpoint=${host}:${port}`,
      '--logging-method=null',
    ],
    // It reads ~/.snmpsim and ends with a KeyError where HOME is not set.
    environment: { HOME: cache },
    logFile: join(folder, 'log'),
    user,
  })
  scope.teardown(() => stopChild(child))
  await until(
    `an answer of snmpsimd on ${host}:${port}`,
    () => {
      if (child.ending() !== undefined) throw new Error(`snmpsimd ended:\n${lastLines(child.logFile)}`)
      return answers({ host, port, community: 'ready' }, '1.3.6.1.2.1.1.3.0')
    },
    20_000,
  )
  return { host, port }
}

const readyRecords: readonly SnmpRecord[] = [['1.3.6.1.2.1.1.3.0', '67', '1']]

/** snmpsim searches its files by bisection, so they must be in the order of OIDs. */
function recordFile(records: readonly SnmpRecord[]): string {
  const sorted = records.toSorted(([left], [right]) => compareOids(left, right))
  return sorted.map(fields => `${fields.join('|')}\n`).join('')
}

function compareOids(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true })
}
