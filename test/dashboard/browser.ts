import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchChromium } from '../../scripts/stack/chromium.ts'
import type { Scope } from '../harness/scope.ts'
import type { Site } from './site.ts'

/** A tab of a real browser, with all that it did which it should not. */
export interface Tab {
  readonly page: Page
  /** Errors and warnings of its console, exceptions, requests that failed, requests to another host. */
  readonly complaints: readonly string[]
  /** Addresses asked for, in order. */
  readonly requests: readonly string[]
}

/** Starts the system's Chromium; it ends with the scope. */
export async function startBrowser(scope: Scope): Promise<Browser> {
  const browser = await launchChromium()
  scope.teardown(() => browser.close())
  return browser
}

/**
 * Opens a tab with nothing of another one: no storage, no cache. Times are shown in a zone half an hour away from all
 * whole hours, so that a mistake with zones is seen.
 */
export async function openTab(
  scope: Scope,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Tab> {
  const context = await browser.newContext({
    timezoneId: 'Asia/Kolkata',
    viewport: { width: 1280, height: 900 },
    ...options,
  })
  scope.teardown(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', message => {
    // Chromium's advice to who reads pixels, which is pixelsOf.
    if (message.text().includes('willReadFrequently')) return
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', error => complaints.push(`exception: ${error.stack ?? error.message}`))
  page.on('request', request => {
    requests.push(request.url())
    const isOwn = request.url().startsWith(`${new URL(url).origin}/`) || /^(data|blob):/.test(request.url())
    if (!isOwn) complaints.push(`request elsewhere: ${request.url()}`)
  })
  page.on('requestfailed', request => {
    const reason = request.failure()?.errorText ?? ''
    // The page gives requests up whose answers nobody waits for any more.
    if (reason !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.url()} ${reason}`)
  })
  await page.goto(url)
  return { page, complaints, requests }
}

/** Opens the page with a view, and waits until it is shown. */
export async function openView(
  scope: Scope,
  browser: Browser,
  site: Site,
  view: Readonly<Record<string, string>> = {},
  options: BrowserContextOptions = {},
): Promise<Tab> {
  const tab = await openTab(scope, browser, site.page(view), options)
  await untilShown(tab)
  return tab
}

/** Waits until the page has read what it shows, or says why there is nothing. */
export async function untilShown({ page }: Tab): Promise<void> {
  await page.waitForFunction(() => {
    const said = document.querySelector('#status')?.textContent ?? ''
    const notice = document.querySelector<HTMLElement>('#notice')
    const isBusy = document.querySelector('.panel[aria-busy="true"]') !== null
    return !isBusy && (/ in [\d.]+ s$/.test(said) || notice?.hidden === false)
  })
  // Lists and the values of lines are written before the next frame; the one after it comes when that is done.
  await page.evaluate(
    () => new Promise<void>(done => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  )
}

/** The plots by their headings. */
export function plotTitles({ page }: Tab): Promise<string[]> {
  return page.locator('.panel h2').allTextContents()
}

/** The lines of the plot of that metric, as its list has them: name and value. */
export async function lineList({ page }: Tab, metric: string): Promise<string[]> {
  const rows = panel(page, metric).locator('.lines li button')
  return rows.evaluateAll(buttons =>
    buttons.map(button =>
      [...button.querySelectorAll('.name, .value')]
        .map(part => part.textContent?.replaceAll('\u00a0', ' '))
        .join(' '),
    ),
  )
}

/** The section of one metric. */
export function panel(page: Page, metric: string) {
  return page
    .locator('.panel')
    .filter({ has: page.locator('h2', { hasText: new RegExp(`^${escaped(metric)}$`) }) })
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/**
 * How many pixels of a plot have that colour, "#rrggbb", on white: whether a line is drawn at all. A thin line covers
 * most pixels in part, so they count from half of the colour on.
 */
export function pixelsOf(page: Page, metric: string, colour: string): Promise<number> {
  return panel(page, metric)
    .locator('canvas')
    .evaluate((canvas, wanted) => {
      const { width, height } = canvas as HTMLCanvasElement
      const pixels =
        (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? []
      const ink = [1, 3, 5].map(at => 255 - Number.parseInt(wanted.slice(at, at + 2), 16))
      const square = ink.reduce((sum, part) => sum + part * part, 0)
      let count = 0
      for (let at = 0; at < pixels.length; at += 4) {
        if ((pixels[at + 3] ?? 0) < 128) continue
        const parts = ink.map((_, channel) => 255 - (pixels[at + channel] ?? 0))
        const covered = parts.reduce((sum, part, channel) => sum + part * (ink[channel] ?? 0), 0) / square
        const other = parts.reduce(
          (sum, part, channel) => sum + Math.abs(part - covered * (ink[channel] ?? 0)),
          0,
        )
        if (covered > 0.5 && other < 30) count++
      }
      return count
    }, colour)
}
