import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import test from 'ava'
import { descriptionOf, page, readPage, serving, values } from './prometheus_polls.ts'

function* endlessPage(): Generator<string> {
  for (let line = 0; ; line += 100)
    yield Array.from({ length: 100 }, (_, index) => `x{line="${line + index}"} 1\n`).join('')
}

test.serial('a page without end ends at the time-out or the limit, and the next poll works', async t => {
  let endless = true
  const host = await serving(t, (request, response) => {
    if (endless) Readable.from(endlessPage()).pipe(response)
    else page('x 1\n')(request, response)
  })
  const { samples, warnings } = await readPage(host, [descriptionOf({})], { timeoutMs: 2_000 })
  t.true(samples.length > 0)
  t.regex(
    warnings?.at(-1) ?? '',
    /^the page broke off after [\d,]+ samples: (no answer in 2 s|it is larger than 64 MiB)$/,
  )
  endless = false
  t.deepEqual(await values(host), [['prom_x', 1]])
})

test.serial('a compressed page is limited by its size after decompression', async t => {
  const bomb = gzipSync(Buffer.concat([Buffer.from('x 1\n'), Buffer.alloc(80 * 1024 * 1024, '#')]))
  t.true(bomb.length < 1024 * 1024)
  const host = await serving(
    t,
    (_request, response) => void response.setHeader('content-encoding', 'gzip').end(bomb),
  )
  const { samples, warnings } = await readPage(host, [descriptionOf({})], { timeoutMs: 60_000 })
  t.is(samples.length, 1)
  t.deepEqual(warnings, ['the page broke off after 1 samples: it is larger than 64 MiB'])
})

test.serial('more than 250,000 samples that are asked for are cut there', async t => {
  const text = Array.from({ length: 250_003 }, (_, line) => `x${line} 1\n`).join('')
  const host = await serving(t, page(text))
  const { samples, warnings } = await readPage(host, [descriptionOf({})], { timeoutMs: 60_000 })
  t.is(samples.length, 250_000)
  t.is(warnings?.[0], 'line 250001: more than 250,000 samples are asked for: "x250000 1"')
})

test.serial('samples that nobody asks for cost nothing of those that are', async t => {
  const others = Array.from({ length: 1_000_003 }, (_, line) => `x${line} 1\n`).join('')
  const host = await serving(t, page(`${others}y 2\n`))
  const { samples, warnings } = await readPage(host, [descriptionOf({ metrics: ['y'] })], {
    timeoutMs: 60_000,
  })
  t.deepEqual(
    samples.map(({ value }) => value),
    [2],
  )
  t.deepEqual(warnings, [])
})
