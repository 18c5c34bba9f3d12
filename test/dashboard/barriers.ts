import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** Rules of axe-core that are broken with serious or critical impact, and where. */
export async function barriers(page: Page): Promise<string[]> {
  // By the debugger, which the Content-Security-Policy lets through; a script element it would not.
  const results = (await page.evaluate(`${readAxe()}; axe.run()`)) as AxeResults
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    )
}

let axe: string | undefined
function readAxe(): string {
  axe ??= readFileSync(axeFile, 'utf8')
  return axe
}
