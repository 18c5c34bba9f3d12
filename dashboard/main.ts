/** The graphical view, served by api.dashboard: assembled into one page by scripts/assemble_dashboard.ts. */
import { watchTheme } from './looks.ts'
import { Session } from './session.ts'

watchTheme(() => session.redraw())
const session = new Session()
session.start()
