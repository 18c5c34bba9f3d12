import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, lastLines, startChild, stopChild } from '../../scripts/stack/child.ts'
import { freeUdpPort } from '../../scripts/stack/free_port.ts'
import { findProgram } from '../../scripts/stack/programs.ts'
import { unprivilegedUser } from '../../scripts/stack/unprivileged.ts'
import { until } from '../../scripts/stack/until.ts'
import { temporaryFolder } from '../harness/folders.ts'
import type { Scope } from '../harness/scope.ts'
import { answers, loopbackAddresses } from './snmp_agents.ts'

const snmpd = findProgram('snmpd')

/** Why tests against a real snmpd cannot run here; undefined where they can. */
export const snmpdMissing = snmpd === undefined ? 'snmpd is not installed (package snmpd)' : undefined

/** Where the rows of a {@link SnmpdOptions.passTable} are served. */
export const passSubtree = '1.3.6.1.4.1.99999.2'

export interface SnmpdOptions {
  /** How many loopback addresses the one process listens on, each a device of its own to the sidecar; 1. */
  readonly addresses?: number
  /** Where an agent that ended had listened, to start one there again. */
  readonly at?: Pick<Snmpd, 'hosts' | 'port'>
  readonly community?: string
  /** Fixed values: OID without leading dot, snmpd's type word, value; `['1.3.6.1.4.1.99999.1.1.0', 'integer', '182']`. */
  readonly overrides?: readonly Row[]
  /** Rows below {@link passSubtree}, in walking order, for types that an override cannot have (counter64, opaque). */
  readonly passTable?: readonly Row[]
  /** Further lines of snmpd.conf(5). */
  readonly configuration?: readonly string[]
}

export type Row = readonly [oid: string, type: string, value: string]

/** A running snmpd. */
export interface Snmpd {
  /** One per address asked for; all on {@link Snmpd.port}. */
  readonly hosts: readonly string[]
  /** The first of {@link Snmpd.hosts}. */
  readonly host: string
  readonly port: number
  readonly community: string
  signal(name: NodeJS.Signals): void
  stop(): Promise<void>
}

/**
 * Starts Net-SNMP's real agent on free loopback ports, as an ordinary user where this process is root.
 * It answers when this returns and ends with the scope.
 */
export async function startSnmpd(scope: Scope, options: SnmpdOptions = {}): Promise<Snmpd> {
  if (snmpd === undefined) throw new Error(snmpdMissing)
  const { addresses = 1, community = 'public' } = options
  const user = unprivilegedUser('Debian-snmp')
  const folder = temporaryFolder(scope, 0o755)
  const persistent = join(folder, 'persistent')
  mkdirSync(persistent)
  if (user) chownSync(persistent, user.uid, user.gid)
  const configuration = join(folder, 'snmpd.conf')
  writeFileSync(configuration, snmpdConf(folder, community, options))
  chmodSync(configuration, 0o644)

  const hosts = options.at?.hosts ?? loopbackAddresses(addresses)
  const [host = ''] = hosts
  const port = options.at?.port ?? (await freeUdpPort())
  const child = await startChild({
    name: 'snmpd',
    command: snmpd,
    // Addresses are arguments because agentAddress in the file cuts a long list in the middle of a word.
    args: [
      '-f',
      '-Lo',
      '-C',
      '-c',
      configuration,
      '-I',
      '-smux',
      ...hosts.map(host => `udp:${host}:${port}`),
    ],
    environment: { SNMP_PERSISTENT_DIR: persistent, MIBS: '' },
    logFile: join(folder, 'log'),
    user,
  })
  const stop = () => stopSuspended(child)
  scope.teardown(stop)
  await until(`an answer of snmpd on ${host}:${port}`, () => {
    if (child.ending() !== undefined) throw new Error(`snmpd ended:\n${lastLines(child.logFile)}`)
    return answers({ host, port, community }, '1.3.6.1.2.1.1.3.0')
  })
  return { hosts, host, port, community, signal: child.signal, stop }
}

/** A process that a test left stopped (SIGSTOP) does not hear SIGTERM. */
async function stopSuspended(child: Child): Promise<void> {
  if (child.ending() === undefined) child.signal('SIGCONT')
  await stopChild(child)
}

function snmpdConf(folder: string, community: string, options: SnmpdOptions): string {
  const { overrides = [], passTable = [], configuration = [] } = options
  const lines = [
    // The whole loopback net: the kernel chooses the source address of what the sidecar sends.
    `rocommunity ${community} 127.0.0.0/8`,
    'dontLogTCPWrappersConnects yes',
    ...overrides.map(
      ([oid, type, value]) => `override ${oid} ${type} ${type === 'octet_str' ? `"${value}"` : value}`,
    ),
    ...configuration,
  ]
  if (passTable.length > 0) {
    const table = join(folder, 'pass.table')
    writeFileSync(table, passTable.map(([oid, type, value]) => `.${oid}|${type}|${value}\n`).join(''))
    // A copy: the agent's user may be unable to enter this folder (a clone below /root).
    const script = join(folder, 'pass_persist.sh')
    copyFileSync(join(import.meta.dirname, 'pass_persist.sh'), script)
    for (const path of [table, script]) chmodSync(path, 0o644)
    lines.push(`pass_persist .${passSubtree} /bin/sh ${script} ${table}`)
  }
  return `${lines.join('\n')}\n`
}
