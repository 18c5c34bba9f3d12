import { pino } from 'pino'

export type LogLevel = 'debug' | 'info' | 'warning' | 'error'

/** Sentences for an administrator, one a line; they never hold a secret. */
export interface Log {
  debug(sentence: string): void
  info(sentence: string): void
  warning(sentence: string): void
  error(sentence: string): void
}

const numbers = { debug: 20, info: 30, warning: 40, error: 50 } as const
const names = new Map<number, string>(Object.entries(numbers).map(([name, number]) => [number, name]))

/**
 * Plain lines (`2026-11-22T10:00:00.000Z warning …`), because people read them in a journal; pino's JSON
 * would hide the sentence among fields.
 */
export function openLog(level: LogLevel, write: (line: string) => void): Log {
  return pino(
    { level, customLevels: numbers, useOnlyCustomLevels: true, base: null },
    {
      write(json: string) {
        const entry = JSON.parse(json) as { level: number; time: number; msg: string }
        write(`${new Date(entry.time).toISOString()} ${names.get(entry.level)} ${inOneLine(entry.msg)}\n`)
      },
    },
  )
}

/** A message may quote a device or a server: it must neither look like other lines nor steer a terminal. */
function inOneLine(message: string): string {
  return message.replace(/\s*[\r\n]+\s*/g, ' ').replace(/\p{Cc}/gu, '\ufffd')
}
