import test from 'ava'
import { openLog } from '../../sidecar/log.ts'

function lines(level: Parameters<typeof openLog>[0]) {
  const written: string[] = []
  return { log: openLog(level, line => written.push(line)), written }
}

test('a line is a time, a level and the sentence', t => {
  const { log, written } = lines('debug')
  for (const level of ['debug', 'info', 'warning', 'error'] as const) log[level](`a sentence of ${level}`)
  t.is(written.length, 4)
  for (const [index, level] of ['debug', 'info', 'warning', 'error'].entries()) {
    t.regex(
      written[index] ?? '',
      new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]{12}Z ${level} a sentence of ${level}\\n$`),
    )
  }
})

test('what is less important than the level is not written', t => {
  const { log, written } = lines('warning')
  log.debug('no')
  log.info('no')
  log.warning('yes')
  log.error('yes')
  t.is(written.length, 2)
})

test('what a device answered can neither look like another line nor steer a terminal', t => {
  const { log, written } = lines('info')
  log.info('HTTP \r\n2026-11-22T10:00:00.000Z error forged \u001b[2J\u0000 % %s')
  t.is(written.length, 1)
  t.regex(written[0] ?? '', /^\S+ info HTTP 2026-11-22T10:00:00.000Z error forged \ufffd\[2J\ufffd % %s\n$/)
})
