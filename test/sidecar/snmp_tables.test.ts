import test from 'ava'
import { SYS_UPTIME } from '../../sidecar/protocols/snmp_tables.ts'
import { testWhere } from '../harness/server.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { snmpsimMissing, startSnmpsim } from '../peers/snmpsim.ts'
import { openHost, pduTagOf, reasonsOf, valuesOf } from './snmp_host.ts'
import {
  byName,
  GET_BULK,
  hostBehind,
  names,
  places,
  table,
  timeless,
  values,
  withColumn,
} from './snmp_table_host.ts'

const snmpdTest = testWhere(test, snmpdMissing)
const snmpsimTest = testWhere(test, snmpsimMissing)

for (const version of [1, 2] as const) {
  snmpdTest(`templates name rows by text, number and bytes, in v${version === 1 ? '1' : '2c'}`, async t => {
    // A v1 agent has no Counter64.
    const passTable = table.map(
      ([oid, type, value]) => [oid, type === 'counter64' ? 'gauge' : type, value] as const,
    )
    const { host } = await hostBehind(t, { version, options: { passTable } })
    const byPlace = { prefix: values, table: places, text: 'de:ad:00:ef', suffix: '' }
    const rows = ['ethernet1/1', 'ethernet1/2', '42'].map(text => byName(text))
    const result = await host.read([...rows, byName('outlet', '3'), byPlace, `${values}.7`])
    t.deepEqual(result.missing, [])
    t.deepEqual(valuesOf(result), {
      'ethernet1/1': 500,
      'ethernet1/2': 700,
      42: 1200,
      outlet: 900,
      'de:ad:00:ef': 500,
      [`${values}.7`]: 700,
    })
  })
}

snmpdTest(
  'a table is walked at the first poll and after five minutes, and polls between are one GET',
  async t => {
    const { host, asked, pass } = await hostBehind(t, { options: timeless })
    const read = async () => valuesOf(await host.read([byName('ethernet1/1'), `${values}.7`]))
    const expected = { 'ethernet1/1': 500, [`${values}.7`]: 700 }
    t.deepEqual(await read(), expected)
    const { walk } = asked()
    t.true(walk > 0)
    for (const [ms, needed] of [
      [0, { walk: 0, gets: 1 }],
      [299_000, { walk: 0, gets: 1 }],
      [2_000, { walk, gets: 1 }],
    ] as const) {
      pass(ms)
      t.deepEqual(await read(), expected)
      t.deepEqual(asked(), needed)
    }
  },
)

snmpdTest(
  'a text that is in no row costs its description only, and is looked for at the next walk',
  async t => {
    const { host, asked } = await hostBehind(t)
    const result = await host.read([byName('ethernet1/9'), byName('ethernet'), byName('ethernet1/2')])
    t.deepEqual(valuesOf(result), { 'ethernet1/2': 700 })
    t.deepEqual(reasonsOf(result), [
      `no row of ${names} equals ethernet1/9`,
      `no row of ${names} equals ethernet`,
    ])
    const { walk } = asked()
    // Once more, because an answer of the first walk may have been damaged.
    for (const walkOfPoll of [walk, 0, 0]) {
      t.is((await host.read([byName('ethernet1/9')])).missing.length, 1)
      t.is(asked().walk, walkOfPoll)
    }
  },
)

snmpdTest('an agent that restarted with other indexes is walked before its rows are believed', async t => {
  const uptime = (ticks: string) => [[SYS_UPTIME, 'timeticks', ticks]] as const
  const agent = await startSnmpd(t, { passTable: table, overrides: uptime('50000') })
  const host = openHost(t, agent)
  t.deepEqual(valuesOf(await host.read([byName('ethernet1/1')])), { 'ethernet1/1': 500 })
  await agent.stop()
  const rows: Readonly<Record<string, string>> = {
    [`${names}.5`]: 'ethernet1/2',
    [`${names}.7`]: 'ethernet1/1',
  }
  const moved = table.map(([oid, type, value]) => [oid, type, rows[oid] ?? value] as const)
  await startSnmpd(t, { passTable: moved, overrides: uptime('100'), at: agent })
  t.deepEqual(valuesOf(await host.read([byName('ethernet1/1')])), { 'ethernet1/1': 700 })
})

snmpdTest('a walk that is lost costs no plain OID and goes on at the next poll', async t => {
  let lost = true
  const { host } = await hostBehind(t, {
    rules: {
      onRequest: (request, to) => {
        if (!lost || pduTagOf(request) !== GET_BULK) to.agent(request)
      },
    },
  })
  const oids = [byName('ethernet1/1'), `${values}.7`]
  const first = await host.read(oids, 400)
  t.deepEqual(valuesOf(first), { [`${values}.7`]: 700 })
  t.deepEqual(reasonsOf(first), [`the agent's list of ${names} is not read yet (0 rows so far)`])
  lost = false
  t.deepEqual(valuesOf(await host.read(oids, 400)), { 'ethernet1/1': 500, [`${values}.7`]: 700 })
})

snmpdTest('an agent whose rows go back is left with the reason, and costs no plain OID', async t => {
  const { host } = await hostBehind(t, {
    options: { passTable: table.filter(([oid]) => oid !== places) },
    rules: { onAnswer: (answer, to) => to.client(withColumn(answer, '2b06010401868d1f0202', 1)) },
  })
  const result = await host.read([byName('ethernet1/2'), byName('gone'), `${values}.7`])
  t.deepEqual(valuesOf(result), { 'ethernet1/2': 700, [`${values}.7`]: 700 })
  t.deepEqual(reasonsOf(result), [
    `no row of ${names} equals gone (the agent's list of ${names} does not go on behind ${names}.12 but jumps to ${names}.5)`,
  ])
})

snmpsimTest('1,008 ports of a switch are found by name in two tables', async t => {
  const ports = Array.from({ length: 1008 }, (_, index) => index + 1)
  const ifName = '1.3.6.1.2.1.31.1.1.1.1'
  const ifAlias = '1.3.6.1.2.1.31.1.1.1.18'
  const ifHCInOctets = '1.3.6.1.2.1.31.1.1.1.6'
  const simulator = await startSnmpsim(t, {
    switch: [
      [SYS_UPTIME, '67', '360000'],
      ...ports.map(port => [`${ifName}.${port}`, '4', `ethernet1/${port}`] as const),
      ...ports.map(port => [`${ifHCInOctets}.${port}`, '70', String(port * 1000)] as const),
      ...ports.map(port => [`${ifAlias}.${port}`, '4', `node-${port}`] as const),
    ],
  })
  const host = openHost(t, { ...simulator, community: 'switch' })
  const rows = ports.map(port =>
    port % 2 === 0
      ? { prefix: ifHCInOctets, table: ifName, text: `ethernet1/${port}`, suffix: '' }
      : { prefix: ifHCInOctets, table: ifAlias, text: `node-${port}`, suffix: '' },
  )
  const { samples, missing } = await host.read(rows, 20_000)
  t.deepEqual(missing, [])
  t.deepEqual(
    samples.map(({ value }) => value),
    ports.map(port => port * 1000),
  )
})
