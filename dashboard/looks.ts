/** How a line is drawn. */
export interface Look {
  readonly colour: string
  /** Lengths in CSS pixels; empty for a full line. */
  readonly dash: readonly number[]
}

/** What canvases need to know of the theme; everything else is CSS. */
interface Inks {
  readonly text: string
  readonly grid: string
  readonly lines: readonly string[]
}

/**
 * Eight colours that people with any form of colour blindness tell apart (Okabe and Ito's, darkened or lightened until
 * each has a contrast of 3 to 1 with the background), so black and yellow are other ones.
 */
const light: Inks = {
  text: '#5a6472',
  grid: '#e6e9ee',
  lines: ['#0072b2', '#d55e00', '#00855f', '#b0468c', '#a87400', '#2a8cc7', '#6250a8', '#4d5662'],
}
const dark: Inks = {
  text: '#98a3b3',
  grid: '#262d38',
  lines: ['#4fa8e8', '#f08344', '#2ec4a0', '#e08bc0', '#e6b23a', '#8fd0f5', '#a99af0', '#aab4c2'],
}

/** From the ninth line on colours come again, with dashes. */
const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3]] as const

export function lookOf(index: number, inks: Inks): Look {
  const { lines } = inks
  return {
    colour: lines[index % lines.length] ?? inks.text,
    dash: dashes[Math.floor(index / lines.length) % dashes.length] ?? [],
  }
}

const system = matchMedia('(prefers-color-scheme: dark)')
const storageKey = 'kwollect theme'

type Theme = 'light' | 'dark'

/** What is seen now: the user's choice on this browser, else the system's. */
function currentTheme(): Theme {
  const chosen = document.documentElement.dataset.theme
  if (chosen === 'light' || chosen === 'dark') return chosen
  return system.matches ? 'dark' : 'light'
}

export function currentInks(): Inks {
  return currentTheme() === 'dark' ? dark : light
}

/** Takes the kept choice over, and calls `changed` whenever the colours become others. */
export function watchTheme(changed: () => void): void {
  const kept = readStorage()
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset.theme = kept
  system.addEventListener('change', changed)
}

export function switchTheme(): Theme {
  const theme = currentTheme() === 'dark' ? 'light' : 'dark'
  document.documentElement.dataset.theme = theme
  try {
    localStorage.setItem(storageKey, theme)
  } catch {
    // A browser that keeps nothing for pages shows the choice until it is closed.
  }
  return theme
}

function readStorage(): string | null {
  try {
    return localStorage.getItem(storageKey)
  } catch {
    return null
  }
}
