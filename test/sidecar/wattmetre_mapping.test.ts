import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { loadMapping, unknownPorts } from '../../sidecar/wattmetre/mapping.ts'
import { temporaryFolder } from '../harness/folders.ts'

/** Errors without the path of the file. */
async function load(t: ExecutionContext, text: string, wattmetreId = 'w1') {
  const path = join(temporaryFolder(t), 'mapping.yml')
  writeFileSync(path, text)
  const { mapping, errors } = await loadMapping(path, wattmetreId)
  return { mapping, errors: errors.map(error => error.replace(`${path}:`, '')) }
}

test('each port of this wattmetre has its device; those of others are passed over', async t => {
  const text = 'node-1: [w1-port1, w1-port12]\nnode-2: [w2-port1, w1-port0]\nnode-3: []\n'
  const { mapping, errors } = await load(t, text)
  t.deepEqual(errors, [])
  t.deepEqual(
    [...mapping.devices],
    [
      [1, 'node-1'],
      [12, 'node-1'],
      [0, 'node-2'],
    ],
  )
})

test('an empty file maps nothing', async t => {
  const { mapping, errors } = await load(t, '# later\n')
  t.deepEqual(errors, [])
  t.is(mapping.devices.size, 0)
})

const mistakes = [
  [
    'node-1: [w1-porte1]',
    '1:10: unknown port w1-porte1: a port is the wattmetre_id, -port and its number, counted from 0',
  ],
  [
    'node-1:\n  - w1-port01',
    '2:5: unknown port w1-port01: a port is the wattmetre_id, -port and its number, counted from 0',
  ],
  [
    'node-1: [-port1]',
    '1:10: unknown port -port1: a port is the wattmetre_id, -port and its number, counted from 0',
  ],
  [
    'node-1: [w1-port1]\nnode-2: [w1-port2, w1-port1]',
    '2:20: w1-port1 is listed twice (first in line 1): a port powers one device',
  ],
  [
    'node-1: [w2-port1, w2-port1]',
    '1:20: w2-port1 is listed twice (first in line 1): a port powers one device',
  ],
  [
    'node-1: w1-port1',
    '1:1: node-1 must have a list of ports ([wattmetre-port1, wattmetre-port2]), got text',
  ],
  ['node-1:', '1:1: node-1 must have a list of ports ([wattmetre-port1, wattmetre-port2]), got nothing'],
  ['node-1: [[w1-port1]]', '1:10: a port must be a name like wattmetre-port1, got a list'],
  [
    '- node-1',
    '1:1: a mapping file holds lines of the form device_id: [wattmetre-port1, wattmetre-port2], got a list',
  ],
  ['"": [w1-port1]', '1:1: a device_id must not be empty'],
  ['node-1: [w1-port1', '1:18: YAML: wrong indentation, or a bracket that is not closed'],
] as const

for (const [text, expected] of mistakes) {
  test(`mistake in a mapping file: ${JSON.stringify(text)}`, async t => {
    const { errors } = await load(t, text)
    t.deepEqual(errors, [expected])
  })
}

test('a mapping file that is not there is one sentence', async t => {
  const path = join(temporaryFolder(t), 'absent.yml')
  const { errors } = await loadMapping(path, 'w1')
  t.deepEqual(errors, [`cannot read ${path}: there is no such file or directory`])
})

test('a port that the wattmetre turns out not to have is named with its place', async t => {
  const path = join(temporaryFolder(t), 'mapping.yml')
  writeFileSync(path, 'node-1: [w1-port1]\nnode-2: [w1-port42]\n')
  const { mapping } = await loadMapping(path, 'w1')
  t.deepEqual(unknownPorts(mapping, 'w1', 42), [
    `${path}:2:10: w1-port42 is unknown: the wattmetre has 42 ports, w1-port0 to 41`,
  ])
  t.deepEqual(unknownPorts(mapping, 'w1', 43), [])
})
