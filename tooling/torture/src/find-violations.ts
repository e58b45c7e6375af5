import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRunDatabase, type RunDatabase } from '@holdfast/artdaqdb'
import { RunProgress, recoverRunState } from '@holdfast/state'
import { buildRunBlob, openArchive, type RunArchive, sameRunBlob } from '@holdfast/ucondb'
import type { TortureSite } from './torture-site.ts'

/**
 * What is wrong after the archiver has been through everything and was left to finish: each good run must be in both stores exactly once, with
 * the bytes an undisturbed archiver stores, each bad one in the failure log, the state what a recovery computes, and nothing left over.
 */
export async function findViolations(site: TortureSite, reference: TortureSite): Promise<string[]> {
  await using stores = new AsyncDisposableStack()
  const open = async (which: TortureSite): Promise<[RunDatabase, RunArchive]> => [
    stores.use(await openRunDatabase({ uri: which.databaseUri, readOnly: true })),
    stores.use(await openArchive({ ...which.archive, folderName: 'runs', objectName: 'configuration' })),
  ]
  const [database, archive] = await open(site)
  const [referenceDatabase] = await open(reference)
  const stored = [...(await database.listRuns()).keys()]
  const archived = await archive.listRuns()
  return [
    ...difference('artdaqDB', site.goodRuns, stored),
    ...difference('UconDB', site.goodRuns, archived),
    ...difference('import failure log', site.badRuns, failures(site, 'import')),
    ...difference('migration failure log', [], failures(site, 'migrate')),
    ...duplicateDocuments(site),
    ...(await database.check()).problems.map(({ path, message }) => `database: ${path}: ${message}`),
    ...(await wrongBlobs(site, archive, referenceDatabase)),
    ...(await stateDifferences(site, stored, archived)),
    ...leftovers(site),
  ]
}

function difference(place: string, expected: readonly number[], found: readonly number[]): string[] {
  const missing = expected.filter((run) => !found.includes(run))
  const surplus = found.filter((run) => !expected.includes(run))
  const problems = []
  if (missing.length > 0) problems.push(`${place} lacks ${missing.join(', ')}`)
  if (surplus.length > 0) problems.push(`${place} holds ${surplus.join(', ')}, which it should not`)
  if (new Set(found).size !== found.length) problems.push(`${place} holds a run twice`)
  return problems
}

function failures(site: TortureSite, stage: 'import' | 'migrate'): number[] {
  const path = join(site.workDir, `${stage}_failures.log`)
  return readdirSync(site.workDir).includes(`${stage}_failures.log`)
    ? readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number)
    : []
}

/** Documents that no index knows, or entities that a run has twice. */
function duplicateDocuments(site: TortureSite): string[] {
  const directory = join(site.databaseDir, 'RunHistory')
  const seen = new Map<string, string>()
  const problems: string[] = []
  for (const name of readdirSync(directory)) {
    if (name === 'index.json') continue
    const document: { version: string; entities: { name: string }[] } = JSON.parse(
      readFileSync(join(directory, name), 'utf8'),
    )
    const key = `${document.version} ${document.entities[0]?.name}`
    const first = seen.get(key)
    if (first !== undefined) problems.push(`RunHistory holds ${key} twice: ${first} and ${name}`)
    seen.set(key, name)
  }
  return problems
}

async function wrongBlobs(site: TortureSite, archive: RunArchive, reference: RunDatabase): Promise<string[]> {
  const problems: string[] = []
  for (const run of site.goodRuns) {
    const files = (await reference.exportRun(run)).map(({ path, text }) => ({ name: path, content: text }))
    const expected = buildRunBlob({ runNumber: run, packedAt: new Date(0), files }).bytes
    if (!sameRunBlob(await archive.get(String(run)), expected))
      problems.push(`the blob of run ${run} has other bytes than it should`)
  }
  return problems
}

async function stateDifferences(
  site: TortureSite,
  stored: readonly number[],
  archived: readonly number[],
): Promise<string[]> {
  const allRuns = [...site.goodRuns, ...site.badRuns]
  return [
    ...(await stageDifferences(site, ['importer_state.json', 'import_failures.log'], allRuns, stored)),
    ...(await stageDifferences(site, ['migrator_state.json', 'migrate_failures.log'], stored, archived)),
  ]
}

async function stageDifferences(
  site: TortureSite,
  [stateFile, failureLog]: readonly [string, string],
  source: readonly number[],
  destination: readonly number[],
): Promise<string[]> {
  await using progress = await RunProgress.open({
    stateFile: join(site.workDir, stateFile),
    failureLog: join(site.workDir, failureLog),
    readOnly: true,
  })
  const { lastContiguousRun, lastAttemptedRun, missing } = recoverRunState({ source, destination })
  const found = {
    lastContiguousRun: progress.lastContiguousRun,
    lastAttemptedRun: progress.lastAttemptedRun,
    missing: [...progress.failures],
  }
  const [expected, actual] = [{ lastContiguousRun, lastAttemptedRun, missing }, found].map((state) =>
    JSON.stringify(state),
  )
  return expected === actual ? [] : [`${stateFile}: a recovery computes ${expected}, the state is ${actual}`]
}

function leftovers(site: TortureSite): string[] {
  const stores = [
    site.workDir,
    site.databaseDir,
    ...(site.archive.serverUrl.startsWith('file://') ? [site.archive.serverUrl.slice('file://'.length)] : []),
  ]
  return stores.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tmp$|\.holdfast\.journal$|\.corrupt-/.test(name))
      .map((name) => `left over: ${join(folder, name)}`),
  )
}
