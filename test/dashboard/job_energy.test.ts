import test from 'ava'
import type { Browser } from 'playwright-core'
import { fileScope } from '../harness/scope.ts'
import { barriers } from './barriers.ts'
import { openView, panel, startBrowser, type Tab, untilShown } from './browser.ts'
import { drag, plain } from './pointer.ts'
import { begin, end, makeSite, type Site } from './site.ts'

const file = fileScope(test)
let site: Site
let browser: Browser

/**
 * Beside the jobs of the site: 10 on a node with an energy counter of 50 J/s and a power of the same instrument, 11 on
 * one with temperatures alone, 12 on node-1 and a node of which nothing is known.
 */
test.before(async () => {
  ;[site, browser] = await Promise.all([makeSite(file), startBrowser(file)])
  await site.admin`
    insert into metrics (timestamp, device_id, metric_id, value)
    select ${begin}::timestamptz + make_interval(secs => second), 'node-3', metric_id, value
      from generate_series(0, 600, 10) as second
     cross join lateral (
             values ('node_energy_joules_total', 50.0 * second)
                  , ('node_power_watt', 50.0)
           ) as measured (metric_id, value)
     union all
    select ${begin}::timestamptz + make_interval(secs => second), 'node-4', 'cpu_temp_celsius', 40
      from generate_series(0, 600, 10) as second`
  await site.admin`
    insert into site_jobs
    select job_id, ${begin}, ${end}, node
      from (values (10, 'node-3'), (11, 'node-4'), (12, 'node-1'), (12, 'node-99')) as given (job_id, node)`
})

const section = ({ page }: Tab) => page.locator('#job-energy')

/** The sentences of the section once the server has answered. */
async function sentences(tab: Tab): Promise<string[]> {
  const found = section(tab).locator('.sentence')
  await found.first().waitFor()
  return (await found.allTextContents()).map(plain)
}

/** The rows of the table of the nodes, opened with the mouse. */
async function nodeRows(tab: Tab): Promise<string[][]> {
  await section(tab).getByText('Nodes', { exact: true }).click()
  const rows = section(tab).locator('tbody tr, tfoot tr')
  await rows.first().waitFor()
  return rows.evaluateAll(found =>
    found.map(row =>
      [...row.children].map(({ textContent }) => (textContent ?? '').replaceAll('\u00a0', ' ')),
    ),
  )
}

test.serial(
  'a job has its energy by node and in all, with the share of the time that has data and the longest gap',
  async t => {
    const tab = await openView(t, browser, site, { job_id: '7', metrics: 'power_watt' })
    // 100 W for 600 s, and 200 W for 420 of 600 s: 144 kJ in 1020 of 1200 s.
    t.deepEqual(await sentences(tab), [
      'power_watt of 2 nodes: 40 Wh (144 kJ) from power by trapezoid; data for 85 % of the time, longest gap 3 min',
    ])
    t.is(await section(tab).getByRole('heading').textContent(), 'Energy of job 7')
    t.deepEqual(await nodeRows(tab), [
      ['node-1', '16.67 Wh', '60 kJ', '100 % of 10 min', 'none', '601'],
      ['node-2', '23.33 Wh', '84 kJ', '70 % of 10 min', '3 min', '422'],
      ['All nodes', '40 Wh', '144 kJ', '85 % of 20 min', '3 min', '1,023'],
    ])
    t.deepEqual(tab.complaints, [])
  },
)

test.serial('the energy is of all the job, whatever part and which of its nodes are shown', async t => {
  const view = { job_id: '7', devices: 'node-1', metrics: 'cpu_temp_celsius', start_time: begin }
  const tab = await openView(t, browser, site, { ...view, end_time: '2026-01-10T12:01:00Z' })
  const [sentence] = await sentences(tab)
  t.regex(sentence ?? '', /^power_watt of 2 nodes: 40 Wh/)
})

test.serial('the page adds nothing up itself where the server tells the energy of a job', async t => {
  const tab = await openView(t, browser, site, { job_id: '7', metrics: 'power_watt' })
  await sentences(tab)
  t.is(await panel(tab.page, 'power_watt').locator('.energy').textContent(), '')
  await panel(tab.page, 'power_watt').getByText('Figures').click()
  // The table is made once the browser has opened its place.
  await panel(tab.page, 'power_watt').locator('tbody tr').first().waitFor()
  const headings = panel(tab.page, 'power_watt').locator('thead th')
  t.deepEqual(await headings.allTextContents(), ['Line', 'Lowest', 'Mean', 'Highest', 'Last', 'Values'])
  await tab.page.locator('#leave-job').click()
  await section(tab).waitFor({ state: 'hidden' })
})

test.serial('an energy counter is named as the source, and the power of its instrument left out', async t => {
  const tab = await openView(t, browser, site, { job_id: '10', metrics: 'node_power_watt' })
  t.deepEqual(await sentences(tab), [
    'node_energy_joules_total of 1 node: 8.333 Wh (30 kJ) from an energy counter; data for 100 % of the time, no gap',
  ])
})

test.serial('nodes of a job that were not measured are counted and named', async t => {
  const tab = await openView(t, browser, site, { job_id: '12', metrics: 'power_watt' })
  t.deepEqual(await sentences(tab), [
    'power_watt of 1 of 2 nodes: 16.67 Wh (60 kJ) from power by trapezoid; data for 50 % of the time, longest gap 10 min',
  ])
  t.deepEqual((await nodeRows(tab))[1], ['node-99', '–', '–', 'none', '–', '0'])
})

test.serial('a job without a power says so in a sentence', async t => {
  const tab = await openView(t, browser, site, { job_id: '11', metrics: 'cpu_temp_celsius' })
  const message = section(tab).locator('.message')
  await message.getByText('It is not known').waitFor()
  t.regex((await message.textContent()) ?? '', /whose names end in …_watt, …_joules_total/)
  t.is(await section(tab).locator('.sentence, table').count(), 0)
})

test.serial('a finished job is asked about once, and again when its number is', async t => {
  const tab = await openView(t, browser, site, { job_id: '7', metrics: 'power_watt' })
  const asked = () => tab.requests.filter(url => url.includes('get_job_energy')).length
  await sentences(tab)
  await tab.page.getByRole('option', { name: 'cpu_temp_celsius' }).click()
  await tab.page.waitForFunction(() => document.querySelectorAll('.panel').length === 2)
  await untilShown(tab)
  t.is(asked(), 1)
  const again = tab.page.waitForRequest(request => request.url().includes('get_job_energy'))
  await tab.page.getByRole('button', { name: 'Show', exact: true }).click()
  await again
  t.is(asked(), 2)
})

test.serial(
  'the energy of a running job grows as the plots do, and is final when the job has ended',
  async t => {
    await site.admin`insert into site_jobs values (8, now() - interval '4 minutes', null, 'node-5')`
    await site.admin`
    insert into metrics (timestamp, device_id, metric_id, value)
    select start_time + make_interval(secs => second), 'node-5', 'power_watt', 60
      from site_jobs
     cross join generate_series(10, 210) as second
     where job_id = 8`
    const tab = await openView(t, browser, site, { job_id: '8', metrics: 'power_watt' })
    // 200 s of 60 W
    t.regex((await sentences(tab))[0] ?? '', /: 3\.333 Wh \(12 kJ\)/)
    t.regex((await section(tab).locator('.note').textContent()) ?? '', /^so far, until \d{4}-/)
    await section(tab).getByText('Nodes', { exact: true }).click()
    await site.admin`
    insert into metrics (timestamp, device_id, metric_id, value)
    select max(timestamp) + interval '20 s', 'node-5', 'power_watt', 60 from metrics where device_id = 'node-5'`
    await tab.page.getByText('3.667 Wh (13.2 kJ)').waitFor()
    t.is(await section(tab).locator('tbody td').nth(1).textContent(), '13.2\u00a0kJ')
    await site.admin`update site_jobs set stop_time = start_time + interval '110 s' where job_id = 8`
    await tab.page.getByText('1.667 Wh (6 kJ)').waitFor()
    t.is(await section(tab).locator('.note').textContent(), '')
    t.deepEqual(tab.complaints, [])
  },
)

test.serial('what the server refuses is said in place of the figures, and can be tried again', async t => {
  await site.admin`revoke execute on function api.get_job_energy from kwollect_reader`
  const tab = await openView(t, browser, site, { job_id: '7', metrics: 'power_watt' })
  const alert = section(tab).getByRole('alert')
  await alert.waitFor()
  t.regex((await alert.textContent()) ?? '', /^permission denied for function get_job_energy/)
  t.is(await tab.page.locator('.panel .lines li').count(), 2)
  await site.admin`grant execute on function api.get_job_energy to kwollect_reader`
  await alert.getByRole('button', { name: 'Try again' }).click()
  t.regex((await sentences(tab))[0] ?? '', /40 Wh/)
  t.is(await alert.count(), 0)
})

for (const [name, options] of [
  ['light', { colorScheme: 'light' }],
  ['dark, on a phone', { colorScheme: 'dark', viewport: { width: 360, height: 740 } }],
] as const)
  test.serial(
    `${name}: the nodes are opened by keys, nothing is wider than the window, no barrier that axe-core calls serious`,
    async t => {
      const tab = await openView(t, browser, site, { job_id: '7', metrics: 'power_watt' }, options)
      await sentences(tab)
      await section(tab).locator('summary').focus()
      await tab.page.keyboard.press('Enter')
      await section(tab).locator('tfoot').waitFor()
      await tab.page.keyboard.press('Tab')
      const focused = await tab.page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
      t.is(focused, 'Energy of each node by power_watt')
      t.is(await tab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)
      t.deepEqual(await barriers(tab.page), [])
      t.deepEqual(tab.complaints, [])
    },
  )

test.serial('with a zoom into the plots of a job its energy stays', async t => {
  const tab = await openView(t, browser, site, { job_id: '7', metrics: 'power_watt' })
  const before = await sentences(tab)
  await drag(tab.page, 0, 0.5)
  await tab.page.waitForFunction(() => location.hash.includes('zoom='))
  t.deepEqual(await sentences(tab), before)
})
