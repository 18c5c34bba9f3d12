import type { RequestListener } from 'node:http'
import type { Description } from '../../sidecar/descriptions.ts'
import { type Lookup, systemLookup } from '../../sidecar/host_addresses.ts'
import { openPrometheusHost } from '../../sidecar/protocols/prometheus.ts'
import type { Host, PollResult } from '../../sidecar/protocols/protocol.ts'
import type { Labels } from '../../sidecar/sample.ts'
import type { Scope } from '../harness/scope.ts'
import { startExporter } from '../peers/exporter.ts'

/** What the clock of every poll here shows: 2024-11-23 00:00:00.250125 UTC, in milliseconds. */
const moment = 1_732_320_000_250.125

/** The protocol's side of an exporter, closed with the scope. */
export function openHost(
  scope: Scope,
  address: { readonly host: string; readonly port: number },
  lookup: Lookup = systemLookup,
): Host {
  const host = openPrometheusHost(address, { now: () => moment, lookup })
  scope.teardown(() => host.close())
  return host
}

/** The same with an exporter that answers as the listener does. */
export async function serving(scope: Scope, listener: RequestListener): Promise<Host> {
  return openHost(scope, await startExporter(scope, listener))
}

/** A listener that answers with a page in the text format. */
export function page(text: string): RequestListener {
  return (_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(text)
  }
}

/** A description as metrics_dir would give it; its address plays no part in a poll. */
export function descriptionOf(options: {
  readonly deviceId?: string
  readonly metrics?: readonly string[]
  readonly labels?: Labels
  readonly scaleFactor?: number
}): Description {
  return {
    name: 'exporter',
    deviceId: options.deviceId ?? 'node-1',
    url: { protocol: 'prometheus', host: 'node-1', port: 9100, metrics: options.metrics ?? [] },
    updateEveryMs: 10_000,
    scaleFactor: options.scaleFactor ?? 1,
    labels: options.labels ?? {},
    optional: false,
    source: { file: 'node-1.yml', line: 1, column: 1 },
  }
}

/** Polls once, with a time-out that only a broken program reaches. */
export function readPage(
  host: Host,
  descriptions: readonly Description[],
  options: { readonly timeoutMs?: number | undefined; readonly signal?: AbortSignal } = {},
): Promise<PollResult> {
  return host.poll({
    descriptions,
    timeoutMs: options.timeoutMs ?? 20_000,
    signal: options.signal ?? new AbortController().signal,
  })
}

/** What stood on a page, without the objects that carry it. */
export async function values(host: Host, description = descriptionOf({})) {
  const { samples } = await readPage(host, [description])
  return samples.map(({ series, value }) => [series.metricId, value])
}
