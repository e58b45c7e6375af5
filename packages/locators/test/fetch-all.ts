import type { ApiLeasedRequest, ApiLocator, HttpClient } from '@holdfast/locators'

export interface Fetched {
  readonly url: string
  readonly status: number
  readonly text: string
}

/** What an app does: takes, fetches, stores, tells; until nothing is due any more. Without waiting for what is due later. */
export async function fetchAll(
  locator: ApiLocator,
  client: Pick<HttpClient, 'request'>,
  store: (fetched: Fetched, leased: ApiLeasedRequest) => Promise<void> | void,
  atOnce = 1,
): Promise<{ readonly failed: unknown[] }> {
  const failed: unknown[] = []
  for (;;) {
    const leases = await locator.next(atOnce)
    if (leases.length === 0) return { failed }
    for (const leased of leases) {
      try {
        const response = await client.request(leased.request)
        const body = await response.bytes()
        const page = locator.readPage(leased, { status: response.status, headers: response.headers, body })
        if (!page.isNarrowed) {
          await store(
            { url: leased.request.url, status: response.status, text: new TextDecoder().decode(body) },
            leased,
          )
        }
        await locator.succeeded(leased, { page, headers: response.headers, result: { bytes: body.byteLength } })
      } catch (error) {
        failed.push(error)
        await locator.failed(leased, error)
      }
    }
  }
}

/** The companies of what was fetched from the server of the tests. */
export function sirensOf(fetched: readonly Fetched[]): string[] {
  return fetched.flatMap(({ status, text }) => {
    if (status === 404) return []
    const { unitesLegales } = JSON.parse(text) as { readonly unitesLegales?: readonly { readonly siren: string }[] }
    return (unitesLegales ?? []).map(({ siren }) => siren)
  })
}
