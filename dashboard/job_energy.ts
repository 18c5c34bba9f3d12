import { askJobEnergy, type Job } from './api.ts'
import { JobEnergyView } from './job_energy_view.ts'
import { whyFailed } from './reasons.ts'

/**
 * The server reads all values of a job's powers for each answer. After one it rests this many times as long as that
 * took, so that a page with a running job costs it a twentieth of a core at most, however long the job is.
 */
const restsPerAnswer = 20

/** What a job consumed, as the server tells it: of all its time and nodes, whatever the plots show. */
export class JobEnergy {
  readonly #view: JobEnergyView
  #job: Job | undefined
  #request: AbortController | undefined
  /** The job had ended when it was asked about: the answer stays. */
  #isFinal = false
  /** From when on it is asked for again, by performance.now(). */
  #restsUntil = 0

  constructor(host: HTMLElement) {
    this.#view = new JobEnergyView(host)
  }

  /** Makes place for the energy of this job, or none. That of another job goes; of the same it stays until asked for. */
  expect(job: Job | undefined): void {
    if (job?.id !== this.#job?.id) {
      this.forget()
      this.#view.expect(job)
    }
    this.#job = job
  }

  /** The next {@link ask} is for the server, whatever is known. */
  forget(): void {
    this.#request?.abort()
    this.#request = undefined
    this.#isFinal = false
    this.#restsUntil = 0
  }

  /** Asks the server for what may be new, and shows that or why there is none: it never fails. */
  async ask(): Promise<void> {
    const job = this.#job
    if (job === undefined || this.#request !== undefined) return
    if (job.isRunning ? performance.now() < this.#restsUntil : this.#isFinal) return
    const request = new AbortController()
    this.#request = request
    const begin = performance.now()
    try {
      const energies = await askJobEnergy(job.id, request.signal)
      // Another job was asked for while the answer was read.
      if (request.signal.aborted) return
      this.#isFinal = !job.isRunning
      this.#view.show(job, energies)
    } catch (failure) {
      if (request.signal.aborted) return
      this.#view.explain(whyFailed(failure), () => {
        this.forget()
        void this.ask()
      })
    }
    const end = performance.now()
    this.#restsUntil = end + restsPerAnswer * (end - begin)
    this.#request = undefined
    // It ended while the server added up: the last moments are missing, and nobody else will ask.
    if (job.isRunning && !this.#job?.isRunning) await this.ask()
  }
}
