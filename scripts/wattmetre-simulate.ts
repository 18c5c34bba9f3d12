import { setTimeout as wait } from 'node:timers/promises'
import {
  BadConfiguration,
  type OptionDefinitions,
  type OptionValues,
  readOptions,
} from '../sidecar/config.ts'

const simulateCommand = {
  name: 'wattmetre-simulate',
  summary:
    'Writes the lines of a wattmetre reading program in real time, to try kwollector-wattmetre without one.',
  options: {
    wattmetre_version: { kind: 'integer', default: 2, minimum: 2, maximum: 3, help: 'form of the lines' },
    ports: { kind: 'integer', default: 42, minimum: 1, maximum: 10_000, help: 'ports of the wattmetre' },
    rate: { kind: 'integer', default: 50, minimum: 1, maximum: 1_000, help: 'lines in a second' },
    duration: { kind: 'integer', minimum: 1, help: 'seconds to write for; for ever unless given' },
  },
} as const satisfies { name: string; summary: string; options: OptionDefinitions }

type Options = OptionValues<typeof simulateCommand.options>

process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const invocation = await readOptions(simulateCommand, process.argv.slice(2), process.env)
    if (invocation.kind === 'run') return await simulate(invocation.values)
    console.log(invocation.text)
    return 0
  } catch (error) {
    console.error(`wattmetre-simulate: ${(error as Error).message}`)
    return error instanceof BadConfiguration ? 2 : 1
  }
}

/** Writes until the duration is over or the reader gone. @returns the exit status */
async function simulate({ wattmetre_version, ports, rate, duration = Infinity }: Options): Promise<number> {
  const { stdout } = process
  let isReaderGone = false
  const readerGone = new Promise<void>(resolve => {
    stdout.on('error', () => {
      isReaderGone = true
      resolve()
    })
  })
  const lineOf = wattmetre_version === 3 ? lineOfVersion3 : lineOfVersion2
  // Whole milliseconds of both clocks: the wall clock names the times, the steady one paces them.
  const [wallStart, start] = [Date.now() * 1_000, performance.now()]
  const lines = duration * rate
  if (wattmetre_version === 3) stdout.write(headingOfVersion3(ports))
  for (let line = 0; line < lines && !isReaderGone; ) {
    const due = Math.min(lines, Math.floor(((performance.now() - start) / 1_000) * rate) + 1)
    let text = ''
    for (; line < due; line += 1) {
      text += lineOf(unixTime(wallStart + Math.round((line * 1e6) / rate)), powers(line, ports))
    }
    // A reader that is slow makes us wait, and write what became due meanwhile in a burst, as a device does.
    if (!stdout.write(text)) await Promise.race([drained(stdout), readerGone])
    await wait(Math.max(1, start + (line * 1_000) / rate - performance.now()))
  }
  return 0
}

async function drained(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>(resolve => stream.once('drain', resolve))
}

/** Watts with one decimal: every port draws its own base, and all swing with a period of 1,000 lines. */
function powers(line: number, ports: number): string[] {
  const swing = 10 * Math.sin((line * Math.PI) / 500)
  return Array.from({ length: ports }, (_, port) => (100 + port + swing).toFixed(1))
}

function unixTime(microseconds: number): string {
  return `${Math.floor(microseconds / 1e6)}.${String(microseconds % 1e6).padStart(6, '0')}`
}

function lineOfVersion2(time: string, watts: readonly string[]): string {
  return `1,1,${time},OK,${watts.join(',')}\n`
}

/** The heading that the reading program of version 3 begins with; the last six columns have no names here. */
function headingOfVersion3(ports: number): string {
  const columns = Array.from({ length: ports }, (_, port) => `,#current${port + 1},#activepow${port + 1}`)
  return `#timestamp,#frame_is_ok,#U1,#U2,#U3${columns.join('')},,,,,,\n`
}

function lineOfVersion3(time: string, watts: readonly string[]): string {
  const columns = watts.map(power => `,${(Number(power) / 230).toFixed(2)},${power}`)
  return `${time}000,true,230.0,230.0,230.0${columns.join('')},,,,,,\n`
}
