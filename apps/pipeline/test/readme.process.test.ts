import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseCommandLine } from '../src/cli/parse-command-line.js'
import { useCommandSite } from './support/spawn-pipeline.js'

const site = useCommandSite()
const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

function blockOf(language: string): string {
  return new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(README)?.[1] ?? ''
}

function helpOf(args: readonly string[]): string {
  const parsed = parseCommandLine([...args, '--help'], '1.0.0')
  return 'printed' in parsed ? parsed.printed : ''
}

test('every command of the README does what it says on its pipeline', { timeout: 30_000 }, async () => {
  site.write('book.yaml', blockOf('yaml'))
  site.write('book.txt', 'one\ntwo\n')
  site.write('shelf/other.txt', 'three\n')
  const commands = blockOf('sh').trimEnd().split('\n')
  expect(commands.length).toBeGreaterThan(10)
  for (const line of commands) {
    const words = line
      .replace(/ +#.*$/, '')
      .replaceAll("'", '')
      .split(' ')
    const { code, stderr } = await site.run(...words.slice(1))
    expect({ line, code, stderr: code === 0 ? '' : stderr }).toEqual({ line, code: 0, stderr: '' })
  }
  expect(site.read('audio/other/book.mp3')).toBe('THREE\nanna\n')
})

test('the README names every command and option of the help', () => {
  const stdout = helpOf([])
  const commands = [...stdout.matchAll(/^ {2}([a-z]+)(?= [[<])/gm)].map(([, name]) => name ?? '')
  expect(commands.length).toBeGreaterThan(10)
  const options = new Set<string>()
  for (const name of commands.filter((command) => command !== 'help')) {
    expect(README).toMatch(new RegExp(`\`${name}[ \`]`))
    const help = helpOf([name])
    for (const [, option = ''] of help.matchAll(/(--[a-z-]+)/g)) options.add(option)
  }
  for (const known of ['--help', '--version']) options.delete(known)
  expect([...options].filter((option) => !README.includes(option))).toEqual([])
})
