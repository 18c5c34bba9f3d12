import type { Scope } from '../../test/harness/scope.ts'
import { startExporter } from '../../test/peers/exporter.ts'
import { loopbackAddresses } from '../../test/peers/snmp_agents.ts'
import { type Row, type Snmpd, startSnmpd } from '../../test/peers/snmpd.ts'
import { bmcLoad, numbers, type Place, snmpUrl } from './poll_agents.ts'
import { type Polled, polledMetric } from './poll_load.ts'

/**
 * A site in the shape of a real one: 9,318 descriptions on 257 SNMP agents (234 BMCs, 10 switches with up to
 * 1,008 metrics, 13 PDUs), 26 BMCs by IPMI and 311 exporters; 60 % optional, 40 % with a template; periods of
 * 1, 3, 5, 10 and 15 s; 800 values a second always, 12,000 with all promoted.
 */
export async function siteLoad(scope: Scope, prefix: string): Promise<Polled[]> {
  const parts = await Promise.all([
    switchLoad(scope, `${prefix}-switch`),
    snmpBmcLoad(scope, `${prefix}-bmc`),
    pduLoad(scope, `${prefix}-pdu`),
    bmcLoad(scope, { prefix: `${prefix}-ipmi`, count: 26, sensors: 12, periodMs: 5_000 }),
    exporterLoad(scope, `${prefix}-node`, 311),
  ])
  return parts.flat()
}

const enterprise = '1.3.6.1.4.1.99999'
const switchPorts = [252, 189, 126, 94, 63, 63, 63, 32, 32, 19]
const portNames = `${enterprise}.10.1.1`
/** Columns of the switch's table: octets in and out, errors in and out. */
const portColumns = numbers(4)

/** Four metrics a port, named by the text that the agent's own table gives the port; one of them always. */
async function switchLoad(scope: Scope, prefix: string): Promise<Polled[]> {
  const rows = numbers(Math.max(...switchPorts)).flatMap(port => [
    [`${portNames}.${port}`, 'octet_str', `ethernet1/${port}`] as const,
    ...portColumns.map((column): Row => [`${portNames}${column}.${port}`, 'counter', String(port)]),
  ])
  const agent = await startSnmpd(scope, { addresses: switchPorts.length, overrides: rows })
  return switchPorts.flatMap((ports, index) =>
    numbers(ports).flatMap(port =>
      portColumns.map(column => {
        const oid = `${portNames}${column}.{{ ${portNames} == ethernet1/${port} }}`
        const [periodMs, need] = column === 1 ? ([10_000, 'always'] as const) : ([1_000, 'optional'] as const)
        const url = snmpUrl(placeOf(agent, index), oid)
        return polledMetric(`${prefix}-${index + 1}`, `port_${port}_${column}`, url, periodMs, need)
      }),
    ),
  )
}

/** 17 or 18 sensors each: 7 always, 4 each second when promoted, the others each 3 s. */
async function snmpBmcLoad(scope: Scope, prefix: string): Promise<Polled[]> {
  const oidOf = (sensor: number) => `${enterprise}.20.${sensor}.0`
  const overrides = numbers(18).map((sensor): Row => [oidOf(sensor), 'integer', String(sensor)])
  const agent = await startSnmpd(scope, { addresses: 234, overrides })
  return agent.hosts.flatMap((_, index) =>
    numbers(index < 128 ? 18 : 17).map(sensor => {
      const [periodMs, need] =
        sensor <= 7 ? ([5_000, 'always'] as const) : ([sensor <= 11 ? 1_000 : 3_000, 'optional'] as const)
      const url = snmpUrl(placeOf(agent, index), oidOf(sensor))
      return polledMetric(`${prefix}-${index + 1}`, `sensor_${sensor}`, url, periodMs, need)
    }),
  )
}

/** 42 outlets each. */
async function pduLoad(scope: Scope, prefix: string): Promise<Polled[]> {
  const oidOf = (outlet: number) => `${enterprise}.30.${outlet}.0`
  const overrides = numbers(42).map((outlet): Row => [oidOf(outlet), 'uinteger', String(100 + outlet)])
  const agent = await startSnmpd(scope, { addresses: 13, overrides })
  return agent.hosts.flatMap((_, index) =>
    numbers(42).map(outlet =>
      polledMetric(
        `${prefix}-${index + 1}`,
        `outlet_${outlet}`,
        snmpUrl(placeOf(agent, index), oidOf(outlet)),
        5_000,
      ),
    ),
  )
}

function placeOf({ hosts, port }: Snmpd, index: number): Place {
  return { host: hosts[index] ?? '', port }
}

interface Family {
  readonly name: string
  readonly lines: readonly string[]
}

/** Read each 15 s by every site: load, memory. */
const usualFamilies = numbers(10).map(n => family(`bench_memory_${n}_bytes`, 1))
/** Read each 10 s for a job that asks for all: per core and mode, per disk, per interface. */
const jobFamilies = [
  family('bench_cpu_seconds_total', 128),
  ...numbers(8).map(n => family(`bench_disk_${n}_total`, 8)),
  ...numbers(4).map(n => family(`bench_network_${n}_total`, 8)),
]

/** Exporters of one page of 234 samples; they share this process, where a real one each would need gigabytes. */
async function exporterLoad(scope: Scope, prefix: string, count: number): Promise<Polled[]> {
  const page = [...usualFamilies, ...jobFamilies].flatMap(({ lines }) => lines).join('')
  const exporters = await Promise.all(
    loopbackAddresses(count).map(host =>
      startExporter(
        scope,
        (_, response) => {
          response.setHeader('content-type', 'text/plain; version=0.0.4')
          response.end(page)
        },
        host,
      ),
    ),
  )
  return exporters.flatMap((exporter, index) => [
    polledPage(`${prefix}-${index + 1}`, 'memory', exporter, usualFamilies, 15_000, 'always'),
    polledPage(`${prefix}-${index + 1}`, 'everything', exporter, jobFamilies, 10_000, 'optional'),
  ])
}

function polledPage(
  deviceId: string,
  name: string,
  { host, port }: Place,
  families: readonly Family[],
  periodMs: number,
  need: 'always' | 'optional',
): Polled {
  const url = `prometheus://${host}:${port}/${families.map(family => family.name).join('-')}`
  const { written } = polledMetric(deviceId, name, url, periodMs, need)
  return {
    written,
    stores: families.map(({ name, lines }) => ({ metricId: `prom_${name}`, series: lines.length })),
  }
}

function family(name: string, series: number): Family {
  return { name, lines: numbers(series).map(n => `${name}{instance="${n}",kind="bench"} ${n}.5\n`) }
}
