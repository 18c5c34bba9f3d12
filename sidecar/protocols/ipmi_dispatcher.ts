import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { IpmiAccess } from '../ipmi_url.ts'
import { SITE_CONFIGURATION } from './ipmi_access_file.ts'
import { type BmcAnswer, BmcJob } from './ipmi_job.ts'
import { startSensorRun } from './ipmi_process.ts'

export interface IpmiOptions {
  /** Kept from run to run: reading the SDR of a BMC takes seconds to minutes. Made where absent. */
  readonly sdrFolder: string
  /** How many processes may run at once for BMCs that answer. */
  readonly processes: number
  /** Unix milliseconds, a fraction is allowed. */
  readonly now: () => number
  readonly siteConfiguration?: string
  /** Name or path; `ipmi-sensors`. */
  readonly program?: string
}

/** One question to one BMC. */
export interface BmcRequest {
  /** `host:port`, with brackets around IPv6. */
  readonly target: string
  readonly access: IpmiAccess
  readonly records: readonly number[] | 'all'
  /**
   * `together` with other BMCs in one process; `alone` for one that is new or did not answer, because only then
   * ipmi-sensors tells that it reads the SDR, and because a dead one keeps its process to the time-out.
   */
  readonly company: 'together' | 'alone'
  /** Of the whole poll, for messages; what is left of it ends at the deadline. */
  readonly timeoutMs: number
  /** As `performance.now()` counts. */
  readonly deadline: number
  readonly signal: AbortSignal
}

/**
 * How long to wait for others to share a process with. The timers of hosts that are due at one moment fire in
 * one go; more would be paid in late values.
 */
const GATHER_MS = 2
/** FreeIPMI asks as many hosts at the same time by default. */
const MOST_TOGETHER = 64
/** A process alone with a BMC that does not answer costs memory and no time. */
const ALONE_PER_PROCESS = 8
/** What a process may take to close its sessions, at the least. */
const CLOSING_MS = 1000

interface Lane {
  readonly limit: number
  running: number
  /** By access and records, which all BMCs of one process share; the group that waits longest is the first. */
  readonly queue: Map<string, BmcJob[]>
}

/**
 * Runs ipmi-sensors for all BMCs: those that are due at the same moment, have the same credentials and are
 * asked for the same records share one process. Answers are handed out as they come, BMC by BMC; a process is
 * killed at the time-out, or where it has not ended soon after all of its polls were stopped.
 */
export class IpmiDispatcher {
  readonly #options: IpmiOptions
  readonly #sdrFolder: string
  readonly #lanes: Readonly<Record<BmcRequest['company'], Lane>>
  #gathering: NodeJS.Timeout | undefined

  constructor(options: IpmiOptions) {
    this.#options = options
    this.#sdrFolder = resolve(options.sdrFolder)
    this.#lanes = {
      together: { limit: options.processes, running: 0, queue: new Map() },
      alone: { limit: options.processes * ALONE_PER_PROCESS, running: 0, queue: new Map() },
    }
  }

  /**
   * Never rejects. Alone, the answer may come after the time-out, as long as the BMC goes on sending: its SDR
   * or a long list is not begun anew each time. Stopped, it comes when the session is closed, or after 1.5 s.
   */
  ask(request: BmcRequest): Promise<BmcAnswer> {
    const job = new BmcJob(request)
    const { queue } = this.#lanes[request.company]
    const { access, records, target, company } = request
    const key = JSON.stringify([access, records, company === 'alone' ? target : ''])
    const waiting = queue.get(key)
    if (waiting === undefined) queue.set(key, [job])
    else waiting.push(job)
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      for (const lane of Object.values(this.#lanes)) this.#pump(lane)
    }, GATHER_MS)
    return job.answer
  }

  #pump(lane: Lane): void {
    while (lane.running < lane.limit) {
      const batch = nextBatch(lane.queue)
      if (batch === undefined) return
      this.#start(lane, batch)
    }
  }

  #start(lane: Lane, batch: ReadonlyMap<string, BmcJob>): void {
    const jobs = [...batch.values()]
    const request = jobs[0]?.request
    if (request === undefined) return
    const run = {
      targets: [...batch.keys()],
      access: request.access,
      records: request.records,
      patienceMs: Math.max(...jobs.map(job => job.leftMs())),
      sdrFolder: this.#sdrFolder,
      siteConfiguration: this.#options.siteConfiguration ?? SITE_CONFIGURATION,
      program: this.#options.program ?? 'ipmi-sensors',
    }
    const sentAt = this.#options.now()
    try {
      mkdirSync(this.#sdrFolder, { recursive: true, mode: 0o700 })
      let killing: NodeJS.Timeout | undefined
      let hasEnded = false
      const kill = startSensorRun(run, {
        onLine: (target, line) => batch.get(target)?.hear(line),
        onComplaint: (target, complaint) => {
          for (const job of target === undefined ? jobs : [batch.get(target)]) job?.complain(complaint)
        },
        onEnd: how => {
          hasEnded = true
          clearTimeout(killing)
          lane.running--
          for (const job of jobs) job.end(how)
          this.#pump(lane)
        },
      })
      lane.running++
      for (const job of jobs) job.start(sentAt)
      const deadline = performance.now() + run.patienceMs
      void Promise.all(jobs.map(job => job.answer)).then(answers => {
        if (!hasEnded) killing = setTimeout(kill, killInMs(answers, deadline, jobs))
      })
    } catch (error) {
      for (const job of jobs) job.end(`ipmi-sensors cannot be started (${(error as Error).message})`)
    }
  }
}

/**
 * A BMC has few sessions, and keeps one that was not closed for a minute: a process whose answers are all there
 * may still close its sessions.
 */
function killInMs(answers: readonly BmcAnswer[], deadline: number, jobs: readonly BmcJob[]): number {
  if (jobs.every(({ request }) => request.signal.aborted)) return 0
  const isComplete = answers.every(answer => answer.failure === undefined)
  return Math.max(isComplete ? CLOSING_MS : 0, deadline - performance.now())
}

/** Takes the BMCs of one process from the queue, none twice; those whose time is over are left out. */
function nextBatch(queue: Map<string, BmcJob[]>): ReadonlyMap<string, BmcJob> | undefined {
  for (const [key, jobs] of queue) {
    const batch = new Map<string, BmcJob>()
    const rest: BmcJob[] = []
    for (const job of jobs) {
      const { target } = job.request
      if (job.isSettled) continue
      if (batch.size < MOST_TOGETHER && !batch.has(target)) batch.set(target, job)
      else rest.push(job)
    }
    // Behind the others, so that no group starves.
    queue.delete(key)
    if (rest.length > 0) queue.set(key, rest)
    if (batch.size > 0) return batch
  }
  return undefined
}
