import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'

/** What a report has to say about where its figures come from, as pairs of a name and words. */
export function machineFacts(): [string, string][] {
  const [processor] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return [
    ['machine', `${cpus().length} × ${processor?.model}, ${memory} GiB, Linux ${release()}`],
    ['Node', `${process.version}, SQLite ${process.versions.sqlite}`],
    ['commit', commit()],
  ]
}

/** A package that was unpacked somewhere is no checkout. */
function commit(): string {
  try {
    const args = ['describe', '--always', '--dirty']
    return execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown'
  }
}

/** @returns a table in Markdown; a bar in a cell would begin another cell */
export function markdownTable(
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map(cell => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n')
}
