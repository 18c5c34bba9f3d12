import test from 'ava'
import { testWhere } from '../harness/server.ts'
import { type Row, snmpdMissing } from '../peers/snmpd.ts'
import { reasonsOf, valuesOf } from './snmp_host.ts'
import { byName, hostBehind, names, timeless, values, withColumn } from './snmp_table_host.ts'

const snmpdTest = testWhere(test, snmpdMissing)

for (const [what, damage] of [
  ['ends too early', (answer: Buffer) => withColumn(answer, '2b06010401868d1f0201', 9)],
  ['has a wrong index', (answer: Buffer) => withColumn(answer, '2b06010401868d1f020105', 6)],
] as const) {
  snmpdTest(`a walk that ${what} because an answer is damaged costs one poll`, async t => {
    let isDamaged = true
    const { host, pass } = await hostBehind(t, {
      options: timeless,
      rules: { onAnswer: (answer, to) => to.client(isDamaged ? damage(answer) : answer) },
    })
    const read = async () => valuesOf(await host.read([byName('ethernet1/1')]))
    t.deepEqual(await read(), {})
    isDamaged = false
    t.deepEqual(await read(), { 'ethernet1/1': 500 })
    pass(301_000)
    isDamaged = true
    t.deepEqual(await read(), {})
    isDamaged = false
    for (const _ of ['next', 'last']) t.deepEqual(await read(), { 'ethernet1/1': 500 })
  })
}

snmpdTest('a damaged answer of the walk that was to confirm another one costs one poll', async t => {
  let isDamaged = false
  const { host, asked } = await hostBehind(t, {
    rules: {
      onAnswer: (answer, to) => to.client(isDamaged ? withColumn(answer, '2b06010401868d1f0201', 9) : answer),
    },
  })
  const outcomes = []
  for (const damaged of [false, true, false, false, false]) {
    isDamaged = damaged
    const { samples } = await host.read([byName('ethernet1/1'), byName('ethernet1/9')])
    outcomes.push([samples.length, Math.sign(asked().walk)])
  }
  t.deepEqual(outcomes, [
    [1, 1],
    [0, 1],
    [1, 1],
    [1, 0],
    [1, 0],
  ])
})

/** Rows whose values tell which of them was read: 100 in row 1, to 700 in row 7. */
const ports = [1, 2, 3, 4, 5, 6, 7]
const portTable = [
  [names, 'integer', '0'],
  ...ports.map(port => [`${names}.${port}`, 'string', `port-${port}`] as const),
  ...ports.map(port => [`${values}.${port}`, 'counter64', `${port}00`] as const),
] satisfies readonly Row[]

/** A host with these rows, whose texts a test exchanges: it says the text of a row of the agent's by its own. */
async function renamedPorts(t: Parameters<typeof hostBehind>[0]) {
  let textOf = (port: number) => port
  const { host, pass, asked } = await hostBehind(t, {
    options: { ...timeless, passTable: portTable },
    rules: {
      onAnswer: (answer, to) => {
        const text = answer
          .toString('latin1')
          .replace(/port-(\d)/g, (_, port) => `port-${textOf(Number(port))}`)
        to.client(Buffer.from(text, 'latin1'))
      },
    },
  })
  const walked = () => Math.sign(asked().walk)
  return {
    pass,
    poll: (...texts: readonly string[]) => host.read(texts.map(text => byName(text))),
    walked,
    rename: (change: typeof textOf) => {
      textOf = change
    },
  }
}

snmpdTest('two rows that change places give the values of neither until two walks say so', async t => {
  const { poll, pass, walked, rename } = await renamedPorts(t)
  const read = async () => [valuesOf(await poll('port-1', 'port-2', 'port-3')), walked()]
  t.deepEqual(await read(), [{ 'port-1': 100, 'port-2': 200, 'port-3': 300 }, 1])
  rename(port => (port < 3 ? 3 - port : port))
  pass(301_000)
  for (const expected of [
    [{ 'port-3': 300 }, 1],
    [{ 'port-1': 200, 'port-2': 100, 'port-3': 300 }, 1],
    [{ 'port-1': 200, 'port-2': 100, 'port-3': 300 }, 0],
  ]) {
    t.deepEqual(await read(), expected)
  }
})

snmpdTest('a row that goes gives no value from the first walk on that lacks it', async t => {
  const { poll, pass, walked, rename } = await renamedPorts(t)
  t.deepEqual(valuesOf(await poll('port-1')), { 'port-1': 100 })
  rename(port => (port === 1 ? 9 : port))
  pass(301_000)
  walked()
  for (const [reason, walks] of [
    [`the row of ${names} that equals port-1 seems to have moved; the table is read again`, 1],
    [`no row of ${names} equals port-1`, 1],
    [`no row of ${names} equals port-1`, 0],
  ] as const) {
    t.deepEqual(reasonsOf(await poll('port-1')), [reason])
    t.is(walked(), walks)
  }
})

snmpdTest(
  'a row that each walk finds elsewhere has no value, and its table is not walked for ever',
  async t => {
    const { poll, pass, walked, rename } = await renamedPorts(t)
    const read = async () => [valuesOf(await poll('port-1')), walked()]
    t.deepEqual(await read(), [{ 'port-1': 100 }, 1])
    pass(301_000)
    for (const [shift, walks] of [1, 1, 1, 0, 0].entries()) {
      rename(port => ((port + shift) % 7) + 1)
      t.deepEqual(await read(), [{}, walks])
    }
    pass(301_000)
    t.deepEqual(await read(), [{}, 1])
    t.deepEqual(await read(), [{ 'port-1': 300 }, 1])
  },
)
