/** A ledger of releases that mamfast shows and mends: one is done, one was half done when its tracker failed, and one has lost its files. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ReleaseLedger } from '@holdfast/state'

export async function demonstrate() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-ledger-'))
  const ledger = join(folder, 'processed.json')
  await fillLedger(folder, ledger)
  say('A ledger of releases: one is done, one was half done when its tracker failed, and one has lost its files')
  mamfast(ledger, 'list')
  say('What could not go on is looked at, and removed')
  mamfast(ledger, 'prune', '--dry-run')
  mamfast(ledger, 'prune')
  say(
    'The ledger is damaged; it is shown from its backup, as it was before the last change, and mended by the next one',
  )
  writeFileSync(ledger, readFileSync(ledger).subarray(0, 100))
  mamfast(ledger, 'show', 'B0EXAMPLE2')
  say('The failure is forgotten, so that the release goes on from its last checkpoint')
  mamfast(ledger, 'retry', 'B0EXAMPLE2')
  mamfast(ledger, 'list')
  console.log(
    `Look around in ${folder}; mamfast is run with\n  npx -y pnpm@12.21.0 exec mamfast --state-file ${ledger} state list`,
  )
}

async function fillLedger(folder, ledger) {
  const stage = (title) => {
    const stagingDir = join(folder, 'seed', title)
    mkdirSync(stagingDir, { recursive: true })
    return stagingDir
  }
  const done = { asin: 'B0EXAMPLE1', title: 'Glass Tide', author: 'Ida Marsh' }
  const failing = { asin: 'B0EXAMPLE2', title: 'Salt Roads', author: 'Rae Quill' }
  const lost = { asin: 'B0EXAMPLE3', title: 'Paper Harbour', author: 'Ida Marsh' }
  await using releases = await ReleaseLedger.open(ledger)
  await releases.checkpointStage({ ...done, stagingDir: stage(done.title) }, 'staged')
  await releases.checkpointStage(done, 'metadata')
  await releases.checkpointStage({ ...done, torrentPath: join(folder, 'Glass Tide.torrent') }, 'torrent')
  await releases.markProcessed(done, { infohash: '0f1e2d3c4b5a69788796a5b4c3d2e1f001234567' })
  await releases.checkpointStage({ ...failing, stagingDir: stage(failing.title) }, 'staged')
  await releases.markFailed(failing, new Error('tracker refused the upload'))
  await releases.checkpointStage({ ...lost, stagingDir: join(folder, 'seed', 'Paper Harbour') }, 'staged')
}

function mamfast(ledger, ...args) {
  console.log(`$ mamfast state ${args.join(' ')}`)
  const bin = fileURLToPath(new URL('bin/mamfast.js', import.meta.resolve('@holdfast/mamfast/package.json')))
  const { status } = spawnSync(process.execPath, [bin, '--state-file', ledger, 'state', ...args], { stdio: 'inherit' })
  console.log(`(exit code ${status})`)
  if (status === 0) return
  console.error('Expected exit code 0')
  process.exit(1)
}

function say(text) {
  console.log(`\n--- ${text}`)
}
