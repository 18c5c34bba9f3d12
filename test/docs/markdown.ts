import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../harness/processes.ts'

/** A fenced block of a page. */
export interface Block {
  /** "docs/http.md:12", of the fence. */
  readonly place: string
  readonly language: string
  readonly text: string
}

/** The Markdown that an administrator reads, from the root: README.md, CHANGELOG.md, docs/http.md… */
export function pageNames(): readonly string[] {
  const inDocs = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
  return [
    'README.md',
    'CHANGELOG.md',
    'CONVENTIONS.md',
    'grafana/README.md',
    ...inDocs
      .filter(name => name.endsWith('.md'))
      .toSorted()
      .map(name => join('docs', name)),
  ]
}

export function readPage(name: string): string {
  return readFileSync(join(repository, name), 'utf8')
}

/** The fenced blocks of some pages with one of the languages, in their order. */
export function blocksOf(names: readonly string[], ...languages: readonly string[]): readonly Block[] {
  return names
    .flatMap(name => {
      const page = readPage(name)
      return [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(
        ({ index, 1: language = '', 2: text = '' }) => ({
          place: `${name}:${page.slice(0, index).split('\n').length}`,
          language,
          text,
        }),
      )
    })
    .filter(({ language }) => languages.includes(language))
}

/** The addresses of a page's links and pictures, code left out. */
export function linksOf(page: string): readonly string[] {
  const prose = page.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** The anchors that GitHub makes of headings: lower case, spaces to hyphens, other signs gone but _ and -. */
export function anchorsOf(page: string): readonly string[] {
  const headings = page.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ +(.+)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .replaceAll(/\]\([^)]*\)/g, ']')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
