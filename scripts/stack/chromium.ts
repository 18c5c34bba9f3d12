import { type Browser, chromium } from 'playwright-core'
import { findProgram, ProgramMissing } from './programs.ts'

/** Starts the system's Chromium without a window. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findProgram('chromium')
  if (executablePath === undefined)
    throw new ProgramMissing('chromium is not installed: run scripts/bootstrap --for-tests')
  // Its sandbox refuses root.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
}
