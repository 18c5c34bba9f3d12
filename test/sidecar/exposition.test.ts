import { testProp } from '@fast-check/ava'
import test from 'ava'
import fc from 'fast-check'
import { type ExpositionFormat, parseExposition, readExposition } from '../../sidecar/protocols/exposition.ts'
import { testWhere } from '../harness/server.ts'
import { nodeExporterMissing, startNodeExporter } from '../peers/node_exporter.ts'
import { pythonParserMissing, readWithPython } from '../peers/prometheus_client.ts'
import { type Line, legalLine, legalPage } from './expositions.ts'

/** Labels as a plain object would hide a lost `__proto__`; entries do not. */
function plain(format: ExpositionFormat, text: string) {
  return parseExposition(text, format).samples.map(({ name, labels, value, timestamp }) => ({
    name,
    labels: Object.entries(labels).sort(),
    value,
    timestamp,
  }))
}

function expected(line: Line) {
  return { name: line.name, labels: [...line.labels].sort(), value: line.value, timestamp: line.timestamp }
}

/** Bit for bit, but for the order and the signs of NaN and 0: Python's OpenMetrics parser reads -0 as an integer. */
function fingerprint(samples: ReturnType<typeof plain>): string[] {
  return samples
    .map(sample => JSON.stringify([sample.name, sample.labels, bits(sample.value), bits(sample.timestamp)]))
    .sort()
}

function bits(value: number | undefined): string | undefined {
  if (value === undefined) return undefined
  if (Number.isNaN(value)) return 'NaN'
  return Buffer.from(Float64Array.of(value + 0).buffer).toString('hex')
}

testProp(
  'no text makes the parser throw',
  [fc.string({ unit: 'binary' }), fc.constantFrom('text', 'openmetrics')],
  (t, text, format) => {
    const { samples, errorCount } = parseExposition(text, format as ExpositionFormat)
    t.true(samples.length + errorCount <= text.split('\n').length + 1)
  },
)

const noise = fc.string({
  unit: fc.constantFrom('a', '{', '}', '"', '\\', '=', ',', ' ', '\n', '#', '1', '\r'),
  maxLength: 60,
})
testProp("no arrangement of the format's own characters makes it throw", [noise], (t, text) => {
  t.notThrows(() => parseExposition(text, 'openmetrics'))
  t.notThrows(() => parseExposition(text, 'text'))
})

for (const format of ['text', 'openmetrics'] as const) {
  testProp(`a legal ${format} page is read as it was written`, [legalPage(format)], (t, page) => {
    const { errors } = parseExposition(page.text, format)
    t.deepEqual(errors, [])
    t.deepEqual(plain(format, page.text), page.lines.map(expected))
  })
}

testProp(
  'a page in pieces is read like the whole page',
  [legalPage('text'), fc.array(fc.nat(200))],
  (t, page, cuts) => {
    const pieces: string[] = []
    let rest = page.text
    for (const cut of cuts) {
      pieces.push(rest.slice(0, cut))
      rest = rest.slice(cut)
    }
    const lines: unknown[] = []
    const reader = readExposition('text', (series, value, timestamp) => {
      lines.push([series, value, timestamp])
      return undefined
    })
    for (const piece of [...pieces, rest]) reader.push(piece)
    reader.end()
    const whole: unknown[] = []
    const wholeReader = readExposition('text', (series, value, timestamp) => {
      whole.push([series, value, timestamp])
      return undefined
    })
    wholeReader.push(page.text)
    wholeReader.end()
    t.deepEqual(lines, whole)
  },
)

const damage = fc.record({
  at: fc.nat(1000),
  with: fc.string({ unit: fc.constantFrom('"', '{', '}', '\\', ' ', 'x', '#', '=', '') }),
})
testProp(
  'damage to one line costs that line and no other',
  [fc.array(legalLine('text', 0), { minLength: 1, maxLength: 8 }), fc.nat(), damage],
  (t, lines, pick, change) => {
    const victim = pick % lines.length
    const texts = lines.map((line, index) => {
      if (index !== victim) return line.text
      const at = change.at % line.text.length
      return line.text.slice(0, at) + change.with + line.text.slice(at + 1)
    })
    const result = parseExposition(texts.join('\n'), 'text')
    t.true(result.errorCount <= 1)
    for (const error of result.errors) t.is(error.line, victim + 1)
    const rest = plain('text', texts.join('\n'))
    const before = lines.slice(0, victim).map(expected)
    const after = lines.slice(victim + 1).map(expected)
    t.deepEqual(rest.slice(0, before.length), before)
    t.deepEqual(after.length === 0 ? [] : rest.slice(-after.length), after)
  },
)

const python = testWhere(test, pythonParserMissing)
for (const format of ['text', 'openmetrics'] as const) {
  python(`generated ${format} pages are read as Python's parser reads them`, async t => {
    const seed = Date.now()
    t.log(`seed ${seed}`)
    const pages = fc.sample(legalPage(format), { numRuns: 300, seed })
    const readings = await readWithPython(
      format,
      pages.map(page => page.text),
    )
    for (const [index, page] of pages.entries())
      t.deepEqual(fingerprint(plain(format, page.text)), fingerprint(readings[index] ?? []))
  })
}

testWhere(test, nodeExporterMissing ?? pythonParserMissing)(
  "node_exporter's page is read as Python's parser reads it",
  async t => {
    const exporter = await startNodeExporter(t)
    const page = await (await fetch(exporter.url)).text()
    const { errors } = parseExposition(page, 'text')
    t.deepEqual(errors, [])
    // Without the comments, as Python's parser renames the samples of families of type counter.
    const samples = page
      .split('\n')
      .filter(line => !line.startsWith('#'))
      .join('\n')
    const read = fingerprint(plain('text', page))
    t.true(read.length > 100)
    t.deepEqual(read, fingerprint((await readWithPython('text', [samples])).flat()))
  },
)

function one(line: string, format: ExpositionFormat = 'text') {
  const result = parseExposition(line, format)
  return result.errors[0]?.message ?? plain(format, line)[0]
}

test('blanks, tabs, CRLF and a last line without line feed are accepted', t => {
  const text = '\r\n  x\t{ a = "b" , }\t1  \r\n# HELP y\r\n\ny 2 1700000000000'
  t.deepEqual(parseExposition(text, 'text').errors, [])
  t.deepEqual(plain('text', text), [
    { name: 'x', labels: [['a', 'b']], value: 1, timestamp: undefined },
    { name: 'y', labels: [], value: 2, timestamp: 1_700_000_000_000 },
  ])
})

test('numbers are read as Go reads them', t => {
  const values = {
    Nan: NaN,
    nAn: NaN,
    '+Inf': Infinity,
    '-iNF': -Infinity,
    infinity: Infinity,
    '-0': -0,
    '1e3': 1000,
    '.5': 0.5,
    '5.': 5,
    '+7': 7,
    '18446744073709551615': 2 ** 64,
  }
  for (const [text, value] of Object.entries(values)) t.like(one(`x ${text}`), { value }, text)
  for (const text of ['0x1f', '1_000', '+NaN', '1e999', '--1', '.', 'e5', '1,5', '12a', '١'])
    t.is(one(`x ${text}`), `the value is not a number: ${JSON.stringify(`x ${text}`)}`)
})

test('a timestamp is in milliseconds in the text format and in seconds in OpenMetrics', t => {
  t.like(one('x 1 1700000000123'), { timestamp: 1_700_000_000_123 })
  t.like(one('x 1 1700000000.123\n# EOF', 'openmetrics'), { timestamp: 1_700_000_000_123 })
  t.is(one('x 1 1700000000.123'), 'the timestamp is not a number: "x 1 1700000000.123"')
  t.is(one('x 1 NaN\n# EOF', 'openmetrics'), 'the timestamp is not a number: "x 1 NaN"')
})

test('an exemplar, even a damaged one, does not cost the value in OpenMetrics', t => {
  for (const exemplar of ['# {trace="} # {"} 0.5 1700000000.1', '# {', '#'])
    t.like(one(`x_total{a="b"} 17 ${exemplar}\n# EOF`, 'openmetrics'), { name: 'x_total', value: 17 })
  t.is(one('x 1 # {} 1'), 'text after the value: "x 1 # {} 1"')
})

test('an OpenMetrics page says where it ends', t => {
  t.is(parseExposition('x 1\n# EOF', 'openmetrics').errorCount, 0)
  t.like(parseExposition('x 1\n', 'openmetrics'), { errorCount: 1, samples: [{ name: 'x' }] })
  t.like(parseExposition('# EOF\nx 1', 'openmetrics').errors[0], {
    line: 2,
    message: 'a line after # EOF: "x 1"',
  })
})

test('quoted names may have any character', t => {
  t.deepEqual(one('{"my.metric", a="b", "la\\"bel.é"="c"} 1'), {
    name: 'my.metric',
    labels: [
      ['a', 'b'],
      ['la"bel.é', 'c'],
    ],
    value: 1,
    timestamp: undefined,
  })
  t.like(one('x{"label.1"="}"} 1'), { name: 'x', labels: [['label.1', '}']] })
})

test('a label may be called __proto__ or constructor', t => {
  t.like(one('x{__proto__="a",constructor="b"} 1'), {
    labels: [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ],
  })
})

test('each kind of bad line has its reason', t => {
  const reasons = {
    'x{a="b",a="c"} 1': 'a label stands twice',
    'x{a="b"': 'the labels are not closed',
    'x{a="b} 1': 'the labels are not closed',
    'x{a="b"}': 'no value',
    x: 'no value',
    'x{a=b} 1': 'a label value is not quoted',
    'x{a} 1': 'no = after a label name',
    'x{a="b"c="d"} 1': 'no comma between labels',
    'x{,} 1': 'no = after a label name',
    'x{1a="b"} 1': 'bad label name',
    'x{""="b"} 1': 'bad label name',
    '1x 1': 'bad metric name',
    'é 1': 'bad metric name',
    '{a="b"} 1': 'no metric name',
    '{} 1': 'no metric name',
    'x{"y"} 1': 'no = after a label name',
    'x 1 2 3': 'text after the value',
  }
  for (const [line, reason] of Object.entries(reasons)) t.is(one(line), `${reason}: ${JSON.stringify(line)}`)
})

test('a web page has one error and no samples', t => {
  for (const start of ['<!DOCTYPE html>', '\n <html>', '<?xml version="1.0"?>']) {
    const result = parseExposition(`${start}\nlooks_like_a_sample 1\n</html>`, 'text')
    t.is(result.samples.length, 0)
    t.is(result.errorCount, 1)
    t.regex(result.errors[0]?.message ?? '', /^a web page, not an exposition/)
  }
})

test('a million bad lines are counted and a hundred of them kept', t => {
  const result = parseExposition('?\n'.repeat(1_000_000), 'text')
  t.is(result.errorCount, 1_000_000)
  t.is(result.errors.length, 100)
})
