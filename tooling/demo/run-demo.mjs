/** Shows what the apps do on made-up data: `pnpm demo` all of it, `pnpm demo fetcher` (or archiver, mamfast, pipeline) one part. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PARTS = ['archiver', 'fetcher', 'mamfast', 'pipeline']

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !PARTS.includes(name))
if (unknown.length > 0) {
  console.error(`There is no demo '${unknown[0]}'; there are: ${PARTS.join(', ')}`)
  process.exit(2)
}
build()
for (const name of PARTS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const { demonstrate } = await import(`./${name}-demo.mjs`)
  await demonstrate()
}

function build() {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const turbo = join(root, 'node_modules', '.bin', 'turbo')
  const built = spawnSync(turbo, ['run', 'build', '--output-logs=errors-only'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
  })
  if (built.status === 0) return
  console.error(`${built.stdout}${built.stderr}\nThe build failed`)
  process.exit(1)
}
