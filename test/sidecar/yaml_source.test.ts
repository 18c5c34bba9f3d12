import test from 'ava'
import { parseYaml } from '../../sidecar/yaml_source.ts'

test('YAML errors do not quote the text, which may be a password', t => {
  const texts = [
    'a: *calvin',
    'a: "\\calvin"',
    'a: @calvin',
    'a: !calvin x',
    '%calvin',
    '[a]calvin',
    'a: b: calvin',
  ]
  for (const text of texts) {
    const { broken, problems } = parseYaml(text, 'a.yml')
    t.true(broken, text)
    t.notRegex(problems.map(({ sentence }) => sentence).join(), /calvin/, text)
  }
})

test('nesting that would overflow the stack, and aliases that would fill the memory, are data', t => {
  t.regex(parseYaml('['.repeat(100_000), 'a.yml').problems[0]?.sentence ?? '', /nested too deeply/)
  t.regex(parseYaml('&a [*a]', 'a.yml').problems[0]?.sentence ?? '', /inside its own anchor/)
  const doubled = Array.from({ length: 64 }, (_, i) => `- &a${i + 1} [*a${i}, *a${i}]`)
  t.deepEqual(parseYaml(`- &a0 x\n${doubled.join('\n')}`, 'a.yml').problems, [])
})
