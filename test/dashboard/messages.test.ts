import test from 'ava'
import type { Browser } from 'playwright-core'
import { fileScope } from '../harness/scope.ts'
import { lineList, openView, startBrowser, untilShown } from './browser.ts'
import { begin, end, makeSite, type Site, wholeTime } from './site.ts'

const file = fileScope(test)
let site: Site
let browser: Browser

test.before(async () => {
  ;[site, browser] = await Promise.all([makeSite(file), startBrowser(file)])
})

test.serial('an unknown job, one without a start, and a text that is no number are told apart', async t => {
  const tab = await openView(t, browser, site)
  for (const [text, message] of [
    ['12345', /^Job 12345 is unknown, or has not started\./],
    ['x', /^That is not the number of a job\./],
    [
      '9',
      /^Nothing has been stored of job 9\.It ran on node-99 between 2026-01-10 17:30:00 and 2026-01-10 17:40:00/,
    ],
  ] as const) {
    await tab.page.getByLabel('Job').fill(text)
    await tab.page.getByRole('button', { name: 'Show', exact: true }).click()
    await tab.page.waitForFunction(
      pattern => new RegExp(pattern).test(document.querySelector('#notice')?.textContent ?? ''),
      message.source,
    )
    t.is(await tab.page.locator('.panel').count(), 0)
  }
  t.deepEqual(tab.complaints, [])
})

test.serial(
  'where no scheduler is connected, a job’s number is answered with how to connect one',
  async t => {
    await site.admin`alter table site_jobs rename to kept_jobs`
    await site.admin`create table site_jobs (like kept_jobs)`
    await site.admin`
    create or replace view nodetime_per_job as select job_id, start_time, stop_time, node from site_jobs`
    await site.admin`grant select on site_jobs to kwollect_owner`
    try {
      const tab = await openView(t, browser, site, { job_id: '7' })
      t.regex((await tab.page.locator('#notice').textContent()) ?? '', /knows no jobs.*kwollect-setup-db-oar/)
    } finally {
      await site.admin`
      create or replace view nodetime_per_job as select job_id, start_time, stop_time, node from kept_jobs`
      await site.admin`drop table site_jobs`
      await site.admin`alter table kept_jobs rename to site_jobs`
    }
  },
)

test.serial(
  'a metric without values says why: nothing then, other devices, not promoted, promoted',
  async t => {
    const why = async (view: Readonly<Record<string, string>>) => {
      const { page } = await openView(t, browser, site, view)
      await page.waitForFunction(() => !document.querySelector<HTMLElement>('.message')?.hidden)
      return (await page.locator('.message').textContent()) ?? ''
    }
    const missing = { devices: 'node-2', metrics: 'network_bytes_total' }
    t.regex(
      await why({ ...missing, ...wholeTime }),
      /^No value of this metric between .* from node-2\. node-1 has it\.$/,
    )
    t.regex(
      await why({ ...missing, start_time: '2025-01-01', end_time: '2025-01-02' }),
      /perhaps it was not then/,
    )
    const optional = { devices: 'node-2', metrics: 'pdu_watt', range: '5m' }
    t.regex(await why(optional), /not promoted now: submit the job with “-t monitor”/)
    await site.admin`insert into promoted_metrics values ('node-2', 'pdu_.*')`
    t.regex(await why(optional), /It is promoted for node-2, so values should come/)
    await site.admin`delete from promoted_metrics`
  },
)

test.serial('answers that are text are shown as text', async t => {
  await site.admin`
    insert into metrics (timestamp, device_id, metric_id, labels)
    values (${begin}, 'node-1', 'serial_number', '{"value_str": "ZA<b>1"}')`
  const tab = await openView(t, browser, site, { devices: 'node-1', metrics: 'serial_number', ...wholeTime })
  t.is(await tab.page.locator('.message').textContent(), 'The answers are text, no numbers: node-1 “ZA<b>1”.')
})

test.serial('an error of the API is shown with its hint, and can be tried again', async t => {
  const { page } = await openView(t, browser, site, {
    devices: 'node-1',
    metrics: 'power_watt',
    start_time: '1',
    end_time: '999999999999',
  })
  const alert = page.getByRole('alert')
  t.regex((await alert.textContent()) ?? '', /^(start|end)_time is not a time: '\+\d.*Use ISO 8601/)
  await page.evaluate(
    view => location.assign(`#${view}`),
    new URLSearchParams({
      devices: 'node-1',
      metrics: 'power_watt',
      start_time: begin,
      end_time: end,
    }).toString(),
  )
  await page.waitForFunction(() => document.querySelectorAll('.lines li').length === 1)
  t.true(await page.locator('#notice').isHidden())
})

test.serial(
  'without any value of the last minute the page says that there is nothing to choose from',
  async t => {
    const { page } = await openView(t, browser, site)
    t.regex((await page.locator('#notice').textContent()) ?? '', /^There is nothing to choose from\./)
  },
)

test.serial(
  'a first visit to a small site shows all devices, and one to a large site asks what to show',
  async t => {
    await site.admin`
    insert into metrics (device_id, metric_id, value) values ('node-1', 'power_watt', 7), ('node-2', 'power_watt', 8)`
    const tab = await openView(t, browser, site)
    t.deepEqual(await lineList(tab, 'power_watt'), ['node-1 7 W', 'node-2 8 W'])
    await site.admin`
    insert into metrics (device_id, metric_id, value) select 'node-' || number, 'power_watt', 9 from generate_series(1, 20) as number`
    const other = await openView(t, browser, site)
    t.regex((await other.page.locator('#notice').textContent()) ?? '', /^What would you like to see\?/)
    t.is(await other.page.locator('.panel').count(), 0)
  },
)

test.serial('a server that went away is said, and asked again on demand', async t => {
  const tab = await openView(t, browser, site, { devices: 'node-1', metrics: 'power_watt', ...wholeTime })
  await tab.page.context().setOffline(true)
  await tab.page.getByLabel('Time').selectOption({ label: 'Last hour' })
  t.regex((await tab.page.getByRole('alert').textContent()) ?? '', /^The server does not answer\./)
  await tab.page.context().setOffline(false)
  await tab.page.getByRole('button', { name: 'Try again' }).click()
  await untilShown(tab)
  t.is(await tab.page.getByRole('alert').count(), 0)
})
