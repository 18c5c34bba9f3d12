import { readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import test from 'ava'
import type { Browser } from 'playwright-core'
import { assemblePage } from '../../scripts/assemble_dashboard.ts'
import { freePort } from '../../scripts/stack/free_port.ts'
import { emptyInstallation, runSetup } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { repository, run } from '../harness/processes.ts'
import { fileScope, type Scope } from '../harness/scope.ts'
import { withConnection } from '../harness/server.ts'
import { lineList, openTab, startBrowser, untilShown } from './browser.ts'
import { makeSite, pageOf, type Site, wholeTime } from './site.ts'

const file = fileScope(test)
let site: Site
let browser: Browser

test.before(async () => {
  ;[site, browser] = await Promise.all([makeSite(file), startBrowser(file)])
})

const asBrowsers = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const view = { devices: 'node-1', metrics: 'power_watt', ...wholeTime }

test.serial(
  'the page is one file of less than 150 KB that the browser may keep, but has to ask for',
  async t => {
    const answer = await fetch(`${site.api.url}/rpc/dashboard`, { headers: asBrowsers })
    const text = await answer.text()
    t.is(answer.status, 200)
    t.is(answer.headers.get('content-type'), 'text/html; charset=utf-8')
    t.is(answer.headers.get('cache-control'), 'no-cache')
    t.is(text, await assemblePage())
    t.true(Buffer.byteLength(text) < 150_000, `${Buffer.byteLength(text)} bytes`)
    t.notRegex(text, /<(script|link|img|iframe)[^>]+(src|href)="(?!data:)/)
    const etag = answer.headers.get('etag') ?? ''
    t.regex(etag, /^"[0-9a-f]{64}"$/)
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await fetch(`${site.api.url}/rpc/dashboard`, {
        headers: { ...asBrowsers, 'if-none-match': known },
      })
      t.is(again.status, 304, known)
      t.is(await again.text(), '')
    }
    const other = await fetch(`${site.api.url}/rpc/dashboard`, {
      headers: { ...asBrowsers, 'if-none-match': '"other"' },
    })
    t.is(other.status, 200)
    await other.body?.cancel()
  },
)

test.serial('who does not ask for a page is not told that it is one', async t => {
  const answer = await fetch(`${site.api.url}/rpc/dashboard`, { headers: { accept: 'application/json' } })
  t.is(answer.status, 200)
  t.regex((await answer.json()) as string, /^<!doctype html>/)
})

test.serial(
  'the Content-Security-Policy permits the own script and style alone, and is enforced',
  async t => {
    const tab = await openTab(t, browser, site.page(view))
    await untilShown(tab)
    t.deepEqual(tab.complaints, [])
    const answer = await fetch(`${site.api.url}/rpc/dashboard`, { headers: asBrowsers })
    await answer.body?.cancel()
    const policy = answer.headers.get('content-security-policy') ?? ''
    t.regex(
      policy,
      /^default-src 'none'; script-src 'sha256-[^' ]+'; style-src 'sha256-[^' ]+'; connect-src 'self';/,
    )
    t.is(answer.headers.get('x-content-type-options'), 'nosniff')
    t.is(answer.headers.get('referrer-policy'), 'no-referrer')
    const outcome = await tab.page.evaluate(async () => {
      const script = document.createElement('script')
      const isRefused = (work: () => void) => {
        try {
          work()
          return false
        } catch {
          return true
        }
      }
      document.body.append(
        Object.assign(document.createElement('style'), { textContent: 'body { color: red }' }),
      )
      return {
        handler: isRefused(() => document.body.setAttribute('onclick', 'window.hacked = true')),
        scriptText: isRefused(() => {
          script.text = 'window.hacked = true'
        }),
        markup: isRefused(() => {
          document.body.innerHTML = '<b>x</b>'
        }),
        request: await fetch('http://127.0.0.1:9/').then(
          () => false,
          () => true,
        ),
        isUnstyled: getComputedStyle(document.body).color !== 'rgb(255, 0, 0)',
      }
    })
    t.deepEqual(outcome, {
      handler: true,
      scriptText: true,
      markup: true,
      request: true,
      isUnstyled: true,
    })
  },
)

test.serial('behind a path prefix the page works, and asks nothing outside of it', async t => {
  const proxy = await startProxy(t, site.api.url, '/kwollect/api')
  const tab = await openTab(
    t,
    browser,
    pageOf(`${proxy}/kwollect/api`, { job_id: '7', metrics: 'power_watt' }),
  )
  await untilShown(tab)
  t.deepEqual(await lineList(tab, 'power_watt'), ['node-1 100 W', 'node-2 200 W'])
  t.true(tab.requests.length > 4)
  for (const url of tab.requests.filter(url => url.startsWith('http')))
    t.true(url.startsWith(`${proxy}/kwollect/api/`), url)
  t.deepEqual(tab.complaints, [])
})

test.serial(
  'the set-up installs the page, brings another one up to date, and changes nothing where it is the same',
  async t => {
    const installation = emptyInstallation(t)
    const first = await runSetup(t, installation)
    t.is(first.status, 0, first.stderr)
    t.regex((await runSetup(t, installation)).stdout, /is up to date/)
    await withConnection(
      installation.database.admin,
      sql => sql`update kwollect.pages set content = 'old', sha256 = 'old'`,
    )
    const third = await runSetup(t, installation)
    t.regex(third.stdout, /0 migrations, 0 SQL files, the graphical view\./)
    const [row] = await withConnection(
      installation.database.reader,
      sql => sql<{ page: string }[]>`select api.dashboard() as page`,
    )
    t.is(row?.page, await assemblePage())
  },
)

test.serial('npm run build writes the same page for the package, where there is no bundler', async t => {
  const built = join(temporaryFolder(t), 'dashboard.html')
  const { status, stderr } = await run(process.execPath, [
    join(repository, 'scripts', 'assemble_dashboard.ts'),
    built,
  ])
  t.is(status, 0, stderr)
  t.is(readFileSync(built, 'utf8'), await assemblePage())
})

/** A proxy as sites have one in front of PostgREST: what is below the prefix goes there, all else is refused. */
async function startProxy(scope: Scope, target: string, prefix: string): Promise<string> {
  const port = await freePort()
  const server = createServer((asked, answer) => {
    if (!asked.url?.startsWith(`${prefix}/`)) {
      answer.writeHead(418).end()
      return
    }
    const passed = request(`${target}${asked.url.slice(prefix.length)}`, {
      method: asked.method,
      headers: { ...asked.headers, host: new URL(target).host },
    })
    passed.on('response', given => {
      answer.writeHead(given.statusCode ?? 502, given.headers)
      given.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    asked.pipe(passed)
  })
  server.listen(port, '127.0.0.1')
  scope.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${port}`
}
