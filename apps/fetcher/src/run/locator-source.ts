import type { LeasedRequest, Locator, Progress, WorkRequest } from '@holdfast/locators'
import type { HiddenErrors } from './hidden-errors.js'
import type { Job, JobResult, JobSignals, Source } from './job.js'

type LocatorOf<R extends WorkRequest, L> = Omit<Locator<R>, 'next' | 'succeeded'> & {
  next(max: number, options: { readonly ahead: number }): Promise<L[]>
}

/** What all sources do alike: requests of a locator become jobs, whose errors say nothing secret. */
export abstract class LocatorSource<R extends WorkRequest, L extends LeasedRequest<R>> implements Source {
  abstract readonly kind: Source['kind']
  readonly prefix: string
  readonly #locator: LocatorOf<R, L>
  readonly #hidden: HiddenErrors

  constructor(locator: LocatorOf<R, L>, hidden: HiddenErrors) {
    this.prefix = locator.prefix
    this.#locator = locator
    this.#hidden = hidden
  }

  abstract close(): Promise<void>

  /** Fetches, stores and acknowledges; see `Job.run`. */
  protected abstract runRequest(leased: L, signals: JobSignals): Promise<JobResult>

  async next(max: number, ahead: number): Promise<Job[]> {
    return (await this.#locator.next(max, { ahead })).map((leased) => ({
      id: leased.request.id,
      name: leased.request.name,
      attempt: leased.attempt,
      run: (signals) => this.runRequest(leased, signals),
      failed: (error) => this.#locator.failed(leased, this.#hidden.scrub(error)),
      giveBack: () => this.#locator.giveBack(leased),
    }))
  }

  endLeasesOf(isGone: (holder: string) => Promise<boolean>): Promise<number> {
    return this.#locator.endLeasesOf(isGone)
  }

  progress(): Promise<Progress> {
    return this.#locator.progress()
  }

  waitForWork(signal: AbortSignal): Promise<void> {
    return this.#locator.waitForWork({ signal })
  }
}
