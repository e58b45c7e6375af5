import { dirname, join, relative } from 'node:path'
import type { Layout } from './file/layout.js'

/** What an operator can run on a document; an encrypted one needs its key file besides. */
export function stateCommand({ document, folder }: Layout, name: string, ...words: readonly string[]): string {
  const beside = dirname(document)
  const options = folder === join(beside, '.pipeline') ? [] : ['--folder', relative(beside, folder)]
  return shellCommand(['holdfast-state', name, document, ...words, ...options])
}

/** The words as one line for a POSIX shell; words with control characters need one that knows `$'…'` (bash, zsh, ksh). */
export function shellCommand(words: readonly string[]): string {
  return words.map(quote).join(' ')
}

function quote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  if (!UNPRINTABLE.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`
  const escaped = word.replace(/[\\']/g, '\\$&').replace(new RegExp(UNPRINTABLE, 'g'), toBytes)
  return `$'${escaped}'`
}

function toBytes(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/
