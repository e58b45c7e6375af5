#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`pipeline: needs Node.js 24 or newer, this is ${process.versions.node}\n`)
  process.exitCode = 2
} else {
  const { run } = await import('@holdfast/pipeline')
  // A phase that is a function can end this process, with a code that says anything.
  const onExit = () => {
    process.stderr.write('pipeline: ended by a phase before it was done; what was not recorded is not done\n')
    process.exitCode = 2
  }
  process.once('exit', onExit)
  process.exitCode = await run(process)
  process.off('exit', onExit)
}
