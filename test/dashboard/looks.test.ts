import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { repository } from '../harness/processes.ts'
import { fileScope } from '../harness/scope.ts'
import { barriers } from './barriers.ts'
import { lineList, openTab, openView, plotTitles, startBrowser, type Tab, untilShown } from './browser.ts'
import { begin, makeSite, type Site, wholeTime } from './site.ts'

const file = fileScope(test)
let site: Site
let browser: Browser

test.before(async () => {
  ;[site, browser] = await Promise.all([makeSite(file), startBrowser(file)])
})

const view = {
  devices: 'node-1,node-2,node-10',
  metrics: 'power_watt,cpu_temp_celsius,network_bytes_total',
  ...wholeTime,
}
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }
const looks: readonly [name: string, options: BrowserContextOptions][] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { ...phone, colorScheme: 'light' }],
  ['phone-dark', { ...phone, colorScheme: 'dark' }],
]

for (const [name, options] of looks) {
  test.serial(
    `${name}: no barrier that axe-core calls serious, with plots, figures and a message`,
    async t => {
      const tab = await openView(t, browser, site, view, options)
      await tab.page.getByText('Figures').first().click()
      t.deepEqual(await barriers(tab.page), [])
      await tab.page.evaluate(() => {
        location.hash = 'job_id=12345'
      })
      await tab.page.getByText('Job 12345 is unknown').waitFor()
      t.deepEqual(await barriers(tab.page), [])
      t.deepEqual(tab.complaints, [])
    },
  )

  test.serial(`${name}: nothing is wider than the window`, async t => {
    const { page } = await openView(t, browser, site, view, options)
    if (options.isMobile) t.is(await page.evaluate(() => innerWidth), 360)
    t.is(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)
    await page.getByText('Figures').first().click()
    await page.getByLabel('Time').selectOption({ label: 'From … to …' })
    t.is(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll('button, select, h2')]
        .filter(({ clientWidth, scrollWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 1)
        .map(({ textContent }) => textContent),
    )
    t.deepEqual(cut, [])
  })

  test.serial(`${name}: a picture for who reviews the page is in test-output/`, async t => {
    const { page } = await openView(t, browser, site, view, options)
    const folder = join(repository, 'test-output')
    mkdirSync(folder, { recursive: true })
    const picture = await page.screenshot({ path: join(folder, `dashboard-${name}.png`) })
    t.true(picture.length > 20_000)
  })
}

test.serial('the switch between light and dark is kept by the browser', async t => {
  const tab = await openView(t, browser, site, view, { colorScheme: 'light' })
  const ground = () => tab.page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await ground()
  await tab.page.getByRole('button', { name: 'Switch between light and dark' }).click()
  const dark = await ground()
  t.not(dark, light)
  await tab.page.reload()
  await untilShown(tab)
  t.is(await ground(), dark)
})

test.serial('nothing moves for who asked for less motion', async t => {
  const still = await openView(
    t,
    browser,
    site,
    { devices: 'node-1', metrics: 'power_watt' },
    { reducedMotion: 'reduce' },
  )
  const moving = await openView(
    t,
    browser,
    site,
    { devices: 'node-1', metrics: 'power_watt' },
    { reducedMotion: 'no-preference' },
  )
  const animation = ({ page }: Tab) =>
    page.locator('#live').evaluate(button => getComputedStyle(button, '::before').animationName)
  t.deepEqual([await animation(still), await animation(moving)], ['none', 'breathe'])
})

test.serial('Tab reaches every control, each with a name and a visible focus', async t => {
  const { page } = await openView(t, browser, site, view)
  const seen = new Set<string>()
  const hidden: string[] = []
  for (let step = 0; step < 80; step++) {
    await page.keyboard.press('Tab')
    const found = await page.evaluate(() => {
      const focused = document.activeElement
      if (focused === null || focused === document.body) return undefined
      const style = getComputedStyle(focused)
      const name = focused.getAttribute('aria-label') ?? focused.id ?? ''
      const text = (focused.textContent ?? '').trim().slice(0, 20)
      return {
        name: `${focused.tagName} ${name} ${text}`,
        hasOutline: style.outlineStyle !== 'none' && style.outlineWidth !== '0px',
      }
    })
    if (found === undefined || (seen.has(found.name) && seen.size > 20 && step > 60)) break
    seen.add(found.name)
    if (!found.hasOutline) hidden.push(found.name)
  }
  t.deepEqual(hidden, [])
  const all = [...seen].join('\n')
  for (const control of [
    'INPUT job',
    'SELECT range',
    'Zoom in',
    'Copy link',
    'Search devices',
    'Devices',
    'Metrics',
    'DIV',
    'Rate',
    'node-10',
    'SUMMARY',
  ])
    t.true(all.includes(control), `${control} in\n${all}`)
})

const hostileNames = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  `"quoted" 'single' \\back\\slash`,
  '\u202eright to left\u202c שלום مرحبا',
  '👩‍🔬🔥 émoji',
  '{"json": [1]}',
  '&lt;b&gt; %3Cb%3E #?&=+/',
]

test.serial(
  'names and labels that look like markup, break quotes or run backwards are shown as they are',
  async t => {
    for (const name of hostileNames)
      await site.admin`
      insert into metrics (timestamp, device_id, metric_id, value, labels)
      select ${begin}::timestamptz + make_interval(secs => second), ${name}, ${`m${name}`}, 5, jsonb_build_object(${name}::text, side)
        from generate_series(0, 600, 60) as second
       cross join unnest(array[${name}, ${'<b>other</b>'.repeat(5400)}]) as side`
    const tab = await openTab(
      t,
      browser,
      site.page({
        devices: hostileNames.join(','),
        metrics: hostileNames.map(name => `m${name}`).join(','),
        ...wholeTime,
      }),
    )
    tab.page.on('dialog', dialog => t.fail(`a dialog: ${dialog.message()}`))
    await untilShown(tab)
    t.deepEqual(
      await plotTitles(tab),
      hostileNames.map(name => `m${name}`),
    )
    for (const name of hostileNames) {
      const lines = await lineList(tab, `m${name}`)
      t.is(lines.length, 2)
      t.true(
        lines.every(line => line.startsWith(`${name} ${name}=`) && line.length < 300),
        lines.join('\n'),
      )
    }
    const options = await tab.page
      .getByRole('listbox', { name: 'Devices' })
      .getByRole('option')
      .allTextContents()
    t.true(
      hostileNames.every(name => options.includes(name)),
      options.join('\n'),
    )
    t.is(await tab.page.locator('main b, main img, main script, aside b, aside img').count(), 0)
    t.is(await tab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)
    await tab.page.getByText('Figures').first().click()
    t.deepEqual(tab.complaints, [])
  },
)
