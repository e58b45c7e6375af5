const OLDEST_NODE = 24

/** Loads the TypeScript part, which only a Node that strips types can read; the closing line is printed whatever happens. */
export async function runSuite(options) {
  const major = Number(process.versions.node.split('.')[0])
  if (major < OLDEST_NODE) {
    const fix = 'Start this with `npx -y pnpm@12.21.0 test`, which installs the pinned Node and puts it first in PATH.'
    return giveUp(`This needs Node ${OLDEST_NODE} or later and runs on ${process.version}. ${fix}`)
  }
  try {
    const { main } = await import('./src/main.ts')
    process.exitCode = await main(process, options)
  } catch (error) {
    giveUp(error)
  }
}

function giveUp(reason) {
  console.error(reason)
  console.log('0 passed, 1 failed')
  process.exitCode = 1
}
