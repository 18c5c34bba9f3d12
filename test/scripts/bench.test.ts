import test from 'ava'
import { markdown } from '../../scripts/bench/all.ts'
import { median } from '../../scripts/bench/measure.ts'
import {
  absoluteLine,
  exitStatus,
  failedLine,
  informationLine,
  shareLine,
  skippedLine,
  speedLine,
  table,
  times,
} from '../../scripts/bench/report.ts'
import { runScript } from '../harness/processes.ts'

const faster = { name: 'a query', target: times('>=', 4) }
const smaller = { name: 'bytes', target: times('<=', 0.5) }
const enough = { name: 'values', target: { bound: '>=', value: 20_000, unit: 'values/s' } } as const

test('the ratio of two times says how many times faster ours is', t => {
  t.deepEqual(speedLine(faster, 25, 100), {
    name: 'a query',
    ours: 25,
    baseline: 100,
    unit: 'ms',
    ratio: 4,
    target: '>= 4 x',
    met: true,
  })
  t.false(speedLine(faster, 26, 100).met)
})

test('the ratio of two amounts says what share of the baseline ours is', t => {
  t.deepEqual(shareLine(smaller, 50, 100, 'bytes'), {
    name: 'bytes',
    ours: 50,
    baseline: 100,
    unit: 'bytes',
    ratio: 0.5,
    target: '<= 0.5 x',
    met: true,
  })
  t.false(shareLine(smaller, 51, 100, 'bytes').met)
})

test('a target about our own value needs no baseline', t => {
  t.deepEqual(absoluteLine(enough, 20_000), {
    name: 'values',
    ours: 20_000,
    baseline: null,
    unit: 'values/s',
    ratio: null,
    target: '>= 20000 values/s',
    met: true,
  })
  const quick = { name: 'summary', target: { bound: '<', value: 200, unit: 'ms' } } as const
  t.false(absoluteLine(quick, 200).met)
})

test('a missed target and a failure end a bench with status 1, a skipped work does not', t => {
  const met = speedLine(faster, 1, 100)
  const skipped = skippedLine(enough, 'values/s', 'no such server')
  t.is(exitStatus([met, skipped]), 0)
  t.is(exitStatus([met, speedLine(faster, 100, 100)]), 1)
  t.is(exitStatus([met, failedLine(faster, 'ms', 'function api.get_metrics does not exist')]), 1)
})

test('the table has a line for each work, with the reason below one that was not measured', t => {
  const lines = [speedLine(faster, 0.51234, 1234.5), failedLine(smaller, 'bytes', 'the disk is full')]
  t.deepEqual(table(lines).split('\n'), [
    'work      ours  baseline  unit    ratio  target',
    'a query  0.512      1235  ms     2410 x  >= 4 x    met',
    'bytes        -         -  bytes       -  <= 0.5 x  MISSED',
    '    the disk is full',
  ])
})

test('a line for information has no target that could be missed', t => {
  const line = informationLine('a query, strongest baseline', 10, 5)
  t.is(exitStatus([line]), 0)
  t.deepEqual(table([line]).split('\n'), [
    'work                                       ours  baseline  unit  ratio  target',
    '(information) a query, strongest baseline    10         5  ms    0.5 x  none',
  ])
})

test('the median is the value in the middle, or between the two in the middle', t => {
  t.is(median([9, 1, 5]), 5)
  t.is(median([10, 9, 1, 5]), 7)
  t.throws(() => median([]), { message: 'there is no median of nothing' })
})

test('the report of all benches has a table for each, where a bar in a note begins no other cell', t => {
  const missed = failedLine(enough, 'values/s', 'a | b')
  t.is(
    markdown([['machine', '2 cores']], [['sql', [speedLine(faster, 25, 100), missed]]]),
    `# Benches

|  |  |
| --- | --- |
| machine | 2 cores |

## sql

| work | ours | baseline | unit | ratio | target |  |  |
| --- | --- | --- | --- | --- | --- | --- | --- |
| a query | 25 | 100 | ms | 4 x | >= 4 x | met |  |
| values | - | - | values/s | - | >= 20000 values/s | MISSED | a \\| b |
`,
  )
})

test('without a name the command lists the benches and ends with status 2', async t => {
  const { status, stdout, stderr } = await runScript('scripts/bench.ts', [])
  t.is(status, 2)
  t.is(stdout, '')
  t.regex(stderr, /^npm run bench -- NAME \[options\]; NAME is one of: (\w+, )*sql, (\w+, )*all\n$/)
})

test('a scale that is no size is refused before anything is made', async t => {
  for (const scale of ['0', '-1', 'large', '101']) {
    const { status, stderr } = await runScript('scripts/bench.ts', ['sql', `--scale=${scale}`])
    t.is(status, 2, scale)
    t.is(stderr, `--scale must be a number above 0, up to 100, got ${scale}\n`)
  }
})
