import type { DoneMark, LocatorCore } from '../core/locator-core.js'
import type { ApiRequest } from './api-request.js'

/** Hands a list of requests to the queue once per run, those left out that are done already. */
export class SingleRequests {
  readonly #core: LocatorCore<ApiRequest>
  readonly #requests: readonly ApiRequest[]
  readonly #repeat: boolean
  #position = 0

  constructor(core: LocatorCore<ApiRequest>, requests: readonly ApiRequest[], repeat: boolean) {
    this.#core = core
    // The same thing written in two ways is done once.
    this.#requests = [...new Map(requests.toReversed().map((each) => [each.id, each])).values()].toReversed()
    this.#repeat = repeat
  }

  get hasMore(): boolean {
    return this.#position < this.#requests.length
  }

  /** How many were put into the queue; 0 at the end. */
  async plan(count: number, runMs: number): Promise<number> {
    while (this.hasMore) {
      const some = this.#requests.slice(this.#position, this.#position + count)
      const marks = await (await this.#core.store()).getMany<DoneMark>(some.map((each) => this.#core.keys.done(each)))
      const wanted = some.filter((_, index) => {
        const mark = marks[index]?.value
        return mark === undefined || (this.#repeat && Date.parse(mark.doneAt) < runMs)
      })
      const added = wanted.length === 0 ? 0 : await this.#core.add({ add: wanted.map((request) => ({ request })) })
      this.#position += some.length
      if (added !== undefined && added > 0) return added
    }
    return 0
  }

  startOver(): void {
    this.#position = 0
  }
}
