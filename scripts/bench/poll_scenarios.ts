import type { Scope } from '../../test/harness/scope.ts'
import { ipmiMissing } from '../../test/peers/ipmi_sim.ts'
import { snmpdMissing } from '../../test/peers/snmpd.ts'
import {
  type AgentLoad,
  agentLoad,
  bmcLoad,
  deadLoad,
  describeAgents,
  lossyAgentLoad,
  startAgents,
} from './poll_agents.ts'
import { comparisonLines, lossLines, type PollTargets, usualLines } from './poll_lines.ts'
import type { Polled } from './poll_load.ts'
import type { PollOutcome } from './poll_run.ts'
import { siteLoad } from './poll_site.ts'
import type { Line } from './report.ts'

/** One or more kwollectors that run at the same time, each with a load of its own. */
interface Round {
  readonly promoted: 'all' | 'none'
  /** Starts the devices, which end with the scope; named after the round, which has no other's data. */
  readonly loads: (scope: Scope, round: string) => Promise<readonly Polled[][]>
}

export interface Scenario {
  readonly name: string
  /** Why it cannot run on this machine. */
  readonly missing: string | undefined
  /** How many times as long as asked each round lasts; 1 where absent. */
  readonly longer?: number
  readonly rounds: readonly Round[]
  /** @param outcomes of each round, one of each load */
  readonly lines: (name: string, outcomes: readonly (readonly PollOutcome[])[]) => Line[]
}

/** One kwollector in one round. */
type SingleScenario = Omit<Scenario, 'rounds' | 'lines'> & {
  readonly promoted?: 'all' | 'none'
  readonly load: (scope: Scope, round: string) => Promise<Polled[]>
  readonly lines: (name: string, outcome: PollOutcome) => Line[]
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
  site({ name: 'site-always', promoted: 'none' }),
  // Ten minutes: long enough for drift, and for its memory to settle and be judged.
  site({ name: 'site', promoted: 'all', longer: 30 }),
  loss(),
  snmp('28k', { agents: 280, oids: 100, periodMs: 1_000, processes: 2 }, {}),
  snmp('30000-metrics', { agents: 600, oids: 50, periodMs: 10_000, processes: 3 }, {}),
]

type Agents = Omit<AgentLoad, 'prefix'>

function single({ promoted = 'none', load, lines, ...scenario }: SingleScenario): Scenario {
  return {
    ...scenario,
    rounds: [{ promoted, loads: async (scope, round) => [await load(scope, round)] }],
    lines: (title, outcomes) => outcomes.flat().flatMap(outcome => lines(title, outcome)),
  }
}

function snmp(name: string, agents: Agents, targets: PollTargets): Scenario {
  return single({
    name,
    missing: snmpdMissing,
    load: (scope, round) => agentLoad(scope, { ...agents, prefix: round }),
    lines: (title, outcome) => usualLines(title, outcome, targets),
  })
}

/**
 * 90 agents alone and beside 10 that are dead: what the dead cost the living. Both kwollectors run at the same time
 * and ask the same agents, so at the same moments: one after the other, or with agents at other addresses, which
 * have other phases, two runs without any dead differed by 8 to 30 %. And each round is long, because a full garbage
 * collection takes 45 ms, 5 % of what kwollector takes in 20 s, where there may be none or one.
 */
function dead(): Scenario {
  const living = { agents: 90, oids: 50, periodMs: 1_000, processes: 1 }
  const round: Round = {
    promoted: 'none',
    async loads(scope, round) {
      const places = await startAgents(scope, living)
      const load = (prefix: string) => describeAgents(places, { ...living, prefix: `${round}-${prefix}` })
      const dead = await deadLoad(scope, { ...living, agents: 10, prefix: `${round}-dead` })
      return [load('alone'), [...load('beside'), ...dead]]
    },
  }
  return {
    name: 'dead',
    missing: snmpdMissing,
    longer: 3,
    rounds: [round, round, round],
    lines: (title, outcomes) =>
      comparisonLines(
        title,
        outcomes.flatMap(([alone, beside]) => (alone && beside ? [{ alone, beside }] : [])),
      ),
  }
}

function bmcs(): Scenario {
  const load = { count: 200, sensors: 4, periodMs: 5_000 }
  return single({
    name: '200-bmcs',
    missing: ipmiMissing,
    load: (scope, round) => bmcLoad(scope, { ...load, prefix: round }),
    lines: (title, outcome) => usualLines(title, outcome, kwollectorAtMost(30)),
  })
}

function site(run: Pick<SingleScenario, 'name' | 'promoted' | 'longer'>): Scenario {
  return single({
    ...run,
    missing: snmpdMissing ?? ipmiMissing,
    load: siteLoad,
    lines: (title, outcome) => usualLines(title, outcome, {}),
  })
}

/** One datagram in a hundred is lost, in either direction, the same ones in every run. */
function loss(): Scenario {
  const agents = { agents: 100, oids: 50, periodMs: 1_000, processes: 1 }
  return single({
    name: 'loss',
    missing: snmpdMissing,
    load: (scope, round) => lossyAgentLoad(scope, { ...agents, prefix: round }, chance(0.01)),
    lines: lossLines,
  })
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
