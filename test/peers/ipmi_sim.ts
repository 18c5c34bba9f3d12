import { createSocket } from 'node:dgram'
import { chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, lastLines, startChild, stopChild } from '../../scripts/stack/child.ts'
import { freeUdpPort } from '../../scripts/stack/free_port.ts'
import { findProgram } from '../../scripts/stack/programs.ts'
import { type SystemUser, unprivilegedUser } from '../../scripts/stack/unprivileged.ts'
import { until } from '../../scripts/stack/until.ts'
import { temporaryFolder } from '../harness/folders.ts'
import type { Scope } from '../harness/scope.ts'
import { emulatorCommands, type SimulatedSensor, usualSensors } from './ipmi_records.ts'
import { loopbackAddresses } from './snmp_agents.ts'

const simulator = findProgram('ipmi_sim')

/** Why tests against real BMC simulators cannot run here; undefined where they can. */
export const ipmiMissing =
  simulator === undefined
    ? 'ipmi_sim is not installed (package openipmi)'
    : findProgram('ipmi-sensors') === undefined
      ? 'ipmi-sensors is not installed (package freeipmi-tools)'
      : undefined

/** OpenIPMI's simulator of a BMC. */
export interface SimulatedBmc {
  readonly host: string
  readonly port: number
  /** The URL of one of its sensors, with the credentials and the workaround that the simulator needs. */
  url(sensor: number | string): string
  /** Changes what a sensor reads, as its raw byte; the simulator looks at it twice a second. */
  write(sensor: number, raw: number): void
  signal(name: NodeJS.Signals): void
  stop(): Promise<void>
}

export interface BmcOptions {
  readonly sensors?: readonly SimulatedSensor[]
  readonly password?: string
  /** Where a BMC that ended had listened, to start one there again. */
  readonly at?: Pick<SimulatedBmc, 'host' | 'port'>
}

export const bmcUser = 'kwollect'
export const bmcPassword = 's3cret'

/** Starts BMCs with the same sensors on loopback addresses of their own and one port. They end with the scope. */
export async function startBmcs(
  scope: Scope,
  count: number,
  options: BmcOptions = {},
): Promise<SimulatedBmc[]> {
  const port = options.at?.port ?? (await freeUdpPort())
  const hosts = options.at ? [options.at.host] : loopbackAddresses(count)
  return await Promise.all(hosts.map(host => start(scope, { host, port }, options)))
}

export async function startBmc(scope: Scope, options: BmcOptions = {}): Promise<SimulatedBmc> {
  const [bmc] = await startBmcs(scope, 1, options)
  if (bmc === undefined) throw new Error('no BMC was started')
  return bmc
}

async function start(
  scope: Scope,
  { host, port }: Pick<SimulatedBmc, 'host' | 'port'>,
  { sensors = usualSensors, password = bmcPassword }: BmcOptions,
): Promise<SimulatedBmc> {
  if (simulator === undefined) throw new Error(ipmiMissing)
  const user = unprivilegedUser()
  const folder = temporaryFolder(scope, 0o755)
  // The simulator keeps SDRs here: a folder of its own for each life.
  mkdirSync(join(folder, 'state', 'bmc'), { recursive: true })
  writeFileSync(join(folder, 'lan.conf'), lanConfiguration(host, port, password))
  writeFileSync(join(folder, 'bmc.emu'), emulatorCommands(sensors, folder))
  for (const { number, raw } of sensors) writeFileSync(join(folder, `sensor-${number}`), `${raw}\n`)
  if (user) giveTo(user, folder)
  const logFile = join(temporaryFolder(scope), 'log')
  const child = await startChild({
    name: 'ipmi_sim',
    command: simulator,
    args: ['-n', '-c', join(folder, 'lan.conf'), '-f', join(folder, 'bmc.emu'), '-s', join(folder, 'state')],
    logFile,
    user,
  })
  const stop = () => stopSuspended(child)
  scope.teardown(stop)
  await until(`ipmi_sim listens on ${host}:${port}`, () => {
    if (child.ending() !== undefined) throw new Error(`ipmi_sim ended:\n${lastLines(logFile)}`)
    return answersPresencePing(host, port)
  })
  return {
    host,
    port,
    url: sensor => sensorUrl({ host, port, password }, sensor),
    write: (sensor, raw) => writeFileSync(join(folder, `sensor-${sensor}`), `${raw}\n`),
    signal: child.signal,
    stop,
  }
}

/** The URL of a sensor of a simulated BMC, or of one that is not there. */
export function sensorUrl(
  { host, port, password = bmcPassword }: { host: string; port: number; password?: string },
  sensor: number | string,
): string {
  const credentials = `${bmcUser}:${encodeURIComponent(password)}`
  // The simulator refuses the level asked for in the first message of an IPMI 2.0 session.
  return `ipmisensor://${credentials}@${host}:${port}/${encodeURIComponent(sensor)}?workaround=opensesspriv`
}

/** ipmi_lan(5). */
function lanConfiguration(host: string, port: number, password: string): string {
  const levels = ['callback', 'user', 'operator', 'admin']
  return `name "bmc"
set_working_mc 0x20
  startlan 1
    addr ${host} ${port}
    priv_limit admin
${levels.map(level => `    allowed_auths_${level} none md2 md5 straight`).join('\n')}
    guid a123456789abcdefa123456789abcdef
  endlan
  user 1 true "" "test" user 10 none md2 md5 straight
  user 2 true "${bmcUser}" "${password}" admin 10 none md2 md5 straight
`
}

function giveTo({ uid, gid }: SystemUser, folder: string): void {
  for (const name of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
    chownSync(join(folder, name), uid, gid)
  }
}

/** RMCP's ping (ASF 2.0, 3.2.4.2), which opens no session. */
const PRESENCE_PING = Buffer.from('0600ff06000011be80000000', 'hex')

async function answersPresencePing(host: string, port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  const answer = new Promise<boolean>(resolve => {
    socket.once('message', () => resolve(true))
    socket.once('error', () => resolve(false))
    setTimeout(() => resolve(false), 100)
  })
  socket.connect(port, host, () => socket.send(PRESENCE_PING))
  const isThere = await answer
  socket.close()
  return isThere
}

/** A process that a test left stopped (SIGSTOP) does not hear SIGTERM. */
async function stopSuspended(child: Child): Promise<void> {
  if (child.ending() === undefined) child.signal('SIGCONT')
  await stopChild(child)
}
