/** What goes on with a line: it is whole, longer than the limit, or the input ended before its line feed. */
export type LineEnd = 'whole' | 'too long' | 'cut off'

/** A real line has some hundred bytes; a thousand ports take some ten thousand. */
const longestLine = 128 * 1024

/**
 * Cuts a stream of bytes into lines, wherever its pieces begin and end. A stream without line feeds takes no
 * memory: what is longer than 128 KiB is handed on once, cut, and the rest of that line passed over.
 */
export class LineCutter {
  readonly #take: (line: string, end: LineEnd) => void
  #rest = ''
  /** Inside a line that was too long. */
  #isPassing = false

  /** @param take gets each line without LF or CR LF; bytes beyond ASCII as Latin-1, so that none is an error */
  constructor(take: (line: string, end: LineEnd) => void) {
    this.#take = take
  }

  push(piece: Buffer): void {
    let start = 0
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      this.#append(piece.toString('latin1', start, end))
      this.#endLine()
      start = end + 1
    }
    this.#append(piece.toString('latin1', start))
  }

  /** The input is over: what lacks its line feed is handed on as cut off. */
  end(): void {
    const line = withoutCarriageReturn(this.#rest)
    this.#rest = ''
    if (line !== '') this.#take(line, 'cut off')
  }

  #append(text: string): void {
    if (this.#isPassing) return
    this.#rest += text
    if (this.#rest.length <= longestLine) return
    this.#take(this.#rest.slice(0, longestLine), 'too long')
    this.#rest = ''
    this.#isPassing = true
  }

  #endLine(): void {
    const line = withoutCarriageReturn(this.#rest)
    const wasPassing = this.#isPassing
    this.#rest = ''
    this.#isPassing = false
    if (!wasPassing) this.#take(line, 'whole')
  }
}

function withoutCarriageReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
