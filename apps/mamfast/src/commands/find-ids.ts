import type { LedgerReader } from '@holdfast/state'

/** The ids that a command line names, by themselves or by their torrents. */
export async function findIds(
  ledger: LedgerReader,
  request: { readonly ids: readonly string[]; readonly byInfohash: boolean },
): Promise<{ readonly ids: readonly string[]; readonly unknown: readonly string[] }> {
  const keys = [...new Set(request.ids)]
  if (!request.byInfohash) return { ids: keys, unknown: [] }
  const ids = new Set<string>()
  const unknown: string[] = []
  for (const infohash of keys) {
    const releases = await ledger.findByInfohash(infohash)
    for (const { id } of releases) ids.add(id)
    if (releases.length === 0) unknown.push(infohash)
  }
  return { ids: [...ids], unknown }
}
