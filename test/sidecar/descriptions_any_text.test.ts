import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc, testProp } from '@fast-check/ava'
import { loadDescriptions } from '../../sidecar/descriptions.ts'

const token = fc.constantFrom(
  ...[
    '- ',
    '\n',
    '\n  ',
    ': ',
    ', ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a ',
    '*a',
    '!!int ',
    '<<: ',
    '? ',
    '# ',
    '|\n',
    '\t',
  ],
  ...[
    'name',
    'device_id',
    'url',
    'update_every',
    'scale_factor',
    'labels',
    'optional',
    'snmp://public@switch-1/1.3.6.1.2.1.1.3.0',
    '5',
    '~',
    '---\n',
  ],
)
const anyYaml = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.oneof(token, fc.string())).map(parts => parts.join('')),
  fc.array(token, { maxLength: 40 }).map(parts => parts.join('')),
)

testProp('any text in a file ends in descriptions or in errors with a place', [anyYaml], async (t, text) => {
  const directory = await mkdtemp(join(tmpdir(), 'kwollect-metrics-'))
  try {
    await writeFile(join(directory, 'a.yml'), text)
    const { errors } = await loadDescriptions(directory)
    for (const error of errors) t.regex(error.slice(directory.length), /^\/a\.yml:[1-9]\d*:[1-9]\d*: ./s)
    t.pass()
  } finally {
    await rm(directory, { recursive: true })
  }
})
