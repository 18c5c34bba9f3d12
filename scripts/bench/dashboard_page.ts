import type { Browser, Page } from 'playwright-core'

/** The 12 metrics of a node in data.sql. */
export const metrics = [
  'bmc_node_power_watt',
  'bmc_ambient_temp_celsius',
  'bmc_cpu_temp_celsius',
  'bmc_fan_speed_rpm',
  'network_ifacein_bytes_total',
  'network_ifaceout_bytes_total',
  'network_ifacein_packets_total',
  'network_ifaceout_packets_total',
  'prom_node_load1',
  'prom_node_cpu_seconds_total',
  'prom_node_memory_MemFree_bytes',
  'prom_node_filesystem_free_bytes',
] as const

/** In CSS pixels. */
export interface WindowSize {
  readonly width: number
  readonly height: number
}

/** High enough for all plots: one that cannot be seen is not drawn, and would cost nothing. */
export const tallWindow: WindowSize = { width: 1280, height: 4600 }

/** Milliseconds between frames, in two rounds of work. The values are those of the page, the plots those in the window. */
export interface Frames {
  readonly moving: readonly number[]
  readonly zooming: readonly number[]
  readonly values: number
  readonly plots: number
}

/** @returns milliseconds from the request for the page to its first content */
export async function firstPaint(browser: Browser, url: string): Promise<number> {
  return inPage(browser, url, tallWindow, page =>
    // As a text, here and below: the program's types are Node's, where there is no document.
    page.evaluate<number>(`new Promise(resolve => {
      const look = () => {
        const paint = performance.getEntriesByName('first-contentful-paint')[0]
        paint === undefined ? setTimeout(look, 5) : resolve(paint.startTime)
      }
      look()
    })`),
  )
}

/** @returns milliseconds from the click on "Show" until all plots are drawn, and what they show */
export async function drawJob(
  browser: Browser,
  url: string,
  job: number,
): Promise<{ ms: number; values: number }> {
  return inPage(browser, `${url}#metrics=${metrics.join(',')}`, tallWindow, async page => {
    await page.getByLabel('Job').fill(String(job))
    const ms = await page.evaluate<number>(`(async () => {
      const begin = performance.now()
      document.querySelector('#job-form button').click()
      const isDrawn = () =>
        / in [\\d.]+ s$/.test(document.querySelector('#status').textContent) &&
        document.querySelectorAll('.panel .plot').length === ${metrics.length} &&
        document.querySelector('[aria-busy="true"]') === null
      while (!isDrawn()) await new Promise(requestAnimationFrame)
      // The page draws two plots a frame.
      for (let frame = 0; frame < ${2 + metrics.length / 2}; frame++) await new Promise(requestAnimationFrame)
      return performance.now() - begin
    })()`)
    return { ms, values: await shownValues(page) }
  })
}

/**
 * Zooms all plots with the wheel, and drags them along with Shift until the values beside what was shown have been
 * read too: as fast as the page follows.
 */
export async function moveAndZoom(browser: Browser, url: string, window: WindowSize): Promise<Frames> {
  return inPage(browser, url, window, async page => {
    await page.locator('#status', { hasText: / in [\d.]+ s$/ }).waitFor()
    const values = await shownValues(page)
    const box = await page.locator('.u-over').first().boundingBox()
    if (box === null) throw new Error('there is no plot')
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    await page.mouse.move(middle.x, middle.y)
    const zooming = await frames(page, async () => {
      await page.keyboard.down('Control')
      for (let step = 0; step < 6; step++) await page.mouse.wheel(0, -100)
      for (let step = 0; step < 6; step++) await page.mouse.wheel(0, 100)
      await page.keyboard.up('Control')
    })
    await page.keyboard.press('Escape')
    const moving = await frames(page, async () => {
      // Begun before the drag: where that halts, the page reads in the midst of it.
      const finer = page.evaluate(`(async () => {
        const isBusy = () => document.querySelector('[aria-busy="true"]') !== null
        while (!isBusy()) await new Promise(requestAnimationFrame)
        while (isBusy()) await new Promise(requestAnimationFrame)
      })()`)
      await page.keyboard.down('Shift')
      await page.mouse.down()
      for (let step = 0; step < 40; step++) await page.mouse.move(middle.x + 3 * step, middle.y)
      await page.mouse.up()
      await page.keyboard.up('Shift')
      await finer
    })
    const plots = await page.evaluate<number>(
      `[...document.querySelectorAll('.u-over')].filter(plot => plot.getBoundingClientRect().top < innerHeight).length`,
    )
    return { moving, zooming, values, plots }
  })
}

/** @returns milliseconds between the frames that came during the work */
async function frames(page: Page, work: () => Promise<void>): Promise<number[]> {
  await page.evaluate(`
    globalThis.frameTimes = []
    globalThis.isCounting = true
    const count = time => {
      frameTimes.push(time)
      if (isCounting) requestAnimationFrame(count)
    }
    requestAnimationFrame(count)`)
  await work()
  const times = await page.evaluate<number[]>(`(async () => {
    isCounting = false
    await new Promise(requestAnimationFrame)
    await new Promise(requestAnimationFrame)
    return frameTimes
  })()`)
  return times.slice(1).map((time, index) => time - (times[index] ?? time))
}

async function shownValues(page: Page): Promise<number> {
  const said = (await page.locator('#status').textContent()) ?? ''
  return Number(/([\d,]+) values/.exec(said)?.[1]?.replaceAll(',', ''))
}

/** In a tab with nothing kept of another one. */
async function inPage<T>(
  browser: Browser,
  url: string,
  window: WindowSize,
  work: (page: Page) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({ viewport: window })
  try {
    const page = await context.newPage()
    await page.goto(url)
    return await work(page)
  } finally {
    await context.close()
  }
}
