import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { loadDescriptions } from '../../sidecar/descriptions.ts'

/** A metrics_dir with the given files; removed with the test. */
async function metricsDir(t: ExecutionContext, files: Readonly<Record<string, string | Buffer>>) {
  const directory = await mkdtemp(join(tmpdir(), 'kwollect-metrics-'))
  t.teardown(() => rm(directory, { recursive: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
  return directory
}

/** Loads one file and gives its errors without the directory in front. */
async function errorsOf(t: ExecutionContext, content: string | Buffer) {
  const directory = await metricsDir(t, { 'a.yml': content })
  const { errors } = await loadDescriptions(directory)
  return errors.map(error => error.replaceAll(`${directory}/`, ''))
}

const UPTIME = 'snmp://public@switch-1/1.3.6.1.2.1.1.3.0'

/** A good description with further lines, of which the first is line 4. */
function withLines(...lines: string[]) {
  return [
    `- name: uptime`,
    '  device_id: switch-1',
    `  url: ${UPTIME}`,
    ...lines.map(line => `  ${line}`),
  ].join('\n')
}

test('a description has the documented defaults and the place where it stands', async t => {
  const directory = await metricsDir(t, { 'a.yml': `# switches\n${withLines()}` })
  const { descriptions, errors } = await loadDescriptions(directory)
  t.deepEqual(errors, [])
  t.deepEqual(descriptions, [
    {
      name: 'uptime',
      deviceId: 'switch-1',
      url: {
        protocol: 'snmp',
        host: 'switch-1',
        port: 161,
        access: { version: 2, community: 'public' },
        oid: '1.3.6.1.2.1.1.3.0',
      },
      updateEveryMs: 10_000,
      scaleFactor: 1,
      labels: {},
      optional: false,
      source: { file: join(directory, 'a.yml'), line: 2, column: 3 },
    },
  ])
})

test('every key is read, scalars of labels as the text that was written', async t => {
  const content = withLines(
    'update_every: 5000',
    'scale_factor: -1.5e-1',
    'labels: { port: 010, up: yes, rate: 1e3, _device_alias: node-1, __proto__: x, none: "" }',
    'optional: true',
  )
  const { descriptions, errors } = await loadDescriptions(await metricsDir(t, { 'a.yml': content }))
  t.deepEqual(errors, [])
  t.like(descriptions[0], { updateEveryMs: 5000, scaleFactor: -0.15, optional: true })
  const labels = {
    port: '010',
    up: 'yes',
    rate: '1e3',
    _device_alias: 'node-1',
    ['__proto__']: 'x',
    none: '',
  }
  t.deepEqual(descriptions[0]?.labels, labels)
})

test('a device_id that looks like a number keeps its text', async t => {
  const content = `{ name: 1e5, device_id: 042, url: "${UPTIME}" }`
  const { descriptions } = await loadDescriptions(await metricsDir(t, { 'a.yml': content }))
  t.like(descriptions[0], { name: '1e5', deviceId: '042' })
})

test("optional takes the boolean words of PyYAML, which read kwollect 1.0's files", async t => {
  const words = ['true', 'True', 'yes', 'ON', 'false', 'No', 'off', '~']
  const content = words.map(
    (word, i) => `- { name: m${i}, device_id: d, url: "${UPTIME}", optional: ${word} }`,
  )
  const { descriptions } = await loadDescriptions(await metricsDir(t, { 'a.yml': content.join('\n') }))
  t.deepEqual(
    descriptions.map(({ optional }) => optional),
    [true, true, true, true, false, false, false, false],
  )
})

test('files are read by name: lists, single mappings and empty files, no other and no hidden ones', async t => {
  const one = (name: string) => `name: ${name}\ndevice_id: d\nurl: ${UPTIME}\n`
  const directory = await metricsDir(t, {
    'b.yaml': one('second'),
    'a.yml': `- ${one('first').replaceAll('\n', '\n  ')}`,
    'c.yml': '# nothing yet\n',
    'd.yml': '',
    'e.yml.bak': 'not: [yaml',
    '.f.yml': 'not: [yaml',
  })
  const { descriptions, errors } = await loadDescriptions(`${directory}/`)
  t.deepEqual(errors, [])
  t.deepEqual(
    descriptions.map(({ name, source }) => [name, source.file]),
    [
      ['first', `${directory}/a.yml`],
      ['second', `${directory}/b.yaml`],
    ],
  )
})

test('anchors, aliases and merge keys work, what stands in the mapping itself wins', async t => {
  const content = [
    `- &first { name: a, device_id: d, url: "${UPTIME}", update_every: 100, labels: &labels { x: y } }`,
    '- <<: *first',
    '  name: b',
    `- { name: c, device_id: d, url: "${UPTIME}", labels: *labels }`,
  ].join('\n')
  const { descriptions, errors } = await loadDescriptions(await metricsDir(t, { 'a.yml': content }))
  t.deepEqual(errors, [])
  t.deepEqual(
    descriptions.map(({ name, updateEveryMs, labels }) => [name, updateEveryMs, labels]),
    [
      ['a', 100, { x: 'y' }],
      ['b', 100, { x: 'y' }],
      ['c', 10_000, { x: 'y' }],
    ],
  )
})

const WRONG: readonly (readonly [line: string, error: string])[] = [
  ['update_every: -5', '4:3: update_every must be a positive number of milliseconds, got -5'],
  ['update_every: 0', '4:3: update_every must be a positive number of milliseconds, got 0'],
  ['update_every: soon', '4:3: update_every must be a positive number of milliseconds, got soon'],
  ['update_every: [5]', '4:3: update_every must be a positive number of milliseconds, got a list'],
  ['update_every: 0x10', '4:3: update_every must be a positive number of milliseconds, got 0x10'],
  ['update_every: 2.5', '4:3: update_every must be a whole number of milliseconds, got 2.5'],
  ['update_every: 5', '4:3: update_every must be 10 milliseconds or more, got 5'],
  ['update_every: 1e10', '4:3: update_every must be 2147483647 milliseconds or less, got 1e10'],
  ['scale_factor: .inf', '4:3: scale_factor must be a finite number, got .inf'],
  ['scale_factor: 1e999', '4:3: scale_factor must be a finite number, got 1e999'],
  ['scale_factor: ""', '4:3: scale_factor must be a finite number, got ""'],
  ['optional: perhaps', '4:3: optional must be true or false, got perhaps'],
  ['labels: [a]', '4:3: labels must be a mapping (key: value), got a list'],
  ['labels: { a: [b] }', '4:13: label a must be text, got a list'],
  ['labels: { a: }', '4:13: label a has no value; write "" for an empty one'],
  ['labels: { "": x }', '4:13: a label must have a name, without a NUL or half of a surrogate pair'],
  ['labels: { a: "\\0" }', '4:13: label a holds a NUL or half of a surrogate pair'],
  ['labels: { value_str: x }', '4:13: the label value_str is reserved: kwollector gives it to single values'],
  [
    'labels: { _metric_scrape_time: 1 }',
    '4:13: the label _metric_scrape_time is reserved: kwollector gives it to single values',
  ],
  ['update_evry: 5000', '4:3: unknown key update_evry; did you mean update_every?'],
  ['colour: blue', '4:3: unknown key colour'],
  ['name: again', '4:3: the key name stands twice in one mapping (first in line 1)'],
  ['? [a]', '4:5: a key must be a word'],
  ['<<: 5', '4:7: << must be followed by a mapping or a list of mappings'],
]

for (const [line, error] of WRONG) {
  test(`"${line}" is refused with its place`, async t => {
    t.deepEqual(await errorsOf(t, withLines(line)), [`a.yml:${error}`])
  })
}

test('name, device_id and url must be there, must be text and must not be empty', async t => {
  t.deepEqual(await errorsOf(t, '- optional: true'), [
    'a.yml:1:3: name is missing',
    'a.yml:1:3: device_id is missing',
    'a.yml:1:3: url is missing',
  ])
  t.deepEqual(await errorsOf(t, `name: ""\ndevice_id: [a]\nurl: ~`), [
    'a.yml:1:1: url is missing',
    'a.yml:1:1: name must not be empty',
    'a.yml:2:1: device_id must be text, got a list',
  ])
})

test('a name that is missing because its key is misspelt is reported once', async t => {
  t.deepEqual(await errorsOf(t, `nam: a\ndevice_id: d\nurl: ${UPTIME}`), [
    'a.yml:1:1: unknown key nam; did you mean name?',
  ])
})

test('names that PostgreSQL could not store or index are refused', async t => {
  const named = (name: string) => errorsOf(t, `name: ${name}\ndevice_id: d\nurl: ${UPTIME}`)
  t.deepEqual(await named('é'.repeat(512)), [])
  t.deepEqual(await named('é'.repeat(513)), ['a.yml:1:1: name must have at most 1,024 bytes, got 1026'])
  t.deepEqual(await named('"a\\0"'), ['a.yml:1:1: name holds a NUL or half of a surrogate pair'])
  t.deepEqual(await named('"\\ud800"'), ['a.yml:1:1: name holds a NUL or half of a surrogate pair'])
})

test('labels end at 64 KiB', async t => {
  const withLabel = (size: number) => errorsOf(t, withLines(`labels: { a: ${'x'.repeat(size)} }`))
  const overhead = JSON.stringify({ a: '' }).length
  t.deepEqual(await withLabel(65_536 - overhead), [])
  t.deepEqual(await withLabel(65_537 - overhead), [
    'a.yml:4:3: labels must have at most 64 KiB as JSON, got 65537 bytes',
  ])
})

test('a bad url is reported with its place and without its password', async t => {
  t.deepEqual(await errorsOf(t, 'name: a\ndevice_id: d\nurl: ipmisensor://root:calvin@bmc/'), [
    'a.yml:3:1: url names no sensor: ipmisensor://user:password@host/id',
  ])
})

test('the same name, device_id and labels twice is an error that names both places', async t => {
  const at = (labels: string) => `- { labels: ${labels}, name: a, device_id: d, url: "${UPTIME}" }\n`
  const directory = await metricsDir(t, {
    'a.yml': at('{ x: 1, y: 2 }') + at('{ x: 1 }'),
    'b.yml': at('{ x: 2 }') + at('{ y: 2, x: 1 }'),
  })
  const { descriptions, errors } = await loadDescriptions(directory)
  t.is(descriptions.length, 3)
  t.deepEqual(errors, [
    `${directory}/b.yml:2:3: name, device_id and labels are the same as in ${directory}/a.yml:1:3; ` +
      'give them different labels',
  ])
})

test('one bad description costs no other, and every file is checked', async t => {
  const directory = await metricsDir(t, {
    'a.yml': `- 5\n-\n- [a]\n${withLines()}`,
    'b.yml': 'a: [',
    'c.yml': 'just text',
    'd.yml': Buffer.from([0xff]),
  })
  await mkdir(join(directory, 'e.yml'))
  const { descriptions, errors } = await loadDescriptions(directory)
  t.is(descriptions.length, 1)
  const mapping = 'a description must be a mapping (name: ..., device_id: ...), got'
  t.deepEqual(
    errors.map(error => error.replaceAll(`${directory}/`, '')),
    [
      `a.yml:1:3: ${mapping} text`,
      `a.yml:2:2: ${mapping} nothing`,
      `a.yml:3:3: ${mapping} a list`,
      'b.yml:1:5: YAML: wrong indentation, or a bracket that is not closed',
      `c.yml:1:1: ${mapping} text`,
      'cannot read d.yml: it is not UTF-8 text',
      'cannot read e.yml: it is a directory',
    ],
  )
})

test('a metrics_dir that is not there is one clear error', async t => {
  const directory = join(await metricsDir(t, {}), 'absent')
  t.deepEqual(await loadDescriptions(directory), {
    descriptions: [],
    errors: [`cannot read metrics_dir ${directory}: there is no such file or directory`],
  })
})
