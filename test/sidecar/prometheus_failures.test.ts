import test, { type ExecutionContext } from 'ava'
import { freePort } from '../../scripts/stack/free_port.ts'
import { type Host, HostUnreachable } from '../../sidecar/protocols/protocol.ts'
import { descriptionOf, openHost, readPage, serving } from './prometheus_polls.ts'

async function failure(t: ExecutionContext, host: Host, timeoutMs?: number) {
  const error = await t.throwsAsync(readPage(host, [descriptionOf({})], { timeoutMs }), {
    instanceOf: HostUnreachable,
  })
  return error?.message
}

test('nobody listens', async t => {
  t.is(await failure(t, openHost(t, { host: '127.0.0.1', port: await freePort() })), 'connection refused')
})

// Two dots side by side are refused before any name server is asked.
test('a name that cannot be looked up', async t => {
  t.is(
    await failure(t, openHost(t, { host: 'no..such..host', port: 9100 })),
    'the name no..such..host cannot be resolved',
  )
})

test('an error status', async t => {
  const host = await serving(t, (_request, response) => void response.writeHead(503).end('x 1\n'))
  t.is(await failure(t, host), 'HTTP 503')
})

test('a redirect is not followed', async t => {
  const host = await serving(t, (_request, response) => void response.writeHead(302, { location: '/' }).end())
  t.is(await failure(t, host), 'HTTP 302')
})

// Node closes the connection of a 101 that nobody listens for, and says nothing more.
test('a change of protocol that nobody asked for ends the poll', async t => {
  const host = await serving(t, request => {
    request.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
  })
  for (const _poll of [1, 2]) t.is(await failure(t, host), 'HTTP 101')
})

test('a web page', async t => {
  const html = '<!doctype html>\n<title>Login</title>\nattempts 3\n'
  const host = await serving(
    t,
    (_request, response) => void response.setHeader('content-type', 'text/html').end(html),
  )
  t.is(
    await failure(t, host),
    'the answer is not in Prometheus format (content type text/html); is this an exporter?',
  )
})

test('a compression that is unknown or damaged', async t => {
  const unknown = await serving(
    t,
    (_request, response) => void response.setHeader('content-encoding', 'br').end('x'),
  )
  t.is(await failure(t, unknown), 'the answer is encoded as "br"')
  const damaged = await serving(
    t,
    (_request, response) => void response.setHeader('content-encoding', 'gzip').end('x 1\n'),
  )
  t.is(await failure(t, damaged), 'the compression is damaged')
})

test('an exporter that never answers ends at the time-out', async t => {
  const host = await serving(t, () => {})
  t.is(await failure(t, host, 200), 'no answer in 0.2 s')
})

test('an exporter that hangs within its page brings what was complete', async t => {
  const host = await serving(t, (_request, response) => void response.write('x 1\ny 12'))
  const { samples, warnings } = await readPage(host, [descriptionOf({})], { timeoutMs: 2_000 })
  t.deepEqual(
    samples.map(sample => sample.value),
    [1],
  )
  t.deepEqual(warnings, ['the page broke off after 1 samples: no answer in 2 s'])
})

test('a page that breaks off brings what was complete', async t => {
  const host = await serving(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('x 1\ny 12', () => response.destroy())
  })
  const { samples, warnings } = await readPage(host, [descriptionOf({})])
  t.deepEqual(
    samples.map(sample => sample.value),
    [1],
  )
  t.deepEqual(warnings, ['the page broke off after 1 samples: the connection was closed'])
})

test('a stop of the program ends a poll with what it has', async t => {
  const stop = new AbortController()
  const host = await serving(
    t,
    (_request, response) => void response.write('x 1\n', () => setImmediate(() => stop.abort())),
  )
  const outcome = await readPage(host, [descriptionOf({})], { signal: stop.signal, timeoutMs: 60_000 }).catch(
    (error: unknown) => error,
  )
  // Which of the two depends on how far the page has come when the stop does.
  if (outcome instanceof HostUnreachable) t.is(outcome.message, 'the program stops')
  else t.like(outcome, { warnings: ['the page broke off after 1 samples: the program stops'] })
})
