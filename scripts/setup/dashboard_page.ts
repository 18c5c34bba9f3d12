import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientBase } from 'pg'

/** The graphical view as api.dashboard serves it. */
export interface Page {
  readonly content: string
  /** Value of the header Content-Security-Policy. */
  readonly securityPolicy: string
  readonly sha256: string
}

/** Beside scripts/ in the published package; `npm run build` puts it there. */
const builtPage = join(import.meta.dirname, '..', '..', 'dashboard.html')

/** The built page of the published package; in a checkout it is assembled from dashboard/. */
export async function readPage(): Promise<Page> {
  if (existsSync(builtPage)) return describePage(readFileSync(builtPage, 'utf8'))
  // Loaded here only: it needs esbuild, which an installation has not.
  const { assemblePage } = await import('../assemble_dashboard.ts')
  return describePage(await assemblePage())
}

/** @returns whether the page of the database was another one, or none */
export async function installPage(client: ClientBase, page: Page): Promise<boolean> {
  const { content, securityPolicy, sha256 } = page
  const { rowCount } = await client.query(
    `select from kwollect.pages where name = 'dashboard' and sha256 = $1 and security_policy = $2`,
    [sha256, securityPolicy],
  )
  if (rowCount === 1) return false
  await client.query(
    `insert into kwollect.pages (name, content, security_policy, sha256) values ('dashboard', $1, $2, $3)
     on conflict (name) do update
        set content = excluded.content
          , security_policy = excluded.security_policy
          , sha256 = excluded.sha256`,
    [content, securityPolicy, sha256],
  )
  return true
}

function describePage(content: string): Page {
  return { content, securityPolicy: securityPolicy(content), sha256: hash(content, 'hex') }
}

/**
 * The page's own script and style by their hashes, requests to where it came from, its icon, and nothing else: no
 * other host, no handler in an attribute, and no way for text to become markup (Trusted Types).
 */
function securityPolicy(content: string): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(content, 'script')}'`,
    `style-src '${hashOf(content, 'style')}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

/** @returns the source expression of CSP level 3 for the text of the only element of that name */
function hashOf(content: string, element: string): string {
  const [, text, ...others] = content.split(new RegExp(`<${element}>|</${element}>`))
  if (text === undefined || others.length !== 1)
    throw new Error(`the page has not exactly one <${element}> without attributes`)
  return `sha256-${hash(text, 'base64')}`
}

function hash(text: string, encoding: 'base64' | 'hex'): string {
  return createHash('sha256').update(text).digest(encoding)
}
