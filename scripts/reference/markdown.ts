/** A table; a line break or a bar in a cell would end it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.map(cell).join(' | ')} |`)
  return lines.map(line => line.replaceAll(/ +\|/g, ' |')).join('\n')
}

/** A phrase as a sentence: a capital letter and a full stop. */
export function sentence(phrase: string): string {
  const text = phrase.replace(/^[a-z](?=[a-z ])/, letter => letter.toUpperCase())
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function cell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
