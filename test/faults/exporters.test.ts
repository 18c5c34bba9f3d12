import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import ava, { type ExecutionContext } from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import type { BackgroundProcess } from '../harness/processes.ts'
import { testWhere, withConnection } from '../harness/server.ts'
import { startExporter } from '../peers/exporter.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import {
  type Configuration,
  configure,
  spooledValues,
  startKwollector,
  stopKwollector,
  storedMetrics,
} from '../sidecar/kwollector_program.ts'
import { seeded, sized } from './faults.ts'

const test = testWhere(ava.serial, snmpdMissing)
const wattsOid = '1.3.6.1.4.1.99999.1.1.0'
const hundredMegabytes = 100 * 2 ** 20
/** What is not asked for is not kept. */
const mostMemoryMb = 400
/** A page is cut at 250,000 values; each with a series of its own is remembered with about a kilobyte. */
const mostMemoryOfHugePageMb = 600
/** A program that waits for a page, or for a database that stores it, stands still for longer. */
const mostGapMs = 4_000

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

/** A device that has nothing to do with the exporters, and how long it went without a value. */
async function otherHost(t: ExecutionContext, database: TestDatabase, configuration: Configuration) {
  const agent = await startSnmpd(t, { overrides: [[wattsOid, 'integer', '182']] })
  const url = `snmp://public@${agent.host}:${agent.port}/${wattsOid}`
  configuration.describe('good.yml', [{ name: 'good_watt', device_id: 'good', url, update_every: 250 }])
  return async () => {
    const times = (await storedMetrics(database, 'good_watt')).map(({ us }) => us / 1000)
    return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)))
  }
}

function peakMemoryMb({ identity }: BackgroundProcess): number {
  const status = readFileSync(`/proc/${identity.pid}/status`, 'utf8')
  return Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024)
}

test('pages of 100 MB and pages that never end cost the other hosts no poll, and the memory is bounded', async t => {
  t.timeout(300_000)
  const fault = seeded(t)
  const database = await testDatabase(t)
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
  const longestGap = await otherHost(t, database, configuration)
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
  const memory = peakMemoryMb(program)
  await stopKwollector(t, program, database)

  const [gap, values] = [await longestGap(), (await storedMetrics(database)).length]
  fault.report({ pages, values, 'longest gap of another host in ms': gap, 'peak of memory in MB': memory })
  t.is(values, spooledValues(program))
  t.true(memory < mostMemoryMb, `${memory} MB`)
  t.true(gap < mostGapMs, `${gap} ms without a value`)
})

test('a huge page, all of it asked for, is stored once as far as it came, and other hosts are polled meanwhile', async t => {
  t.timeout(600_000)
  const fault = seeded(t)
  const database = await testDatabase(t)
  let pages = 0
  const huge = await startExporter(t, (_request, response) => {
    pages += 1
    const size = pages > 1 ? 0 : sized(2 * 2 ** 20, hundredMegabytes)
    response.write(`page ${pages}\n`)
    Readable.from(pageOf(size)).pipe(response)
  })
  const configuration = configure(t, database)
  const url = `prometheus://${huge.host}:${huge.port}/`
  configuration.describe('huge.yml', [{ name: 'huge', device_id: 'huge', url, update_every: 7_000 }])
  const longestGap = await otherHost(t, database, configuration)
  const program = await startKwollector(t, configuration)
  const isStored = async () => (await storedMetrics(database, 'prom_page')).some(({ value }) => value === 2)
  await until('the page after the huge one', isStored, 300_000)
  const memory = peakMemoryMb(program)
  await stopKwollector(t, program, database)

  const [gap, { values, distinct }] = [await longestGap(), await countStored(database)]
  const [missing, doubled] = [spooledValues(program) - distinct, values - distinct]
  fault.report({
    values,
    missing,
    doubled,
    'longest gap of another host in ms': gap,
    'peak of memory in MB': memory,
  })
  t.deepEqual({ missing, doubled }, { missing: 0, doubled: 0 })
  t.true(values > 10_000, 'the page was not huge')
  t.true(memory < mostMemoryOfHugePageMb, `${memory} MB`)
  t.true(gap < mostGapMs, `${gap} ms without a value`)
})

async function countStored(database: TestDatabase): Promise<{ values: number; distinct: number }> {
  return withConnection(database.admin, async sql => {
    const [row] = await sql<[{ values: number; distinct: number }]>`
      select count(*)::integer as values, count(distinct (timestamp, series_id))::integer as distinct
        from kwollect.samples`
    return row
  })
}
