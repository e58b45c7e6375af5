/**
 * What the orchestrator adds to a phase, beside a bare spawn with one durable write; and whether the thousands of items of a phase cost the same each, from the
 * first to the last.
 *
 * Usage: node tooling/bench/src/pipeline.bench.ts [items] [folder]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAppendFile } from '@holdfast/atomic-file'
import { checkPipeline, type Pipeline, type PipelineDefinition, runPipeline } from '@holdfast/pipeline'

const ROUNDS = 12
const PHASES = 8
const JOBS = 4

const [items, folder] = process.argv.slice(2)
const root = mkdtempSync(join(folder ?? tmpdir(), 'holdfast-bench-'))
try {
  await measurePhases(join(root, 'phases'))
  const count = Number(items ?? 10_000)
  await measureItems(join(root, 'functions'), count, 'functions', {
    run: ({ targets }) => writeFile(targets['out'] ?? '', 'x'),
  })
  await measureItems(join(root, 'commands'), count, 'commands', {
    command: ['sh', '-c', 'echo x > "$1"', 'sh', '${outputs.out}'],
  })
} finally {
  rmSync(root, { recursive: true })
}

async function measurePhases(site: string): Promise<void> {
  const kinds = {
    true: { command: ['/bin/true'] },
    'cp, an output': { command: ['cp', '${input}', '${outputs.copy}'], output: true },
  }
  console.log(
    `${ROUNDS} rounds of ${PHASES} phases and as many bare spawns with one durable write each, in turn; ms, medians`,
  )
  for (const [name, { command, ...rest }] of Object.entries(kinds)) {
    const pipeline = define(
      join(site, name),
      Array.from({ length: PHASES + 1 }, (_, index) => ({
        id: `phase${index + 1}`,
        command,
        outputs: 'output' in rest ? { copy: `out/${index}` } : {},
      })),
    )
    await using log = await openAppendFile(join(pipeline.folder, 'floor'))
    const floor: number[] = []
    const phases: number[] = []
    const rounds: { own: number; bare: number }[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const times: number[] = []
      await run(pipeline, 'phase-end', () => times.push(performance.now()))
      const [own, bare] = [differences(times), [] as number[]]
      phases.push(...own)
      for (let count = 0; count < PHASES; count += 1) {
        const start = performance.now()
        await once(
          spawn(
            command[0] ?? '',
            name === 'true' ? [] : [join(pipeline.folder, 'input.txt'), join(pipeline.folder, 'bare')],
            { stdio: 'ignore' },
          ),
          'exit',
        )
        await log.append(Buffer.alloc(500, 'x'))
        bare.push(performance.now() - start)
      }
      floor.push(...bare)
      rounds.push({ own: median(own), bare: median(bare) })
    }
    const [quietest = { own: Number.NaN, bare: Number.NaN }] = rounds.toSorted(
      (one, other) => one.own + one.bare - other.own - other.bare,
    )
    console.log(`${name}, at most 10 added`)
    console.log(`  all rounds:         ${describe(median(phases), median(floor))}`)
    console.log(`  the quietest round: ${describe(quietest.own, quietest.bare)}`)
  }
}

async function measureItems(
  site: string,
  count: number,
  name: string,
  work: Partial<PipelineDefinition['phases'][number]>,
): Promise<void> {
  const phase = {
    id: 'phase1',
    items: 'in/*.txt',
    outputs: { out: 'out/${item.id}' },
    ...work,
  } as PipelineDefinition['phases'][number]
  const pipeline = define(site, [phase])
  mkdirSync(join(site, 'in'))
  for (let index = 0; index < count; index += 1) writeFileSync(join(site, 'in', `${index}.txt`), String(index))
  const times: number[] = []
  const cpu: number[] = []
  const totalMs = await run(pipeline, 'item-end', () => {
    times.push(performance.now())
    const { user, system } = process.cpuUsage()
    cpu.push((user + system) / 1000)
  })
  const part = Math.min(1000, Math.floor(count / 4))
  const costOf = (values: readonly number[], from: number): number =>
    ((values[from + part - 1] ?? 0) - (values[from] ?? 0)) / (part - 1)
  console.log(
    `${count} ${name}, ${JOBS} jobs: ${(totalMs / 1000).toFixed(1)} s, ${Math.round(process.memoryUsage.rss() / 1e6)} MB`,
  )
  // The computing time of this process does not depend on what else the machine does.
  for (const [unit, values] of [
    ['ms', times],
    ['ms of computing', cpu],
  ] as const) {
    const [first, last] = [costOf(values, 0), costOf(values, count - part)]
    console.log(
      `  ${unit} an item: the first ${part} ${first.toFixed(2)}, the last ${part} ${last.toFixed(2)}, ratio ${(last / first).toFixed(2)}`,
    )
  }
  const resumedMs = await run(pipeline, 'item-end', () => undefined, true)
  console.log(`  once more, with nothing to do: ${(resumedMs / 1000).toFixed(2)} s`)
}

function define(site: string, phases: PipelineDefinition['phases']): Pipeline {
  mkdirSync(site, { recursive: true })
  writeFileSync(join(site, 'input.txt'), 'input')
  return checkPipeline({ name: 'bench', phases }, 'bench', site)
}

async function run(
  pipeline: Pipeline,
  type: 'phase-end' | 'item-end',
  onEvent: () => void,
  resume = false,
): Promise<number> {
  const start = performance.now()
  const { status } = await runPipeline(pipeline, {
    input: join(pipeline.folder, 'input.txt'),
    jobs: JOBS,
    resume,
    onEvent: (event) => event.type === type && onEvent(),
  })
  if (status !== 'success') throw new Error(`The pipeline ended with '${status}'`)
  return performance.now() - start
}

function differences(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? 0))
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

function describe(own: number, bare: number): string {
  return `a phase ${own.toFixed(1)}, bare ${bare.toFixed(1)}, added ${(own - bare).toFixed(1)}, ratio ${(own / bare).toFixed(2)}`
}
