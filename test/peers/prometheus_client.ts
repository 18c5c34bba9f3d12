/** The parsers of Python's prometheus_client (Debian: python3-prometheus-client), to compare ours with. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { ExpositionFormat } from '../../sidecar/protocols/exposition.ts'

/** Debian's own Python, which has Debian's packages, even where another one comes first in the path. */
const PYTHON = '/usr/bin/python3'

/** Why tests against Python's parsers cannot run here; undefined where they can. */
export const pythonParserMissing: string | undefined =
  spawnSync(PYTHON, ['-c', 'import prometheus_client']).status === 0
    ? undefined
    : 'prometheus_client of Python is not installed (package python3-prometheus-client)'

export interface PythonSample {
  readonly name: string
  readonly labels: [string, string][]
  readonly value: number
  /** Unix milliseconds. */
  readonly timestamp: number | undefined
}

/** Numbers travel as the bytes of doubles: JSON has no NaN. */
const SCRIPT = `
import json, struct, sys
if sys.argv[1] == 'text':
    from prometheus_client.parser import text_string_to_metric_families as read
else:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
def double(number):
    return None if number is None else struct.pack('<d', float(number)).hex()
def samples(page):
    return [[s.name, sorted(s.labels.items()), double(s.value), double(s.timestamp)]
            for family in read(page) for s in family.samples]
json.dump([samples(page) for page in json.load(sys.stdin)], sys.stdout)
`

/**
 * Reads many pages with one Python.
 *
 * @throws when Python refuses a page, with its words
 */
export async function readWithPython(
  format: ExpositionFormat,
  pages: readonly string[],
): Promise<PythonSample[][]> {
  const python = spawn(PYTHON, ['-c', SCRIPT, format], { stdio: ['pipe', 'pipe', 'pipe'] })
  python.stdin.end(JSON.stringify(pages))
  const exited = once(python, 'exit')
  const [output, complaint] = await Promise.all([text(python.stdout), text(python.stderr)])
  await exited
  if (python.exitCode !== 0) throw new Error(`Python refused a page:\n${complaint}`)
  return (JSON.parse(output) as TransferredSample[][]).map(samples => samples.map(received))
}

type TransferredSample = [name: string, labels: [string, string][], value: string, timestamp: string | null]

function received([name, labels, value, timestamp]: TransferredSample): PythonSample {
  // Python has seconds in both formats.
  const milliseconds = timestamp === null ? undefined : double(timestamp) * 1000
  return { name, labels, value: double(value), timestamp: milliseconds }
}

function double(hex: string): number {
  return Buffer.from(hex, 'hex').readDoubleLE()
}
