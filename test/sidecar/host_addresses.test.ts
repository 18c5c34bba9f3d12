import test from 'ava'
import { type Addresses, addressesOf, systemLookup } from '../../sidecar/host_addresses.ts'
import { startExporter } from '../peers/exporter.ts'
import { descriptionOf, openHost, page, readPage, values } from './prometheus_polls.ts'

const here: Addresses = [{ address: '127.0.0.1', family: 4 }]
const moved: Addresses = [{ address: '127.0.0.2', family: 4 }]

/** Name servers that answer when and what the test says. */
function nameServers() {
  const asked: { answer(addresses: Addresses): void; refuse(error: Error): void }[] = []
  const lookup = () => {
    const { promise, resolve, reject } = Promise.withResolvers<Addresses>()
    asked.push({ answer: resolve, refuse: reject })
    return promise
  }
  return { asked, lookup }
}

test('a host is looked up once, whoever waits for it, and again when it is doubted', async t => {
  const { asked, lookup } = nameServers()
  const addresses = addressesOf('node-1', lookup)
  const waiting = [addresses.resolve(60_000), addresses.resolve(60_000)]
  asked[0]?.answer(here)
  t.deepEqual(await Promise.all(waiting), [here, here])
  t.is(await addresses.resolve(60_000), here)
  t.is(asked.length, 1)
  addresses.doubt()
  const again = addresses.resolve(60_000)
  asked[1]?.answer(moved)
  t.is(await again, moved)
})

test('name servers that fail or hang leave the last address, and have one question at a time', async t => {
  const { asked, lookup } = nameServers()
  const addresses = addressesOf('node-1', lookup)
  await t.throwsAsync(addresses.resolve(1), {
    code: 'ETIMEOUT',
    message: 'the name servers do not answer for node-1',
  })
  asked[0]?.answer(here)
  t.is(await addresses.resolve(60_000), here)
  addresses.doubt()
  for (const _question of [1, 2, 3]) t.is(await addresses.resolve(4), here)
  t.is(asked.length, 2)
  asked[1]?.refuse(new Error('no such name any more'))
  t.is(await addresses.resolve(4), here)
})

test('an address is not looked up', async t => {
  const { asked, lookup } = nameServers()
  t.deepEqual(await addressesOf('::1', lookup).resolve(60_000), [{ address: '::1', family: 6 }])
  t.is(asked.length, 0)
})

test('one name is asked of the system once at a time, for all hosts of that name, and has all its addresses', async t => {
  const [one, other] = [systemLookup('localhost'), systemLookup('localhost')]
  t.is(one, other)
  t.true((await one).some(({ address }) => address === '127.0.0.1'))
  t.not(systemLookup('localhost'), one)
})

test('an exporter whose name has several addresses is reached by the one at which it listens', async t => {
  const { port } = await startExporter(t, page('x 1\n'))
  const both: Addresses = [{ address: '::1', family: 6 }, ...here]
  t.deepEqual(await values(openHost(t, { host: 'node-1', port }, async () => both)), [['prom_x', 1]])
})

test('an exporter is polled on while the name servers are silent, and found where it has moved', async t => {
  const answer = page('x 1\n')
  const { port, connections } = await startExporter(t, (request, response) => {
    response.setHeader('connection', 'close')
    answer(request, response)
  })
  const { asked, lookup } = nameServers()
  const host = openHost(t, { host: 'node-1', port }, lookup)
  await t.throwsAsync(readPage(host, [descriptionOf({})], { timeoutMs: 50 }), {
    message: 'the name node-1 cannot be resolved',
  })
  asked[0]?.answer(here)
  for (const poll of [1, 2, 3]) {
    t.deepEqual(
      await readPage(host, [descriptionOf({})], { timeoutMs: 1_000 }).then(r => r.samples.length),
      1,
    )
    t.is(connections(), poll)
  }
  t.is(asked.length, 2)
  asked[1]?.answer(moved)
  await t.throwsAsync(readPage(host, [descriptionOf({})]), { message: 'connection refused' })
})
