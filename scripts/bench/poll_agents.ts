import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Scope } from '../../test/harness/scope.ts'
import { sensorUrl, startBmcs } from '../../test/peers/ipmi_sim.ts'
import { loopbackAddresses } from '../../test/peers/snmp_agents.ts'
import { type Row, startSnmpd } from '../../test/peers/snmpd.ts'
import { startRelay } from '../../test/peers/udp_relay.ts'
import { freeUdpPort } from '../stack/free_port.ts'
import { type Polled, polledMetric } from './poll_load.ts'

/** Where a device is reached. */
export interface Place {
  readonly host: string
  readonly port: number
}

export interface AgentLoad {
  /** Devices are called `<prefix>-1`, `<prefix>-2`, … */
  readonly prefix: string
  readonly agents: number
  readonly oids: number
  readonly periodMs: number
  /** snmpd's among which the agents' addresses are divided. */
  readonly processes: number
}

const community = 'public'
const enterprise = '1.3.6.1.4.1.99999.1'

/** Real snmpd's with many loopback addresses, each of which is an agent to kwollector; all have the same OIDs. */
export async function agentLoad(scope: Scope, load: AgentLoad): Promise<Polled[]> {
  return describeAgents(await startAgents(scope, load), load)
}

/** The same behind relays that lose datagrams in both directions, from the first one on. */
export async function lossyAgentLoad(scope: Scope, load: AgentLoad, lost: () => boolean): Promise<Polled[]> {
  const places = await startAgents(scope, load)
  const relays = places.map(place =>
    startRelay(scope, place, {
      onRequest: (request, { agent }) => lost() || agent(request),
      onAnswer: (answer, { client }) => lost() || client(answer),
    }),
  )
  const ends = (await Promise.all(relays)).map(({ port }) => ({ host: '127.0.0.1', port }))
  return describeAgents(ends, load)
}

/** Agents that answer nothing: every other one is a port without a listener, which the kernel refuses, the others are silent. */
export async function deadLoad(scope: Scope, load: AgentLoad): Promise<Polled[]> {
  const port = await freeUdpPort()
  const hosts = loopbackAddresses(load.agents)
  for (const [index, host] of hosts.entries())
    if (index % 2 === 0) await listenInSilence(scope, { host, port })
  return describeAgents(
    hosts.map(host => ({ host, port })),
    load,
    'dead',
  )
}

async function listenInSilence(scope: Scope, { host, port }: Place): Promise<void> {
  const socket = createSocket('udp4').bind(port, host)
  await once(socket, 'listening')
  scope.teardown(() => void socket.close())
}

export async function startAgents(
  scope: Scope,
  { agents, oids, processes }: Pick<AgentLoad, 'agents' | 'oids' | 'processes'>,
): Promise<Place[]> {
  const overrides = numbers(oids).map((n): Row => [`${enterprise}.${n}.0`, 'integer', String(n)])
  const starts = numbers(processes).map(n => {
    const addresses = Math.floor((agents * n) / processes) - Math.floor((agents * (n - 1)) / processes)
    return startSnmpd(scope, { addresses, overrides })
  })
  return (await Promise.all(starts)).flatMap(({ hosts, port }) => hosts.map(host => ({ host, port })))
}

export function describeAgents(
  places: readonly Place[],
  { prefix, oids, periodMs }: Pick<AgentLoad, 'prefix' | 'oids' | 'periodMs'>,
  need: 'always' | 'dead' = 'always',
): Polled[] {
  return places.flatMap((place, index) =>
    numbers(oids).map(n =>
      polledMetric(
        `${prefix}-${index + 1}`,
        `metric_${n}`,
        snmpUrl(place, `${enterprise}.${n}.0`),
        periodMs,
        need,
      ),
    ),
  )
}

export function snmpUrl({ host, port }: Place, oid: string): string {
  return `snmp://${community}@${host}:${port}/${oid}`
}

/** BMCs of OpenIPMI's simulator, each a process with an address of its own. */
export async function bmcLoad(
  scope: Scope,
  { prefix, count, sensors, periodMs }: { prefix: string; count: number; sensors: number; periodMs: number },
): Promise<Polled[]> {
  const simulated = numbers(sensors).map(
    number => ({ number, name: `Temp ${number}`, kind: 'temperature', raw: 20 + number }) as const,
  )
  const bmcs = await startBmcs(scope, count, { sensors: simulated })
  return bmcs.flatMap((bmc, index) =>
    simulated.map(({ number }) =>
      polledMetric(`${prefix}-${index + 1}`, `sensor_${number}`, sensorUrl(bmc, number), periodMs),
    ),
  )
}

/** @returns 1 to count */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
