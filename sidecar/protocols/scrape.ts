/**
 * One HTTP GET of an exporter's page, handed on as it arrives.
 *
 * Node's own http and not fetch: the connection pool of one host can be closed with the host, the moment of
 * sending is visible, a redirect is never followed, and the reason of a failure comes as a code.
 */
import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { type HostAddresses, lookupFor } from '../host_addresses.ts'
import type { ExpositionFormat } from './exposition.ts'
import { HostUnreachable } from './protocol.ts'

export interface Scrape {
  readonly agent: Agent
  /** Name or address, IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** Of the host; doubted when a connection ends. */
  readonly addresses: HostAddresses
  /** For everything: name look-up, connection, header and the whole body. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Unix milliseconds, a fraction is allowed. */
  readonly now: () => number
}

/** A page whose header was good. */
export interface Page {
  /** The moment the request went out, as `now` gave it. */
  readonly sentAt: number
  readonly format: ExpositionFormat
  /** As the exporter sent it, for messages. */
  readonly contentType: string
  /**
   * Calls `take` with the body's lines as they arrive, many at a time. Only a complete page's last line may
   * lack its line feed; half a line of a page that broke off could be a wrong value, and is not handed on.
   *
   * @returns why the page broke off; undefined if it is complete
   */
  read(take: (text: string) => void): Promise<string | undefined>
}

/**
 * The text format first: asked for OpenMetrics, Go's client library appends `_total` to counters that lack it
 * and adds `_created` series, and a metric's name would depend on who asks.
 */
const ACCEPT = 'text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1'
/** Decompressed. The largest exporters known (kube-state-metrics of a big cluster) stay below it. */
const LARGEST_BODY = 64 * 1024 * 1024

/** @throws {HostUnreachable} when there is no page: no connection, no header in time, a status other than 200 */
export async function openPage(scrape: Scrape): Promise<Page> {
  const stop = startStopwatch(scrape)
  try {
    const { response, sentAt } = await firstAnswer(scrape, stop)
    const encoding = response.headers['content-encoding'] ?? 'identity'
    const contentType = response.headers['content-type'] ?? ''
    if (response.statusCode !== 200) throw new HostUnreachable(`HTTP ${response.statusCode}`)
    if (!/^(?:identity|(?:x-)?gzip)$/i.test(encoding))
      throw new HostUnreachable(`the answer is encoded as ${JSON.stringify(encoding.slice(0, 40))}`)
    const body = encoding.toLowerCase() === 'identity' ? response : gunzip(response)
    return {
      sentAt,
      format: /^application\/openmetrics-text\b/i.test(contentType) ? 'openmetrics' : 'text',
      contentType: contentType.slice(0, 80),
      read: take => readBody(body, stop, take),
    }
  } catch (error) {
    stop.finish()
    if (error instanceof HostUnreachable) throw error
    throw new HostUnreachable(stop.reason() ?? reasonOf(error, scrape.host))
  }
}

/** Ends the exchange at the time-out or at the program's stop, whatever state it is in. */
interface Stopwatch {
  /** The request that is to be destroyed; another attempt replaces it. */
  watch(request: ClientRequest): void
  /** Why the exchange was ended from this side. */
  reason(): string | undefined
  /** Stops the clock and gives up what is unfinished. */
  finish(): void
}

function startStopwatch(scrape: Scrape): Stopwatch {
  let current: ClientRequest | undefined
  let reason: string | undefined
  const end = (why: string) => {
    reason ??= why
    current?.destroy()
  }
  const onAbort = () => end('the program stops')
  const timer = setTimeout(() => end(`no answer in ${scrape.timeoutMs / 1000} s`), scrape.timeoutMs)
  scrape.signal.addEventListener('abort', onAbort)
  if (scrape.signal.aborted) onAbort()
  return {
    watch(request) {
      current = request
      if (reason !== undefined) request.destroy()
    },
    reason: () => reason,
    finish() {
      clearTimeout(timer)
      scrape.signal.removeEventListener('abort', onAbort)
      current?.destroy()
    },
  }
}

interface Answer {
  readonly response: IncomingMessage
  readonly sentAt: number
}

/** A kept connection may have been closed by the exporter in the meantime: that is no failure, ask again. */
async function firstAnswer(scrape: Scrape, stop: Stopwatch): Promise<Answer> {
  const first = ask(scrape)
  stop.watch(first.request)
  try {
    return await first.answer
  } catch (error) {
    if (!first.request.reusedSocket || stop.reason() !== undefined || codeOf(error) === undefined) throw error
    const second = ask(scrape)
    stop.watch(second.request)
    return await second.answer
  }
}

function ask(scrape: Scrape): { request: ClientRequest; answer: Promise<Answer> } {
  let sentAt = scrape.now()
  const get = request({
    agent: scrape.agent,
    host: scrape.host,
    port: scrape.port,
    // Name servers that do not answer are named as the cause, so they are given up before the time-out.
    lookup: lookupFor(scrape.addresses, 0.9 * scrape.timeoutMs),
    path: '/metrics',
    headers: { accept: ACCEPT, 'accept-encoding': 'gzip', 'user-agent': 'kwollector' },
  })
  get.once('socket', socket => {
    if (!socket.connecting) return
    // Looking up the name and connecting may take a second, in which nothing is measured yet.
    socket.once('connect', () => {
      sentAt = scrape.now()
    })
    socket.once('close', () => scrape.addresses.doubt())
  })
  const answer = new Promise<Answer>((resolve, reject) => {
    get.once('response', response => resolve({ response, sentAt }))
    // Not once: an error after the answer comes out of the body too, and without a listener ends the process.
    get.on('error', reject)
    // Without a listener Node closes the connection of a 101 without a word.
    get.once('upgrade', (_response, socket) => {
      socket.destroy()
      reject(new HostUnreachable('HTTP 101'))
    })
    // Behind all of them: however else a request may end, the poll ends with it.
    get.once('close', () => reject(new HostUnreachable('the connection was closed')))
  })
  get.end()
  return { request: get, answer }
}

function gunzip(response: IncomingMessage): Readable {
  const plain = createGunzip()
  // The callback is there to keep an error from being thrown: who reads `plain` gets it.
  pipeline(response, plain, () => {})
  return plain
}

async function readBody(
  body: Readable,
  stop: Stopwatch,
  take: (text: string) => void,
): Promise<string | undefined> {
  // Cut at line feeds while still bytes: no character stands on both sides of a cut.
  let unfinished: Buffer[] = []
  let size = 0
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      size += piece.length
      if (size > LARGEST_BODY) return 'it is larger than 64 MiB'
      const end = piece.lastIndexOf('\n') + 1
      if (end > 0) {
        take(Buffer.concat([...unfinished, piece.subarray(0, end)]).toString())
        unfinished = []
      }
      if (end < piece.length) unfinished.push(piece.subarray(end))
      // What is buffered would still come after the end; a slow reader must not prolong the poll.
      if (stop.reason() !== undefined) return stop.reason()
    }
    take(Buffer.concat(unfinished).toString())
    return undefined
  } catch (error) {
    // Without a code it comes from `take`: a mistake of this program, not of the exporter.
    if (stop.reason() === undefined && codeOf(error) === undefined) throw error
    return stop.reason() ?? reasonOf(error, '')
  } finally {
    stop.finish()
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function reasonOf(error: unknown, host: string): string {
  const code = codeOf(error)
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ETIMEOUT':
      return `the name ${host} cannot be resolved`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no route to the host'
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return 'the connection was closed'
    case 'ETIMEDOUT':
      return 'no answer to the connection'
    case 'Z_DATA_ERROR':
    case 'Z_BUF_ERROR':
      return 'the compression is damaged'
    default:
      if (code?.startsWith('HPE_')) return 'the answer is not HTTP'
      return code ?? (error instanceof Error ? error.message : String(error))
  }
}
