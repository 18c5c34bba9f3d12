import test from 'ava'
import { testWhere } from '../harness/server.ts'
import { snmpdMissing } from '../peers/snmpd.ts'
import { valuesOf } from './snmp_host.ts'
import { byName, hostBehind, timeless, withColumn } from './snmp_table_host.ts'

const snmpdTest = testWhere(test, snmpdMissing)

for (const [what, damage] of [
  ['ends too early', (answer: Buffer) => withColumn(answer, '2b06010401868d1f0201', 9)],
  ['has a wrong index', (answer: Buffer) => withColumn(answer, '2b06010401868d1f020105', 6)],
] as const) {
  snmpdTest(
    `a walk that ${what} because an answer is damaged costs one poll, or none of a known row`,
    async t => {
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
      t.deepEqual(await read(), { 'ethernet1/1': 500 })
      isDamaged = false
      for (const _ of ['next', 'last']) t.deepEqual(await read(), { 'ethernet1/1': 500 })
    },
  )
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
    [1, 1],
    [1, 0],
  ])
})

snmpdTest('a row that comes and goes has a table walked four times in a row, then as any other', async t => {
  let text = 'ethernet1/1'
  const { host, pass, asked } = await hostBehind(t, {
    options: timeless,
    rules: {
      onAnswer: (answer, to) =>
        to.client(Buffer.from(answer.toString('latin1').replaceAll('ethernet1/1', text), 'latin1')),
    },
  })
  for (const _ of ['at first', 'after five minutes']) {
    const walked = []
    for (let poll = 0; poll < 6; poll++) {
      await host.read([byName('ethernet1/1'), byName('ethernet1/9')])
      walked.push(Math.sign(asked().walk))
      text = text === 'ethernet1/1' ? 'ethernet1/3' : 'ethernet1/1'
    }
    t.deepEqual(walked, [1, 1, 1, 1, 0, 0])
    pass(301_000)
  }
})

snmpdTest('a row that goes is believed to when the next poll finds so too', async t => {
  let text = 'ethernet1/1'
  const { host, pass, asked } = await hostBehind(t, {
    options: timeless,
    rules: {
      onAnswer: (answer, to) =>
        to.client(Buffer.from(answer.toString('latin1').replaceAll('ethernet1/1', text), 'latin1')),
    },
  })
  const read = async () => valuesOf(await host.read([byName('ethernet1/1')]))
  t.deepEqual(await read(), { 'ethernet1/1': 500 })
  text = 'ethernet1/3'
  pass(301_000)
  asked()
  for (const [found, walked] of [
    [{ 'ethernet1/1': 500 }, 1],
    [{}, 1],
    [{}, 0],
  ] as const) {
    t.deepEqual(await read(), found)
    t.is(Math.sign(asked().walk), walked)
  }
})
