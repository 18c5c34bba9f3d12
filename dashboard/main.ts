/** The graphical view, served by api.dashboard: assembled into one page by scripts/assemble_dashboard.ts. */
import { byId } from './dom.ts'
import { watchTheme } from './looks.ts'
import { Session } from './session.ts'

watchTheme(() => session.redraw())
const session = new Session()
session.start()

// The lists stay below the controls, which take two rows where the window is narrow.
const controls = byId('top', HTMLElement)
new ResizeObserver(() => {
  document.documentElement.style.setProperty('--top', `${controls.offsetHeight}px`)
}).observe(controls)
