import test from 'ava'
import type { Browser, Page } from 'playwright-core'
import { fileScope } from '../harness/scope.ts'
import { lineList, openView, plotTitles, startBrowser, type Tab, untilShown } from './browser.ts'
import { makeSite, type Site, wholeTime } from './site.ts'

const file = fileScope(test)
let site: Site
let browser: Browser

/** A minute in which a thousand devices have a value, and nothing else has. */
const crowded = { start_time: '2026-01-11T08:00:00Z', end_time: '2026-01-11T08:01:00Z' }

test.before(async () => {
  ;[site, browser] = await Promise.all([makeSite(file), startBrowser(file)])
  await site.admin`
    insert into metrics (timestamp, device_id, metric_id, value)
    select ${crowded.end_time}::timestamptz - make_interval(secs => second), 'rack-' || number, 'load', number
      from generate_series(1, 1000) as number
     cross join generate_series(0, 50, 10) as second`
})

test.serial('the number of a job shows its nodes over its time, with metrics to begin with', async t => {
  const tab = await openView(t, browser, site)
  await tab.page.getByLabel('Job').fill('7')
  await tab.page.keyboard.press('Enter')
  await tab.page.waitForFunction(() => document.querySelector('#status')?.textContent?.startsWith('Job 7'))
  await untilShown(tab)
  t.deepEqual(await plotTitles(tab), ['power_watt', 'cpu_temp_celsius', 'network_bytes_total'])
  t.deepEqual(await lineList(tab, 'power_watt'), ['node-1 100 W', 'node-2 200 W'])
  t.regex(tab.page.url(), /#job_id=7&/)
  t.is(await tab.page.title(), 'Job 7 – kwollect')
  t.is(await tab.page.getByLabel('Time').inputValue(), 'job')
  const asked = tab.requests.filter(url => url.includes('get_metrics')).map(url => new URL(url).searchParams)
  t.true(asked.every(parameters => parameters.get('job_id') === '7'))
  t.deepEqual(tab.complaints, [])
})

test.serial('devices and metrics are picked from lists, in natural order', async t => {
  const tab = await openView(t, browser, site, wholeTime)
  t.deepEqual(await options(tab.page, 'Devices'), ['node-1', 'node-2', 'node-10'])
  t.deepEqual(await options(tab.page, 'Metrics'), ['cpu_temp_celsius', 'network_bytes_total', 'power_watt'])
  await option(tab.page, 'Devices', 'node-2').click()
  await option(tab.page, 'Devices', 'node-10').click()
  await untilOptions(tab.page, 'Metrics', 2)
  // What the chosen devices do not have is not offered; what they have is shown to begin with.
  t.deepEqual(await options(tab.page, 'Metrics'), ['cpu_temp_celsius', 'power_watt'])
  await untilPlots(tab, 4)
  t.deepEqual(await lineList(tab, 'power_watt'), ['node-2 200 W', 'node-10 1 kW'])
  await option(tab.page, 'Metrics', 'cpu_temp_celsius').click()
  await tab.page.waitForFunction(() => document.querySelectorAll('.panel').length === 1)
  t.deepEqual(await plotTitles(tab), ['power_watt'])
  await option(tab.page, 'Devices', 'node-10').click()
  await tab.page.waitForFunction(() => document.querySelectorAll('.lines li').length === 1)
  t.deepEqual(tab.complaints, [])
})

test.serial(
  'a thousand devices are listed without a thousand rows, searched, and all chosen at once',
  async t => {
    const tab = await openView(t, browser, site, crowded)
    const { page } = tab
    await untilCount(page, 'Devices', '0 of 1,000')
    t.true((await options(page, 'Devices')).length < 40)
    t.is((await options(page, 'Devices'))[1], 'rack-2')
    await page.getByRole('listbox', { name: 'Devices' }).evaluate(list => list.scrollTo(0, list.scrollHeight))
    await option(page, 'Devices', 'rack-1000').waitFor()
    await page.getByLabel('Search devices').fill('99 rack')
    await page.locator('#devices').getByRole('button', { name: 'All 19 found' }).click()
    t.deepEqual((await options(page, 'Devices')).slice(0, 3), ['rack-99', 'rack-199', 'rack-299'])
    await untilCount(page, 'Devices', '19 of 1,000')
    await page.getByLabel('Search devices').fill('')
    await page.locator('#devices').getByRole('button', { name: 'All devices' }).click()
    await page.waitForFunction(() =>
      document.querySelector('.sentence')?.textContent?.startsWith('1,000 lines, 6,000 values'),
    )
    t.is((await lineList(tab, 'load')).length, 60)
    await page.getByRole('button', { name: 'Show all 1,000 lines' }).click()
    t.is((await lineList(tab, 'load')).length, 1000)
    t.deepEqual(tab.complaints, [])
  },
)

test.serial('the lists are used by keys alone', async t => {
  const { page } = await openView(t, browser, site, wholeTime)
  await page.getByLabel('Search devices').focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Space')
  await untilCount(page, 'Devices', '1 of 3')
  t.is(await option(page, 'Devices', 'node-2').getAttribute('aria-selected'), 'true')
  const list = page.getByRole('listbox', { name: 'Devices' })
  t.is(await activeOption(page), 'node-2')
  await page.keyboard.press('End')
  t.is(await activeOption(page), 'node-10')
  await page.keyboard.press('Home')
  await page.keyboard.press('Shift+Enter')
  await untilCount(page, 'Devices', '2 of 3')
  t.is(await list.getAttribute('aria-multiselectable'), 'true')
})

test.serial('a range up to now is asked for as that', async t => {
  const tab = await openView(t, browser, site, { devices: 'node-1', metrics: 'power_watt' })
  for (const [label, seconds] of [
    ['Last 5 minutes', 300],
    ['Last hour', 3600],
    ['Last 30 days', 2_592_000],
  ] as const) {
    const asked = tab.page.waitForRequest(request => request.url().includes('select=timestamp'))
    await tab.page.getByLabel('Time').selectOption({ label })
    const parameters = new URL((await asked).url()).searchParams
    const [start, stop] = ['start_time', 'end_time'].map(
      name => Date.parse(parameters.get(name) ?? '') / 1000,
    )
    t.true(Math.abs((stop ?? 0) - Date.now() / 1000) < 20, label)
    t.is(Math.round((stop ?? 0) - (start ?? 0)), seconds, label)
  }
  t.regex(tab.page.url(), /range=30d/)
})

test.serial('an exact time is given in the time zone of the browser', async t => {
  const tab = await openView(t, browser, site, { devices: 'node-1', metrics: 'power_watt' })
  const { page } = tab
  await page.getByLabel('Time').selectOption({ label: 'From … to …' })
  await page.getByLabel('From', { exact: true }).fill('2026-01-10T17:30:00')
  await page.getByLabel('to', { exact: true }).fill('2026-01-10T17:20:00')
  await page.getByRole('button', { name: 'Apply' }).click()
  const message = await page
    .getByLabel('to', { exact: true })
    .evaluate(input => (input as HTMLInputElement).validationMessage)
  t.is(message, 'The end has to be after 2026-01-10 17:30:00.')
  await page.getByLabel('to', { exact: true }).fill('2026-01-10T17:40:00')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.waitForFunction(() => document.querySelector('.sentence')?.textContent?.startsWith('1 line'))
  t.regex(page.url(), /start_time=2026-01-10T12:00:00Z&end_time=2026-01-10T12:10:00Z/)
  t.is(await page.getByRole('button', { name: 'Live' }).isEnabled(), false)
})

const option = (page: Page, list: string, name: string) =>
  page.getByRole('listbox', { name: list }).getByRole('option', { name, exact: true })

const options = (page: Page, list: string) =>
  page.getByRole('listbox', { name: list }).getByRole('option').allTextContents()

async function untilOptions(page: Page, list: string, count: number): Promise<void> {
  await page.waitForFunction(
    ([id, wanted]) => document.querySelectorAll(`#${id} [role=option]`).length === wanted,
    [list.toLowerCase(), count] as const,
  )
}

async function untilCount(page: Page, list: string, text: string): Promise<void> {
  await page.waitForFunction(
    ([id, wanted]) => document.querySelector(`#${id} .count`)?.textContent === wanted,
    [list.toLowerCase(), text] as const,
  )
}

async function untilPlots(tab: Tab, count: number): Promise<void> {
  await tab.page.waitForFunction(
    wanted => document.querySelectorAll('.panel .lines li').length >= wanted,
    count,
  )
  await untilShown(tab)
}

function activeOption(page: Page): Promise<string | null | undefined> {
  return page.evaluate(async () => {
    await new Promise(requestAnimationFrame)
    const id = document.activeElement?.getAttribute('aria-activedescendant') ?? ''
    return document.getElementById(id)?.textContent
  })
}
