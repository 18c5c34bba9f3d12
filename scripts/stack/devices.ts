import { chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Child, lastLines, startChild } from './child.ts'
import { freePort, freeUdpPort } from './free_port.ts'
import { findProgram, ProgramMissing } from './programs.ts'
import { writePrivateFile } from './secret_file.ts'
import { type SystemUser, unprivilegedUser } from './unprivileged.ts'
import { until } from './until.ts'

/** Where the devices of the embedded stack live and write. */
export interface DeviceFolders {
  readonly configuration: string
  readonly log: string
  /** Gets the descriptions for kwollector. */
  readonly metrics: string
}

/** What a device told about itself once it runs. */
export interface Device {
  readonly child: Child
  /** For the printed step: "2 agents on UDP ports 127.0.0.1:40001 and 40002". */
  readonly summary: string
}

type OnStart = (child: Child) => void

/** What draws power from the PDU: each is a device of its own, measured at its outlet. */
export const demoNodes = ['node-1', 'node-2', 'node-3', 'node-4'] as const

const outletPowers = '1.3.6.1.4.1.318.1.1.26.9.4.3.1.7'

/**
 * Without it the agent answers the network as `private` does; with it only this machine, to this community. The power
 * distribution unit has the OIDs of APC's PowerNet-MIB: rPDU2OutletMeteredStatusPower and rPDUIdentDevicePowerWatts from
 * pdu.sh, rPDU2SensorTempHumidityStatusTempC (tenths of a degree), rPDUIdentSerialNumber.
 */
const agentConfiguration = (pduScript: string) => `\
rocommunity public 127.0.0.1
sysName this-host
sysLocation the embedded stack of kwollect
sysContact nobody
dontLogTCPWrappersConnects yes

pass_persist .${outletPowers} /bin/sh ${pduScript}
pass_persist .1.3.6.1.4.1.318.1.1.12.1.16 /bin/sh ${pduScript}
override 1.3.6.1.4.1.318.1.1.26.10.2.2.1.8.1 integer 235
override 1.3.6.1.4.1.318.1.1.12.1.6.0 octet_str "ZA0000000001"
`

/** Starts a real snmpd that is two devices at once, this host and a PDU, and writes their descriptions. */
export async function startAgents(
  folders: DeviceFolders,
  onStart: OnStart,
  signal: AbortSignal,
): Promise<Device> {
  const user = unprivilegedUser('Debian-snmp')
  const persistent = ownFolder(join(folders.configuration, 'snmpd'), user)
  const configurationFile = join(folders.configuration, 'snmpd.conf')
  // A copy beside it: the repository may be closed to the agent's user.
  const pduScript = join(folders.configuration, 'pdu.sh')
  copyFileSync(join(import.meta.dirname, 'pdu.sh'), pduScript)
  writeFileSync(configurationFile, agentConfiguration(pduScript))
  const [hostPort, pduPort] = [await freeUdpPort(), await freeUdpPort()]
  const child = await startChild({
    name: 'snmpd',
    command: program('snmpd'),
    // Two addresses as arguments: in snmpd.conf a second one is cut. No SMUX and no DisMan: they want root.
    args: [
      ...['-f', '-Lo', '-C', '-c', configurationFile, '-I', '-smux,mteTrigger,mteTriggerConf'],
      `udp:127.0.0.1:${hostPort}`,
      `udp:127.0.0.1:${pduPort}`,
    ],
    environment: { SNMP_PERSISTENT_DIR: persistent, MIBS: '' },
    logFile: join(folders.log, 'snmpd.log'),
    folder: persistent,
    user,
  })
  onStart(child)
  await untilUp(child, () => lastLines(child.logFile).includes('NET-SNMP version'), signal)
  writeDescriptions(folders, 'this-host-snmp', agentDescriptions(`public@127.0.0.1:${hostPort}`))
  writeDescriptions(folders, 'pdu-1', pduDescriptions(`public@127.0.0.1:${pduPort}`))
  return { child, summary: `this-host and pdu-1 on UDP ports ${hostPort} and ${pduPort} of 127.0.0.1` }
}

/** Starts a real prometheus-node-exporter and writes its description. */
export async function startExporter(
  folders: DeviceFolders,
  onStart: OnStart,
  signal: AbortSignal,
): Promise<Device> {
  const port = await freePort()
  const child = await startChild({
    name: 'prometheus-node-exporter',
    command: program('prometheus-node-exporter'),
    args: [`--web.listen-address=127.0.0.1:${port}`],
    logFile: join(folders.log, 'node-exporter.log'),
    folder: folders.configuration,
    user: unprivilegedUser('prometheus'),
  })
  onStart(child)
  const url = `http://127.0.0.1:${port}/metrics`
  const answers = async () => {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
      await response.body?.cancel()
      return response.ok
    } catch {
      return false
    }
  }
  await untilUp(child, answers, signal)
  writeDescriptions(folders, 'this-host-exporter', [exporterDescription(`127.0.0.1:${port}`)])
  return { child, summary: `this-host on ${url}` }
}

/** SNMPv2-MIB sysUpTime (centiseconds), IF-MIB ifHCInOctets and ifHCOutOctets of lo, UCD-SNMP-MIB laLoadFloat. */
function agentDescriptions(agent: string): object[] {
  const describe = (name: string, oid: string, more: object) => ({
    name,
    device_id: 'this-host',
    url: `snmp://${agent}/${oid}`,
    ...more,
  })
  return [
    describe('uptime_seconds', '1.3.6.1.2.1.1.3.0', { update_every: 1000, scale_factor: 0.01 }),
    describe('load_average', '1.3.6.1.4.1.2021.10.1.6.1', { update_every: 2000, labels: { minutes: '1' } }),
    describe('network_in_bytes_total', '1.3.6.1.2.1.31.1.1.1.6.1', {
      update_every: 2000,
      labels: { interface: 'lo' },
    }),
    describe('network_out_bytes_total', '1.3.6.1.2.1.31.1.1.1.10.1', {
      update_every: 2000,
      labels: { interface: 'lo' },
    }),
  ]
}

function pduDescriptions(agent: string): object[] {
  const describe = (name: string, oid: string, more: object) => ({
    name,
    device_id: 'pdu-1',
    url: `snmp://${agent}/${oid}`,
    ...more,
  })
  return [
    describe('power_watt', '1.3.6.1.4.1.318.1.1.12.1.16.0', { update_every: 1000 }),
    ...demoNodes.map((node, index) =>
      describe('power_watt', `${outletPowers}.${index + 1}`, { device_id: node, update_every: 1000 }),
    ),
    describe('temperature_celsius', '1.3.6.1.4.1.318.1.1.26.10.2.2.1.8.1', {
      update_every: 5000,
      scale_factor: 0.1,
    }),
    describe('serial_number', '1.3.6.1.4.1.318.1.1.12.1.6.0', { update_every: 5000 }),
  ]
}

function exporterDescription(address: string): object {
  const metrics = [
    'node_load1',
    'node_memory_MemAvailable_bytes',
    'node_cpu_seconds_total',
    'node_network_receive_bytes_total',
  ]
  return {
    name: 'node_exporter',
    device_id: 'this-host',
    url: `prometheus://${address}/${metrics.join('-')}`,
    update_every: 2000,
  }
}

function writeDescriptions(folders: DeviceFolders, name: string, descriptions: readonly object[]): void {
  const comment =
    '# Written anew by each npm start. For devices of your own: npm start -- --metrics_dir DIR\n'
  writePrivateFile(join(folders.metrics, `${name}.yaml`), comment + stringify(descriptions))
}

async function untilUp(
  child: Child,
  isUp: () => boolean | Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  await until(`the start of ${child.name}`, () => child.ending() !== undefined || isUp(), 15_000, signal)
  if (child.ending() === undefined) return
  throw new Error(`${child.name} did not start (${child.ending()}):\n${lastLines(child.logFile)}`)
}

function ownFolder(folder: string, user: SystemUser | undefined): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (user) chownSync(folder, user.uid, user.gid)
  return folder
}

function program(name: string): string {
  const path = findProgram(name)
  if (path) return path
  throw new ProgramMissing(`${name} is not installed: run scripts/bootstrap`)
}
