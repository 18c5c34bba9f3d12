import postgres from 'postgres'
import type { Scope } from '../harness/scope.ts'

/** A node of a plan that PostgreSQL ran, as EXPLAIN (ANALYZE, FORMAT JSON) prints it. */
interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Cond'?: string
  readonly 'Actual Loops'?: number
  readonly Plans?: readonly PlanNode[]
}

/** One scan of a table that was really started. */
export interface Scan {
  /** "Index Scan", "Seq Scan" and so on. */
  readonly kind: string
  readonly relation: string
  /** The condition on the index, of its bitmap too; empty where there is none. */
  readonly condition: string
}

export interface Explained {
  readonly query: string
  readonly scans: readonly Scan[]
}

/** A session that reports the plans of all statements, also of those inside functions. */
export class ExplainingSession {
  readonly sql: postgres.Sql
  #plans: string[] = []

  constructor(scope: Scope, url: string) {
    this.sql = postgres(url, {
      max: 1,
      prepare: false,
      onnotice: notice => this.#keep(notice.message ?? ''),
    })
    scope.teardown(() => this.sql.end({ timeout: 5 }))
  }

  /** Only a superuser can load auto_explain. */
  async start(): Promise<void> {
    await this.sql.unsafe(`
      load 'auto_explain';
      set auto_explain.log_level = 'notice';
      set auto_explain.log_format = 'json';
      set auto_explain.log_analyze = on;
      set auto_explain.log_timing = off;
      set auto_explain.log_nested_statements = on`)
  }

  /** Runs a statement, and @returns its plan and those of the statements inside it that read samples. */
  async run(statement: string): Promise<Explained[]> {
    this.#plans = []
    await this.sql.unsafe('set auto_explain.log_min_duration = 0')
    await this.sql.unsafe(statement)
    await this.sql.unsafe('set auto_explain.log_min_duration = -1')
    return this.#plans.map(explained).filter(({ scans }) => scans.length > 0)
  }

  #keep(message: string): void {
    const start = message.indexOf('plan:\n')
    if (message.startsWith('duration:') && start >= 0)
      this.#plans.push(message.slice(start + 'plan:\n'.length))
  }
}

function explained(text: string): Explained {
  const { 'Query Text': query, Plan: plan } = JSON.parse(text) as { 'Query Text': string; Plan: PlanNode }
  return { query, scans: startedScans(plan) }
}

function startedScans(node: PlanNode): Scan[] {
  if (node['Actual Loops'] === 0) return []
  const below = (node.Plans ?? []).flatMap(startedScans)
  const relation = node['Relation Name']
  if (relation === undefined) return below
  const condition = [node, ...(node.Plans ?? [])]
    .map(part => part['Index Cond'] ?? '')
    .join(' ')
    .trim()
  return [{ kind: node['Node Type'], relation, condition }, ...below]
}
