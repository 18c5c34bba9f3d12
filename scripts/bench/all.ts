import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type OptionDefinition, readOptions } from '../../sidecar/config.ts'
import { machineFacts, markdownTable } from '../machine.ts'
import { findServerPrograms } from '../stack/programs.ts'
import { cells, exitStatus, headings, type Line, table } from './report.ts'

const command = {
  name: 'npm run bench -- all',
  summary: 'Runs every bench with its defaults, one after the other: three quarters of an hour.',
  options: {
    report: { kind: 'text', placeholder: 'FILE', help: 'write the tables there too, as Markdown' },
  },
} as const satisfies { name: string; summary: string; options: Record<string, OptionDefinition> }

/** The lines of one bench, by its name. */
export type Section = readonly [name: string, lines: readonly Line[]]

/**
 * Each bench in a process of its own, so that none measures what another has left in memory. Tables go to standard
 * output as they are there.
 *
 * @param names of the benches
 * @param signal ends the bench that runs
 * @returns exit status: 1 where a target was missed or a bench failed
 */
export async function benchAll(
  names: readonly string[],
  args: string[],
  signal: AbortSignal,
): Promise<number> {
  const invocation = await readOptions(command, args, {})
  if (invocation.kind === 'print') {
    console.log(invocation.text)
    return 0
  }
  const began = performance.now()
  const sections: Section[] = []
  for (const name of names) {
    const lines = await linesOf(name, signal)
    console.log(`${name}\n${table(lines)}\n`)
    sections.push([name, lines])
  }
  const { report } = invocation.values
  if (report !== undefined) {
    const minutes = Math.round((performance.now() - began) / 60_000)
    // Relative to where the user is: npm itself changes to the package's folder and says where it came from.
    const facts = [...machineFacts(), ['server', serverVersion()], ['duration', `${minutes} min`]] as const
    writeFileSync(resolve(process.env.INIT_CWD ?? '', report), markdown(facts, sections))
  }
  return exitStatus(sections.flatMap(([, lines]) => lines))
}

async function linesOf(name: string, signal: AbortSignal): Promise<readonly Line[]> {
  const args = [join(import.meta.dirname, '..', 'bench.ts'), name, '--json']
  const bench: ChildProcessByStdio<null, Readable, null> = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = () => bench.kill()
  signal.addEventListener('abort', stop)
  const [printed, [status]] = await Promise.all([text(bench.stdout), once(bench, 'close')])
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  if (printed !== '') return JSON.parse(printed)
  const target = 'ends with figures'
  const note = `it ended with status ${status} and its error is above`
  return [{ name, ours: null, baseline: null, unit: '', ratio: null, target, met: false, note }]
}

/** @param facts about the machine and the run, as pairs of a name and words */
export function markdown(
  facts: readonly (readonly [string, string])[],
  sections: readonly Section[],
): string {
  const parts = sections.map(([name, lines]) => {
    const rows = lines.map(line => [...cells(line), line.note ?? ''])
    return `## ${name}\n\n${markdownTable([...headings, ''], rows)}\n`
  })
  return ['# Benches\n', `${markdownTable(['', ''], facts)}\n`, ...parts].join('\n')
}

function serverVersion(): string {
  const postgres = join(findServerPrograms().binFolder, 'postgres')
  return execFileSync(postgres, ['--version'], { encoding: 'utf8' }).trim()
}
