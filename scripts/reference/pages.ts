import type postgres from 'postgres'
import { commandsPage } from './commands.ts'
import { httpPage, sqlPage } from './database.ts'

const mark = '<!-- Made by `npm run docs` from the program itself: do not edit. -->\n\n'

/**
 * The pages of docs/reference by file name, from the definitions of the options and the comments of the database.
 *
 * @param sql a connection to a database that kwollect-setup-db has made, as its administrator
 */
export async function referencePages(sql: postgres.Sql): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['commands.md', mark + commandsPage()],
    ['sql.md', mark + (await sqlPage(sql))],
    ['http.md', mark + (await httpPage(sql))],
  ])
}
