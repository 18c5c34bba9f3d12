import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lastLines, startChild, stopChild } from '../../scripts/stack/child.ts'
import { freePort } from '../../scripts/stack/free_port.ts'
import { findProgram } from '../../scripts/stack/programs.ts'
import { unprivilegedUser } from '../../scripts/stack/unprivileged.ts'
import { until } from '../../scripts/stack/until.ts'
import { temporaryFolder } from '../harness/folders.ts'
import type { Scope } from '../harness/scope.ts'

/** Debian names it one way, the project's own packages the other. */
const binary = findProgram('prometheus-node-exporter') ?? findProgram('node_exporter')

/** Why tests against a real node_exporter cannot run here; undefined where they can. */
export const nodeExporterMissing =
  binary === undefined ? 'node_exporter is not installed (package prometheus-node-exporter)' : undefined

export interface NodeExporterOptions {
  /** Collectors beside `textfile`; the exporter's defaults where absent. */
  readonly collectors?: readonly string[]
}

/** A running node_exporter. */
export interface NodeExporter {
  readonly host: string
  readonly port: number
  /** The page, for fetch. */
  readonly url: string
  /** What its textfile collector reads, `*.prom`, at each request. */
  readonly textfileDirectory: string
  /** Replaces the one file there, whole at any moment. */
  writeTextfile(content: string): void
  stop(): Promise<void>
}

/**
 * Starts the real exporter on a free loopback port, as an ordinary user where this process is root.
 * It answers when this returns and ends with the scope.
 */
export async function startNodeExporter(
  scope: Scope,
  options: NodeExporterOptions = {},
): Promise<NodeExporter> {
  if (binary === undefined) throw new Error(nodeExporterMissing)
  const textfileDirectory = temporaryFolder(scope, 0o755)
  const host = '127.0.0.1'
  const port = await freePort()
  const url = `http://${host}:${port}/metrics`
  const child = await startChild({
    name: 'node_exporter',
    command: binary,
    args: [
      `--web.listen-address=${host}:${port}`,
      `--collector.textfile.directory=${textfileDirectory}`,
      ...collectorArguments(options),
    ],
    logFile: join(temporaryFolder(scope), 'log'),
    user: unprivilegedUser('prometheus'),
  })
  const stop = () => stopChild(child)
  scope.teardown(stop)
  await until(`an answer of node_exporter on ${host}:${port}`, () => {
    if (child.ending() !== undefined) throw new Error(`node_exporter ended:\n${lastLines(child.logFile)}`)
    return answersPage(url)
  })
  return {
    host,
    port,
    url,
    textfileDirectory,
    writeTextfile(content) {
      const unfinished = join(textfileDirectory, 'kwollect.prom.unfinished')
      writeFileSync(unfinished, content, { mode: 0o644 })
      renameSync(unfinished, join(textfileDirectory, 'kwollect.prom'))
    },
    stop,
  }
}

function collectorArguments({ collectors }: NodeExporterOptions): string[] {
  if (collectors === undefined) return []
  return ['--collector.disable-defaults', ...['textfile', ...collectors].map(name => `--collector.${name}`)]
}

async function answersPage(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url)
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}
