import type { Page } from 'playwright-core'

/** Puts the pointer into the first plot, at a share of its width. */
export async function pointAt(page: Page, share: number): Promise<void> {
  const box = await plotBox(page)
  await page.mouse.move(box.x + box.width * share, box.y + box.height / 2)
  await page.waitForFunction(() => !document.querySelector<HTMLElement>('.tooltip')?.hidden)
}

export async function drag(page: Page, from: number, to: number): Promise<void> {
  const box = await plotBox(page)
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + box.width * from, y)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * ((from + to) / 2), y)
  await page.mouse.move(box.x + box.width * to, y)
  await page.mouse.up()
}

async function plotBox(page: Page) {
  const box = await page.locator('.u-over').first().boundingBox()
  if (box === null) throw new Error('there is no plot')
  return box
}

/** Numbers stand beside their units with a space that does not break. */
export function plain(text: string | null): string {
  return (text ?? '').replaceAll('\u00a0', ' ')
}
