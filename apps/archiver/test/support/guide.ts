import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Finished, runArchiver } from './run-archiver.js'
import { makeSite, type Site } from './site.js'

/** Runs the archiver on a site and expects the exit code. */
export async function archive(site: Site, flags: readonly string[] = [], code = 0): Promise<Finished> {
  const finished = await runArchiver([site.configPath, ...flags])
  expect(`${finished.code}\n${finished.code === code ? '' : finished.stderr}`).toBe(`${code}\n`)
  return finished
}

/** All numbers from the first to the last, both included. */
export function upTo(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/** A site whose executions take as many runs as there are. */
export function makeLargeBatchSite(dir: string): Site {
  const site = makeSite(dir)
  site.configure({ batch_size: 100 })
  return site
}

export function counters(contiguous: number, attempted: number): object {
  return { last_contiguous_run: contiguous, last_attempted_run: attempted }
}

export function writeCounters(site: Site, stage: 'importer' | 'migrator', contiguous: number, attempted: number): void {
  writeFileSync(join(site.workDir, `${stage}_state.json`), JSON.stringify(counters(contiguous, attempted), null, 2))
}

/** Removes state files and failure logs with their backups. */
export function forgetState(site: Site): void {
  for (const name of readdirSync(site.workDir))
    if (/(?:state\.json|failures\.log)/.test(name)) rmSync(join(site.workDir, name))
}

export function readWork(site: Site, name: string): string {
  return readFileSync(join(site.workDir, name), 'utf8')
}
