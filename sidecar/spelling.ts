/**
 * @returns `; did you mean <prefix><name>?` for the known name that lies nearest to a misspelt one, or ''
 *   where none is near (more than a third of the letters differ)
 */
export function didYouMean(misspelt: string, known: Iterable<string>, prefix = ''): string {
  const name = nearest(misspelt, known)
  return name === undefined ? '' : `; did you mean ${prefix}${name}?`
}

/** @returns the known name with the fewest wrong, missing, added or swapped letters, if it is near at all */
export function nearest(misspelt: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  // Longer words are never near an option, and the comparison is quadratic.
  let fewest = misspelt.length > 64 ? 0 : Math.floor(misspelt.length / 3) + 1
  for (const name of known) {
    const edits = distance(misspelt, name)
    if (edits < fewest) {
      best = name
      fewest = edits
    }
  }
  return best
}

/** Optimal string alignment distance: Levenshtein's, with a swap of two neighbours as one edit. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? 0
}

/** @returns a wrong value as a message shows it: short, and quoted where it would not be seen or is not ASCII */
export function shownValue(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}...` : text
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(short) ? short : JSON.stringify(short)
}
