/** An HTTP server that answers as the test says, for what no real exporter does on purpose. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from '../harness/scope.ts'

export interface Exporter {
  readonly host: string
  readonly port: number
  /** How many connections have been made to it. */
  connections(): number
  /** Closes the connections that wait for another request, as a restart does. */
  dropIdleConnections(): void
}

/** Listens on a free loopback port; ends with the scope, with the answers that are under way. */
export async function startExporter(
  scope: Scope,
  listener: RequestListener,
  host = '127.0.0.1',
): Promise<Exporter> {
  const server = createServer(listener)
  let connections = 0
  server.on('connection', () => {
    connections++
  })
  server.listen(0, host)
  await once(server, 'listening')
  scope.teardown(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  return {
    host,
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    dropIdleConnections: () => server.closeIdleConnections(),
  }
}
