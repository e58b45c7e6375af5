/**
 * Runs the benchmarks named on the command line, or all of them, one after the other. A benchmark is a `<name>.bench.ts` beside this file that
 * prints a table of its own.
 *
 * Usage: pnpm bench [name…] [-- arguments of the benchmark]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const SUFFIX = '.bench.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const end = args.indexOf('--')
  const names = end < 0 ? args : args.slice(0, end)
  const benchArguments = end < 0 ? [] : args.slice(end + 1)
  const known = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort()
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    console.error(`There is no benchmark '${unknown.join("', '")}'; there are: ${known.join(', ')}`)
    return 2
  }
  let exitCode = 0
  for (const name of names.length > 0 ? names : known) {
    console.log(`\n== ${name} ==\n`)
    const status = await runBenchmark(name, benchArguments)
    if (status === 'interrupted') return 130
    if (status === 'failed') {
      console.error(`The benchmark '${name}' failed`)
      exitCode = 1
    }
  }
  return exitCode
}

async function runBenchmark(name: string, args: readonly string[]): Promise<'done' | 'failed' | 'interrupted'> {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${name}${SUFFIX}`), ...args], { stdio: 'inherit' })
  // A terminal sends the interrupt to the benchmark as well; waiting for it lets it remove its files.
  let interrupted = false
  const interrupt = (): void => {
    interrupted = true
    child.kill('SIGINT')
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const [code]: unknown[] = await once(child, 'close')
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  if (interrupted) return 'interrupted'
  return code === 0 ? 'done' : 'failed'
}
