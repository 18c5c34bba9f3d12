/**
 * Puts the graphical view together: page.html with style.css and the bundle of main.ts, uPlot in it, in one file that
 * needs no other. As a command (`npm run build`) it writes the file that its argument names.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const folder = join(import.meta.dirname, '..', 'dashboard')

/** @returns the page; the same text for the same sources, so that a second set-up finds nothing to change */
export async function assemblePage(): Promise<string> {
  const [script, style] = await Promise.all([bundle('main.ts'), bundle('style.css')])
  const page = readFileSync(join(folder, 'page.html'), 'utf8').replace(/^\s+/gm, '').replaceAll('\n', ' ')
  return fill(fill(page, 'style', style), 'script', script)
}

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, file)],
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    format: 'iife',
    // What the CSS and the script use (light-dark(), Array.fromAsync aside) is in all browsers since 2024.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    charset: 'utf8',
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  })
  return outputFiles.map(({ text }) => text.trim()).join('')
}

/** A function as replacement: a "$&" in the text is no pattern. */
function fill(page: string, element: string, text: string): string {
  const empty = `<${element}></${element}>`
  if (!page.includes(empty)) throw new Error(`dashboard/page.html has no ${empty}`)
  return page.replace(empty, () => `<${element}>${text}</${element}>`)
}

if (import.meta.main) {
  const [file] = process.argv.slice(2)
  if (file === undefined) throw new Error('the file to write is missing')
  writeFileSync(file, await assemblePage())
}
