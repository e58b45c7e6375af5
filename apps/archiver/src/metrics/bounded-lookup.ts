/**
 * Finding an address without getaddrinfo(3) where no name server answers: it cannot be called off and would hold up the end of the process for as long as the
 * resolver tries. It is asked only for what it knows from a file, or when a name server has just been heard.
 */
import { lookup as systemLookup } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import type { LookupFunction } from 'node:net'

export interface BoundedLookupDeps {
  /** @default one that asks the system's name servers once, for a second */
  readonly resolver?: Pick<Resolver, 'resolve4'>
  /** @default /etc/hosts */
  readonly hostsFile?: string
  /** @default dns.lookup */
  readonly lookup?: typeof systemLookup
}

/** What a name server said that is there: a name that does not exist is an answer. */
const ANSWERS: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA'])

/** For the `lookup` option of net.connect. */
export function createBoundedLookup(deps: BoundedLookupDeps = {}): LookupFunction {
  const { resolver = new Resolver({ timeout: 1_000, tries: 1 }), hostsFile = '/etc/hosts' } = deps
  const lookup = deps.lookup ?? systemLookup
  return (hostname, options, callback) => {
    canAskSystem(hostname).then(
      () => lookup(hostname, options, callback),
      (error: NodeJS.ErrnoException) => callback(error, ''),
    )
  }

  async function canAskSystem(hostname: string): Promise<void> {
    if (hostname === 'localhost' || (await namesInFile(hostsFile)).has(hostname.toLowerCase())) return
    try {
      await resolver.resolve4(hostname)
    } catch (error) {
      if (!ANSWERS.has(error instanceof Error && 'code' in error ? error.code : undefined)) throw error
    }
  }
}

async function namesInFile(path: string): Promise<ReadonlySet<string>> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/).slice(1))
  return new Set(lines.flat())
}
