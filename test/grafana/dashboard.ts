import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../harness/processes.ts'

/** The parts of Grafana's dashboard model (schema version 39) that these tests look at. */
export interface Dashboard {
  readonly uid: string
  readonly templating: { readonly list: readonly Variable[] }
  readonly panels: readonly Panel[]
}

export interface Variable {
  readonly type: 'textbox' | 'query' | 'custom'
  readonly name: string
  readonly query: string
  readonly datasource?: Source
  readonly multi?: boolean
  /** 2 is "on time range change", without which macros of the range are not expanded. */
  readonly refresh?: number
  readonly allValue?: string
}

export interface Panel {
  readonly id: number
  readonly title: string
  readonly datasource: Source
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly repeat?: string
  readonly fieldConfig: { readonly overrides: readonly Override[] }
  readonly targets: readonly {
    readonly datasource: Source
    readonly rawSql: string
    readonly format: 'table' | 'time_series'
  }[]
}

export interface Override {
  readonly matcher: { readonly id: string; readonly options: string }
  readonly properties: readonly { readonly id: string; readonly value: unknown }[]
}

export interface Source {
  readonly type: string
  readonly uid: string
}

export const grafanaFolder = join(repository, 'grafana')

export const dashboard = JSON.parse(
  readFileSync(join(grafanaFolder, 'dashboards/kwollect.json'), 'utf8'),
) as Dashboard

/** Every query that the dashboard sends, by the title of its panel or the name of its variable. */
export const queries: Readonly<Record<string, string>> = Object.fromEntries([
  ...dashboard.templating.list.flatMap(({ type, name, query }) => (type === 'query' ? [[name, query]] : [])),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ rawSql }) => [title, rawSql])),
])
