/** An audiobook in five phases: killed half-way, resumed, run again, and reported. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('bin/pipeline.js', import.meta.resolve('@holdfast/pipeline/package.json')))
const source = fileURLToPath(new URL('demo', import.meta.resolve('@holdfast/pipeline/package.json')))
const RUN = ['run', 'audiobook.yaml', '--input', 'harbour-light.txt', '--jobs', '4']
const KILL_AFTER_CHUNKS = 8
const DEADLINE_MS = 60_000

export async function demonstrate() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pipeline-'))
  cpSync(source, folder, { recursive: true })
  say(`A text becomes an "audiobook" in ${folder}`)
  pipeline(folder, 0, 'validate', 'audiobook.yaml')
  say(`The run is killed with SIGKILL when ${KILL_AFTER_CHUNKS} chunks are done`)
  await runAndKill(folder)
  const before = chunksIn(folder)
  const times = timesOf(folder)
  console.log(
    `(killed: ${before.success} of ${before.total} chunks are recorded as done, ${before.running} were under way)`,
  )
  say('What is recorded, and what a run would do now')
  pipeline(folder, 0, 'status', 'audiobook.yaml')
  pipeline(folder, 0, ...RUN, '--dry-run')
  say('The same command again: it does what is missing')
  pipeline(folder, 0, ...RUN)
  const { phases } = JSON.parse(readFileSync(join(folder, 'run_summary.json'), 'utf8'))
  const { items } = phases.find(({ phase }) => phase === 'phase4')
  expect(
    items.unchanged === before.success,
    `${items.unchanged} chunks were left alone, and ${before.success} had been done`,
  )
  const kept = readdirSync(join(folder, 'work/harbour-light/audio')).filter(
    (name) => times.get(name) === timesOf(folder).get(name),
  )
  expect(kept.length >= before.success, `only ${kept.length} files are those of before the kill`)
  console.log(`(${items.unchanged} chunks were left alone, ${items.done} were made: ${items.total} in all)`)
  say('Once more: there is nothing to do')
  pipeline(folder, 0, ...RUN)
  say('The report')
  const [report] = pipeline(folder, 0, 'report', 'audiobook.yaml').trim().split('\n')
  const book = join(folder, 'harbour-light.wav')
  console.log(`(${statSync(report).size} bytes of HTML; open it in a browser)`)
  console.log(`Listen to ${book}; the pipeline is run with\n  npx -y pnpm@12.21.0 exec pipeline --help`)
}

async function runAndKill(folder) {
  console.log(`$ pipeline ${RUN.join(' ')} &`)
  const child = spawn(process.execPath, [bin, ...RUN], {
    cwd: folder,
    env: environment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  for (const deadline = Date.now() + DEADLINE_MS; chunksIn(folder).success < KILL_AFTER_CHUNKS; ) {
    expect(child.exitCode === null && Date.now() < deadline, 'the run did not get so far')
    await wait(50)
  }
  console.log(`$ kill -9 ${child.pid}`)
  child.kill('SIGKILL')
  const [code, signal] = await ended
  expect(signal === 'SIGKILL', `the run had ended by itself with ${code}`)
}

/** How many chunks are recorded in which state. */
function chunksIn(folder) {
  const { status, stdout } = spawnSync(process.execPath, [bin, 'status', '--json'], { cwd: folder, encoding: 'utf8' })
  const phases = status === 0 ? (JSON.parse(stdout).inputs[0]?.phases ?? []) : []
  return phases.find(({ phase }) => phase === 'phase4')?.items ?? { total: 0, success: 0, running: 0 }
}

/** When each sound was written. */
function timesOf(folder) {
  const audio = join(folder, 'work/harbour-light/audio')
  return new Map(readdirSync(audio).map((name) => [name, statSync(join(audio, name)).mtimeMs]))
}

function pipeline(folder, expectedExitCode, ...args) {
  console.log(`$ pipeline ${args.join(' ')}`)
  const { status, stdout } = spawnSync(process.execPath, [bin, ...args], {
    cwd: folder,
    env: environment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.stdout.write(stdout)
  console.log(`(exit code ${status})`)
  expect(status === expectedExitCode, `expected exit code ${expectedExitCode}`)
  return stdout
}

/** The phases are started with the Node that this is. */
function environment() {
  return { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` }
}

function expect(isTrue, otherwise) {
  if (isTrue) return
  console.error(`The demo failed: ${otherwise}`)
  process.exit(1)
}

function say(text) {
  console.log(`\n--- ${text}`)
}
