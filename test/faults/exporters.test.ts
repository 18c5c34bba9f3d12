import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import ava from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { testDatabase } from '../harness/database.ts'
import { testWhere } from '../harness/server.ts'
import { startExporter } from '../peers/exporter.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import {
  configure,
  spooledValues,
  startKwollector,
  stopKwollector,
  storedMetrics,
} from '../sidecar/kwollector_program.ts'
import { seeded, sized } from './faults.ts'

const test = testWhere(ava.serial, snmpdMissing)
const wattsOid = '1.3.6.1.4.1.99999.1.1.0'
/** Names that are not asked for: a page of 100 MB, and one that never ends. */
const hundredMegabytes = 100 * 2 ** 20
const mostMemoryMb = 600

function* pageOf(bytes: number): Generator<string> {
  for (let [line, size] = [0, 0]; size < bytes; line += 500) {
    const piece = Array.from(
      { length: 500 },
      (_, index) => `other{line="${line + index}",text="a b"} ${line}\n`,
    ).join('')
    size += piece.length
    yield piece
  }
}

/** Line by line, each second one, for as long as somebody listens. */
async function dribble(response: ServerResponse): Promise<void> {
  const closed = once(response, 'close')
  response.write('wanted 1\n')
  const timer = setInterval(() => response.write('other 1\n'), 50)
  await closed
  clearInterval(timer)
}

test('100 MB of exposition and pages that never end cost the other hosts no poll, and the memory is bounded', async t => {
  t.timeout(300_000)
  const fault = seeded(t)
  const [database, agent] = await Promise.all([
    testDatabase(t),
    startSnmpd(t, { overrides: [[wattsOid, 'integer', '182']] }),
  ])
  const huge = await startExporter(t, (_request, response) => {
    response.write('wanted 1\n')
    Readable.from(pageOf(hundredMegabytes)).pipe(response)
  })
  const endless = await startExporter(t, (_request, response) => {
    response.write('wanted 1\n')
    Readable.from(pageOf(Number.POSITIVE_INFINITY)).pipe(response)
  })
  const slow = await startExporter(t, (_request, response) => void dribble(response))
  const configuration = configure(t, database)
  const exporters = { huge, endless, slow }
  configuration.describe(
    'exporters.yml',
    Object.entries(exporters).map(([name, { host, port }]) => ({
      name,
      device_id: name,
      url: `prometheus://${host}:${port}/wanted`,
      update_every: 4_000,
    })),
  )
  configuration.describe('good.yml', [
    {
      name: 'good_watt',
      device_id: 'good',
      url: `snmp://public@${agent.host}:${agent.port}/${wattsOid}`,
      update_every: 250,
    },
  ])
  const program = await startKwollector(t, configuration)
  const pages = sized(1, 10)
  await until(
    'a value of each page',
    async () => {
      const values = await storedMetrics(database, 'prom_wanted')
      return Object.keys(exporters).every(
        name => values.filter(row => row.device_id === name).length >= pages,
      )
    },
    240_000,
  )
  const status = readFileSync(`/proc/${program.identity.pid}/status`, 'utf8')
  const peakMb = Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024)
  await stopKwollector(t, program, database)

  const times = (await storedMetrics(database, 'good_watt')).map(({ us }) => us / 1000)
  const longestGap = Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)))
  const values = (await storedMetrics(database)).length
  fault.report({
    pages,
    values,
    'longest gap of another host in ms': longestGap,
    'peak of memory in MB': peakMb,
  })
  t.is(values, spooledValues(program))
  t.true(peakMb < mostMemoryMb, `${peakMb} MB`)
  // One that waited for a page would wait for seconds; the rest is for a busy machine.
  t.true(longestGap < 2_500, `${longestGap} ms without a value`)
})
