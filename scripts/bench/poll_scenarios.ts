import type { Scope } from '../../test/harness/scope.ts'
import { ipmiMissing } from '../../test/peers/ipmi_sim.ts'
import { snmpdMissing } from '../../test/peers/snmpd.ts'
import { type AgentLoad, agentLoad, bmcLoad, deadLoad, lossyAgentLoad } from './poll_agents.ts'
import { comparisonLines, lossLines, type PollTargets, usualLines } from './poll_lines.ts'
import type { Polled } from './poll_load.ts'
import type { PollOutcome } from './poll_run.ts'
import { siteLoad } from './poll_site.ts'
import type { Line } from './report.ts'

/** One run of kwollector in a scenario. */
interface Phase {
  readonly promoted: 'all' | 'none'
  /** Starts the devices, which end with the scope; named after the phase, which has no other's data. */
  readonly load: (scope: Scope, phase: string) => Promise<Polled[]>
}

export interface Scenario {
  readonly name: string
  /** Why it cannot run on this machine. */
  readonly missing: string | undefined
  readonly phases: readonly Phase[]
  /** @param outcomes one of each phase */
  readonly lines: (name: string, outcomes: readonly PollOutcome[]) => Line[]
}

const kwollectorAtMost = (percent: number): PollTargets => ({ kwollectorPercent: percent })

/** The default run measures them in this order. */
export const scenarios: readonly Scenario[] = [
  snmp('5k', { agents: 100, oids: 50, periodMs: 1_000, processes: 1 }, kwollectorAtMost(10)),
  snmp('20k', { agents: 100, oids: 50, periodMs: 250, processes: 1 }, {}),
  snmp('50k', { agents: 100, oids: 50, periodMs: 100, processes: 1 }, {}),
  snmp('1000-agents', { agents: 1_000, oids: 10, periodMs: 1_000, processes: 4 }, {}),
  dead(),
  bmcs(),
  site('site-always', 'none'),
  site('site', 'all'),
  loss(),
  snmp('28k', { agents: 280, oids: 100, periodMs: 1_000, processes: 2 }, {}),
  snmp('30000-metrics', { agents: 600, oids: 50, periodMs: 10_000, processes: 3 }, {}),
]

type Agents = Omit<AgentLoad, 'prefix'>

function snmp(name: string, agents: Agents, targets: PollTargets): Scenario {
  return {
    name,
    missing: snmpdMissing,
    phases: [{ promoted: 'none', load: (scope, phase) => agentLoad(scope, { ...agents, prefix: phase }) }],
    lines: (title, outcomes) => outcomes.flatMap(outcome => usualLines(title, outcome, targets)),
  }
}

/** 90 agents alone, and then beside 10 that are dead: what the dead cost the living. */
function dead(): Scenario {
  const living = { agents: 90, oids: 50, periodMs: 1_000, processes: 1 }
  const alive = (scope: Scope, phase: string) => agentLoad(scope, { ...living, prefix: phase })
  const withDead = async (scope: Scope, phase: string) => [
    ...(await alive(scope, phase)),
    ...(await deadLoad(scope, { ...living, agents: 10, prefix: `${phase}-dead` })),
  ]
  return {
    name: 'dead',
    missing: snmpdMissing,
    phases: [
      { promoted: 'none', load: alive },
      { promoted: 'none', load: withDead },
    ],
    lines: (title, [alone, beside]) => (alone && beside ? comparisonLines(title, beside, alone) : []),
  }
}

function bmcs(): Scenario {
  const load = { count: 200, sensors: 4, periodMs: 5_000 }
  return {
    name: '200-bmcs',
    missing: ipmiMissing,
    phases: [{ promoted: 'none', load: (scope, phase) => bmcLoad(scope, { ...load, prefix: phase }) }],
    lines: (title, outcomes) => outcomes.flatMap(outcome => usualLines(title, outcome, kwollectorAtMost(30))),
  }
}

function site(name: string, promoted: 'all' | 'none'): Scenario {
  return {
    name,
    missing: snmpdMissing ?? ipmiMissing,
    phases: [{ promoted, load: siteLoad }],
    lines: (title, outcomes) => outcomes.flatMap(outcome => usualLines(title, outcome, {})),
  }
}

/** One datagram in a hundred is lost, in either direction, the same ones in every run. */
function loss(): Scenario {
  const agents = { agents: 100, oids: 50, periodMs: 1_000, processes: 1 }
  return {
    name: 'loss',
    missing: snmpdMissing,
    phases: [
      {
        promoted: 'none',
        load: (scope, phase) => lossyAgentLoad(scope, { ...agents, prefix: phase }, chance(0.01)),
      },
    ],
    lines: (title, outcomes) => outcomes.flatMap(outcome => lossLines(title, outcome)),
  }
}

/** @returns true with the given probability, from a fixed seed (mulberry32) */
function chance(probability: number): () => boolean {
  let state = 1
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 < probability
  }
}
