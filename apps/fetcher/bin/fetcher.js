#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`fetcher: needs Node.js 24 or newer, this is ${process.versions.node}\n`)
  process.exitCode = 2
} else {
  const { run } = await import('@holdfast/fetcher')
  process.exitCode = await run(process)
}
