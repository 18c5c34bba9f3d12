import test from 'ava'
import type { Browser, Page } from 'playwright-core'
import { fileScope } from '../harness/scope.ts'
import { openView, startBrowser } from './browser.ts'
import { drag, plain, pointAt } from './pointer.ts'
import { begin, makeSite, type Site, wholeTime } from './site.ts'

const file = fileScope(test)
let site: Site
let browser: Browser

test.before(async () => {
  ;[site, browser] = await Promise.all([makeSite(file), startBrowser(file)])
  // Ten values a second for four hours: more than a plot shows one by one.
  await site.admin`
    insert into metrics (timestamp, device_id, metric_id, value)
    select ${begin}::timestamptz + make_interval(secs => tenth / 10.0), 'dense', 'power_watt', 300 + tenth % 100
      from generate_series(0, 4 * 36000) as tenth`
})

const power = { devices: 'node-1,node-2,node-10', metrics: 'power_watt', ...wholeTime }
const fourHours = {
  devices: 'dense',
  metrics: 'power_watt',
  start_time: begin,
  end_time: '2026-01-10T16:00:00Z',
}

test.serial(
  'too many values are shown as 5-minute averages, which the page says; a zoom by dragging gets all of them',
  async t => {
    const tab = await openView(t, browser, site, fourHours)
    t.regex(
      plain(await tab.page.locator('.note').textContent()),
      /^5-minute summary, because there are too many values/,
    )
    t.regex((await tab.page.locator('.sentence').textContent()) ?? '', /49 values/)
    await drag(tab.page, 0.5, 0.515)
    await tab.page.waitForFunction(() => document.querySelector('.note')?.textContent === '10 per second')
    const asked = new URL(tab.requests.findLast(url => url.includes('select=timestamp')) ?? '')
    const [start, end] = ['start_time', 'end_time'].map(name =>
      Date.parse(asked.searchParams.get(name) ?? ''),
    )
    t.true((end ?? 0) - (start ?? 0) < 400_000, asked.search)
    t.false(asked.searchParams.has('summary'))
    t.regex(tab.page.url(), /zoom=2026-01-10T1[34]/)
    await tab.page.keyboard.press('Escape')
    await tab.page.waitForFunction(() => document.querySelector('.note')?.textContent?.startsWith('5-minute'))
    t.notRegex(tab.page.url(), /zoom/)
    t.deepEqual(tab.complaints, [])
  },
)

test.serial(
  'the time can be moved and zoomed with buttons, keys, the wheel, and Shift and the pointer',
  async t => {
    const tab = await openView(t, browser, site, power)
    const { page } = tab
    const middle = Date.parse(begin) / 1000 + 300
    await page.getByRole('button', { name: 'Zoom in' }).click()
    await untilZoom(page, [middle - 150, middle + 150])
    await page.getByRole('button', { name: 'Earlier' }).click()
    await untilZoom(page, [middle - 300, middle])
    await page.locator('.plot').focus()
    await page.keyboard.press('Shift+ArrowRight')
    await untilZoom(page, [middle - 240, middle + 60])
    await page.keyboard.press('-')
    await untilZoom(page, [middle - 390, middle + 210])
    await page.getByRole('button', { name: 'Reset' }).click()
    await page.waitForFunction(() => !location.hash.includes('zoom='))
    await pointAt(page, 0.5)
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -100)
    await page.keyboard.up('Control')
    await page.waitForFunction(() => location.hash.includes('zoom='))
    await page.keyboard.down('Shift')
    const before = await page.evaluate(() => location.hash)
    await drag(page, 0.5, 0.4)
    await page.keyboard.up('Shift')
    await page.waitForFunction(hash => location.hash !== hash, before)
    const [earlier = 0, later = 0] = [before, await page.evaluate(() => location.hash)].map(zoomStart)
    // A tenth of the plot, to what comes later.
    t.true(Math.abs(later - earlier - 50) < 5, `${later - earlier} s`)
    await page.locator('.u-over').dblclick()
    await page.waitForFunction(() => !location.hash.includes('zoom='))
    t.deepEqual(tab.complaints, [])
  },
)

test.serial('by keys the cursor goes through a plot, and the values are announced', async t => {
  const { page } = await openView(t, browser, site, power)
  await page.locator('.plot').focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowRight')
  // On a busy machine the place of each key is announced, else the last one's alone.
  await page.waitForFunction(() => document.querySelector('#spoken')?.textContent?.includes('17:30:06'))
  t.is(
    plain(await page.locator('#spoken').textContent()),
    '2026-01-10 17:30:06: node-10 1 kW, node-2 200 W, node-1 100 W',
  )
})

/** When the zoom in an address begins, in Unix seconds. */
function zoomStart(hash: string): number {
  return Date.parse(/zoom=([^,]+)/.exec(decodeURIComponent(hash))?.[1] ?? '') / 1000
}

/** Waits until the address, which follows a zoom after a moment, has this one: begin and end in Unix seconds. */
async function untilZoom(page: Page, [start = 0, end = 0]: readonly number[]): Promise<void> {
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000', '')
  await page.waitForFunction(
    wanted => decodeURIComponent(location.hash).includes(wanted),
    `zoom=${iso(start)},${iso(end)}`,
  )
}
