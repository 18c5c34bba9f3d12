import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** The port for the metrics cannot be had; the message says why and what to do. */
export class MetricsPortUnusable extends Error {
  override name = 'MetricsPortUnusable'
}

/** A page in Prometheus format, made anew for each request. */
export interface MetricsPage {
  readonly contentType: string
  metrics(): Promise<string>
}

/** Shows a page at /metrics over HTTP and nothing else. Does not keep the program alive. */
export class MetricsListener {
  readonly #server: Server
  #page: MetricsPage | undefined

  /**
   * Before `serve` it answers 503.
   *
   * @param host address or name of this machine
   * @throws {MetricsPortUnusable}
   */
  static async open(host: string, port: number): Promise<MetricsListener> {
    const server = createServer()
    const listener = new MetricsListener(server)
    server.on('request', (request, response) => void listener.#answer(request, response))
    server.unref()
    server.listen(port, host)
    try {
      await once(server, 'listening')
    } catch (error) {
      throw new MetricsPortUnusable(explain(host, port, error as NodeJS.ErrnoException))
    }
    // A connection that cannot be accepted (too many open files) must not end the program.
    server.on('error', () => {})
    return listener
  }

  private constructor(server: Server) {
    this.#server = server
  }

  serve(page: MetricsPage): void {
    this.#page = page
  }

  /** Ends at once, with the answers that are under way. */
  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.split('?')[0] !== '/metrics') {
      refuse(response, 404, 'The metrics are at /metrics.')
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      refuse(response, 405, 'The metrics can be read only.')
    } else {
      await this.#show(response)
    }
  }

  async #show(response: ServerResponse): Promise<void> {
    if (this.#page === undefined) {
      refuse(response, 503, 'kwollector is starting.')
      return
    }
    try {
      const text = await this.#page.metrics()
      response.setHeader('content-type', this.#page.contentType).end(text)
    } catch (error) {
      refuse(response, 500, `The metrics cannot be shown: ${(error as Error).message}`)
    }
  }
}

function refuse(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${sentence}\n`)
}

function explain(host: string, port: number, { code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return `metrics_port ${port} on ${host} is used by another program; give another one`
    case 'EACCES':
      return `metrics_port ${port} is reserved for root; give one above 1023`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `metrics_host ${host} is no address of this machine`
    default:
      return `cannot listen on metrics_port ${port} of ${host}: ${message}`
  }
}
