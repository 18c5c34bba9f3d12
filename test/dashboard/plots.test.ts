import { readFileSync } from 'node:fs'
import test from 'ava'
import type { Browser, Download, Page } from 'playwright-core'
import { fileScope } from '../harness/scope.ts'
import {
  lineList,
  openTab,
  openView,
  panel,
  pixelsOf,
  plotTitles,
  startBrowser,
  untilShown,
} from './browser.ts'
import { drag, plain, pointAt } from './pointer.ts'
import { makeSite, type Site, wholeTime } from './site.ts'

const file = fileScope(test)
let site: Site
let browser: Browser

test.before(async () => {
  ;[site, browser] = await Promise.all([makeSite(file), startBrowser(file)])
})

const nodes = { devices: 'node-1,node-2,node-10' }
const power = { ...nodes, metrics: 'power_watt', ...wholeTime }
const [blue, orange, green] = ['#0072b2', '#d55e00', '#00855f'] as const

test.serial('each metric has a plot with a line for each device, drawn in its colour', async t => {
  const tab = await openView(t, browser, site, { ...power, metrics: 'power_watt,cpu_temp_celsius' })
  t.deepEqual(await plotTitles(tab), ['power_watt', 'cpu_temp_celsius'])
  t.deepEqual(await lineList(tab, 'power_watt'), ['node-1 100 W', 'node-2 200 W', 'node-10 1 kW'])
  t.deepEqual(await lineList(tab, 'cpu_temp_celsius'), ['node-1 42 °C', 'node-2 43 °C', 'node-10 51 °C'])
  for (const colour of [blue, orange, green])
    t.true((await pixelsOf(tab.page, 'power_watt', colour)) > 200, colour)
  t.deepEqual(tab.complaints, [])
})

test.serial('a counter is shown as its rate, in its unit a second, and as its value when asked', async t => {
  const tab = await openView(t, browser, site, { ...power, metrics: 'network_bytes_total' })
  t.deepEqual(await lineList(tab, 'network_bytes_total'), ['node-1 1 kB/s'])
  const rate = panel(tab.page, 'network_bytes_total').getByRole('button', { name: 'Rate' })
  t.is(await rate.getAttribute('aria-pressed'), 'true')
  await rate.click()
  await tab.page.waitForFunction(
    () => document.querySelector('.lines .value')?.textContent === '585.9\u00a0KiB',
  )
  t.is(await rate.getAttribute('aria-pressed'), 'false')
  t.regex(tab.page.url(), /values=network_bytes_total/)
})

test.serial('any other metric can be shown as a rate', async t => {
  const tab = await openView(t, browser, site, { ...power, metrics: 'cpu_temp_celsius' })
  await panel(tab.page, 'cpu_temp_celsius').getByRole('button', { name: 'Rate' }).click()
  await tab.page.waitForFunction(() => document.querySelector('.note')?.textContent?.includes('per second'))
  t.regex((await lineList(tab, 'cpu_temp_celsius')).join(), /°C\/s/)
})

test.serial('the pointer shows the values of all devices at its moment, the highest first', async t => {
  const tab = await openView(t, browser, site, power)
  await pointAt(tab.page, 0.25)
  const tooltip = tab.page.locator('.tooltip')
  t.deepEqual(await texts(tooltip.locator('.name')), ['node-10', 'node-2', 'node-1'])
  t.deepEqual(await texts(tooltip.locator('.value')), ['1 kW', '200 W', '100 W'])
  // 12:02:30 UTC in the browser's zone
  t.regex((await tooltip.locator('strong').textContent()) ?? '', /^2026-01-10 17:3[123]:\d\d$/)
  // In the sixth minute node-2 has none.
  await pointAt(tab.page, 0.62)
  await tab.page.waitForFunction(() => document.querySelectorAll('.tooltip li').length === 2)
  t.deepEqual(await texts(tooltip.locator('.name')), ['node-10', 'node-1'])
})

test.serial(
  'a click in the list hides a line, and another shows it; with Shift it is shown alone',
  async t => {
    const tab = await openView(t, browser, site, power)
    const row = (name: string) => panel(tab.page, 'power_watt').getByRole('button', { name })
    await row('node-10').click()
    await untilDrawn(tab.page, green, 'absent')
    t.is(await row('node-10').getAttribute('aria-pressed'), 'false')
    t.true((await pixelsOf(tab.page, 'power_watt', blue)) > 200)
    await row('node-10').click()
    await untilDrawn(tab.page, green, 'present')
    await row('node-2').click({ modifiers: ['Shift'] })
    await untilDrawn(tab.page, orange, 'present')
    await untilDrawn(tab.page, blue, 'absent')
    t.deepEqual(tab.complaints, [])
  },
)

test.serial(
  'power has its energy in Wh and J over the shown time, with the share of time that has data',
  async t => {
    const tab = await openView(t, browser, site, power)
    // 60 kJ + 84 kJ (420 of 600 s) + 600 kJ
    t.is(
      plain(await panel(tab.page, 'power_watt').locator('.energy').textContent()),
      'Energy of the 3 lines: 206.7 Wh (744 kJ), data for 90 % of 10 min',
    )
    await panel(tab.page, 'power_watt').getByText('Figures').click()
    const lines = tab.page.locator('tbody tr')
    await lines.nth(2).waitFor()
    const rows = await lines.evaluateAll(found =>
      found.map(row =>
        [...row.children].map(({ textContent }) => (textContent ?? '').replaceAll('\u00a0', ' ')),
      ),
    )
    t.deepEqual(rows, [
      ['node-1', '100 W', '100 W', '100 W', '100 W', '601', '16.67 Wh', '60 kJ', '100 %'],
      ['node-2', '200 W', '200 W', '200 W', '200 W', '422', '23.33 Wh', '84 kJ', '70 %'],
      ['node-10', '1 kW', '1 kW', '1 kW', '1 kW', '601', '166.7 Wh', '600 kJ', '100 %'],
    ])
    // Half of the time, half of the energy.
    await drag(tab.page, 0, 0.5)
    await tab.page.waitForFunction(() => document.querySelector('.energy')?.textContent?.includes('5 min'))
    const [, joules] =
      /\((\d+(?:\.\d+)?).kJ\)/.exec((await tab.page.locator('.energy').textContent()) ?? '') ?? []
    t.true(Math.abs(Number(joules) - 390) < 8, joules)
  },
)

test.serial('each plot has its summary in words, for who cannot see it', async t => {
  const { page } = await openView(t, browser, site, power)
  const plot = page.locator('.plot')
  const described = (await plot.getAttribute('aria-describedby')) ?? ''
  t.is(
    plain(await page.locator(`#${described}`).textContent()),
    '3 lines, 1,624 values · lowest 100 W (node-1) · mean 459.1 W · highest 1 kW (node-10)',
  )
})

test.serial('the CSV has what is shown: the time, the visible lines, the columns of the API', async t => {
  const { page } = await openView(t, browser, site, power)
  await panel(page, 'power_watt').getByRole('button', { name: 'node-10' }).click()
  await untilDrawn(page, green, 'absent')
  const whole = await csvOf(page, () =>
    panel(page, 'power_watt').getByRole('button', { name: 'CSV' }).click(),
  )
  t.is(whole.name, 'power_watt.csv')
  t.is(whole.lines[0], 'timestamp,device_id,metric_id,value,labels')
  t.is(whole.lines[1], '2026-01-10T12:00:00Z,node-1,power_watt,100,{}')
  t.deepEqual([...new Set(whole.lines.slice(1).map(line => line.split(',')[1]))], ['node-1', 'node-2'])
  await drag(page, 0, 0.1)
  await page.waitForFunction(() => location.hash.includes('zoom='))
  const part = await csvOf(page, () => page.locator('#csv').click())
  t.is(part.name, 'kwollect.csv')
  t.true(part.lines.length > 100 && part.lines.length < 150, String(part.lines.length))
})

test.serial('a link restores the view: choice, time, zoom, rates, hidden lines', async t => {
  const first = await openView(t, browser, site, { ...power, metrics: 'power_watt,network_bytes_total' })
  await panel(first.page, 'power_watt').getByRole('button', { name: 'node-10' }).click()
  await panel(first.page, 'network_bytes_total').getByRole('button', { name: 'Rate' }).click()
  await first.page.getByRole('button', { name: 'Zoom in' }).click()
  const second = await openTab(t, browser, first.page.url())
  await untilShown(second)
  t.is(second.page.url(), first.page.url())
  t.deepEqual(await plotTitles(second), ['power_watt', 'network_bytes_total'])
  const row = panel(second.page, 'power_watt').getByRole('button', { name: 'node-10' })
  t.is(await row.getAttribute('aria-pressed'), 'false')
  const rate = panel(second.page, 'network_bytes_total').getByRole('button', { name: 'Rate' })
  t.is(await rate.getAttribute('aria-pressed'), 'false')
  t.true(await second.page.getByRole('button', { name: 'Reset' }).isEnabled())
})

test.serial('Back leads to the choice before', async t => {
  const { page } = await openView(t, browser, site, power)
  await page.getByRole('option', { name: 'cpu_temp_celsius' }).click()
  await page.waitForFunction(() => document.querySelectorAll('.panel').length === 2)
  await page.goBack()
  await page.waitForFunction(() => document.querySelectorAll('.panel').length === 1)
  t.pass()
})

for (const [what, view] of [
  ['while the range ends now', { devices: 'node-5', metrics: 'power_watt', range: '5m' }],
  ['while the job runs', { job_id: '8', metrics: 'power_watt' }],
] as const) {
  test.serial(`new values come into the plot by themselves ${what}`, async t => {
    await site.admin`delete from site_jobs where job_id = 8`
    await site.admin`insert into site_jobs values (8, now() - interval '4 minutes', null, 'node-5')`
    await site.admin`
      insert into metrics (timestamp, device_id, metric_id, value)
      select now() - make_interval(secs => second), 'node-5', 'power_watt', 50 from generate_series(1, 100) as second`
    const tab = await openView(t, browser, site, view)
    t.deepEqual(await lineList(tab, 'power_watt'), ['node-5 50 W'])
    const live = tab.page.getByRole('button', { name: 'Live' })
    t.is(await live.getAttribute('aria-pressed'), 'true')
    await site.admin`insert into metrics (device_id, metric_id, value) values ('node-5', 'power_watt', 77)`
    await tab.page.waitForFunction(() => document.querySelector('.lines .value')?.textContent === '77\u00a0W')
    await site.admin`delete from metrics where device_id = 'node-5'`
    t.deepEqual(tab.complaints, [])
  })
}

/** Waits until the first plot has a line of that colour, or none. */
async function untilDrawn(page: Page, colour: string, state: 'present' | 'absent'): Promise<void> {
  // The pointer rests on the list and dims the other lines.
  await page.mouse.move(0, 0)
  for (let round = 0; round < 200; round++) {
    const count = await pixelsOf(page, 'power_watt', colour)
    if (state === 'present' ? count > 200 : count === 0) return
    await page.evaluate(() => new Promise(requestAnimationFrame))
  }
  throw new Error(`the line of colour ${colour} is not ${state}`)
}

const texts = async (locator: ReturnType<Page['locator']>) => (await locator.allTextContents()).map(plain)

async function csvOf(page: Page, ask: () => Promise<void>): Promise<{ name: string; lines: string[] }> {
  const [download] = await Promise.all([page.waitForEvent('download') as Promise<Download>, ask()])
  const text = readFileSync(await download.path(), 'utf8')
  return { name: download.suggestedFilename(), lines: text.trimEnd().split('\n') }
}
