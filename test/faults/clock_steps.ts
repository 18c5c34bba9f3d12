/**
 * `node --import clock_steps.ts PROGRAM`: the program's wall clock, which in Node is `Date` alone, steps at SIGUSR2 by
 * as many milliseconds as the file CLOCK_STEP_FILE says. Timers follow the monotonic clock, which no step moves.
 */
import { readFileSync } from 'node:fs'

const systemNow = Date.now
let step = 0
process.on('SIGUSR2', () => {
  step = Number(readFileSync(process.env.CLOCK_STEP_FILE ?? '', 'utf8'))
  console.log(`the clock is set by ${step} ms`)
})
Date.now = () => systemNow() + step
globalThis.Date = new Proxy(Date, {
  construct: (target, moment) =>
    Reflect.construct(target, moment.length === 0 ? [Date.now()] : moment) as object,
})
