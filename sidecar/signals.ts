/** What the administrator asks a program for by signals. */
export interface AskedBySignals {
  /** Settles at SIGTERM or SIGINT. */
  readonly toStop: Promise<void>
  /** Calls back at each SIGHUP, and at once for one that came before there was a listener. */
  onHangup(listener: () => void): void
}

/** Listens from now on: a signal that comes while the program starts counts too. */
export function signalsFrom(program: NodeJS.Process): AskedBySignals {
  let onHangup: (() => void) | undefined
  let hungUp = false
  program.on('SIGHUP', () => {
    if (onHangup === undefined) hungUp = true
    else onHangup()
  })
  const toStop = new Promise<void>(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) program.on(signal, () => resolve())
  })
  return {
    toStop,
    onHangup(listener) {
      onHangup = listener
      if (hungUp) listener()
    },
  }
}
