/**
 * What Grafana makes of a query before PostgreSQL sees it: first its page puts the variables in, then its server
 * expands the macros. Written from its documentation, to which each function names the page.
 */

/** What is chosen for a variable: one text, several, or All. */
export type Choice = string | readonly string[] | { readonly all: string }

export interface TimeRange {
  readonly from: Date
  readonly to: Date
  /** Seconds that a point of the plot is wide: `$__interval`. */
  readonly intervalSeconds: number
}

/** Grafana shows this instead of asking PostgreSQL. */
export class MacroMistake extends Error {
  override readonly name = 'MacroMistake'
}

/** The query as PostgreSQL gets it. */
export function expand(query: string, choices: Readonly<Record<string, Choice>>, range: TimeRange): string {
  return expandMacros(interpolate(query, choices), range)
}

/**
 * `${name:sqlstring}`: each value quoted, quotes in it doubled, several separated by commas; a double quote gets a
 * backslash, which is meant for MySQL. "All" with a value of its own is put in as it is, without quotes or escapes.
 * grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/#sqlstring and
 * …/variables/add-template-variables/#custom-all-value
 *
 * @throws where a query uses a variable without this format: what that gives depends on Grafana's version
 */
function interpolate(query: string, choices: Readonly<Record<string, Choice>>): string {
  return query.replace(/\$\{?(\w+)(?::(\w+))?\}?/g, (text, name: string, format: string | undefined) => {
    if (name.startsWith('__')) return text
    const choice = choices[name]
    if (choice === undefined || format !== 'sqlstring') throw new Error(`${text} is not expanded here`)
    if (typeof choice === 'object' && 'all' in choice) return choice.all
    return [choice].flat().map(sqlString).join(',')
  })
}

function sqlString(value: string): string {
  return `'${value.replaceAll("'", "''").replaceAll('"', '\\"')}'`
}

/**
 * `$__name(arguments)`, where a data source has TimescaleDB switched on; in quotes too, because it does not read SQL.
 * grafana.com/docs/grafana/latest/datasources/postgres/query-editor/#macros
 *
 * @throws {MacroMistake} for a macro that is none, or that the dashboard has no business with
 */
function expandMacros(query: string, { from, to, intervalSeconds }: TimeRange): string {
  const time = (date: Date) => `'${date.toISOString().replace(/\.?0*Z$/, 'Z')}'`
  const bucket = (column = '', width = '') => `time_bucket('${seconds(width).toFixed(3)}s',${column})`
  const macros: Readonly<Record<string, (...given: string[]) => string>> = {
    __timeFilter: column => `${column} BETWEEN ${time(from)} AND ${time(to)}`,
    __timeFrom: () => time(from),
    __timeTo: () => time(to),
    __timeGroup: bucket,
    __timeGroupAlias: (column, width) => `${bucket(column, width)} AS "time"`,
  }
  return query
    .replaceAll('$__interval', `${intervalSeconds}s`)
    .replace(/\$(\w+)\(([^)]*)\)/g, (text, name: string, list: string) => {
      const macro = macros[name]
      if (macro === undefined) throw new MacroMistake(`unknown macro ${text}`)
      return macro(...list.split(',').map(argument => argument.trim()))
    })
}

function seconds(width: string): number {
  const [, digits, unit] = /^'?(\d+)(s|m|h)'?$/.exec(width) ?? []
  if (digits === undefined) throw new MacroMistake(`no interval: ${width}`)
  return Number(digits) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1)
}
