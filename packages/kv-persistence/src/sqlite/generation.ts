import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/**
 * A database that is damaged keeps its name, because SQLite forbids renaming one that another process may have open; its successor is
 * `<path>.g2`, then `.g3` and so on, and the highest one is the store. Exactly one process makes it, under the gate.
 */
export function currentGeneration(path: string): string {
  return generationPath(path, newestNumber(path))
}

/** The name of the one after `generation`. */
export function nextGeneration(path: string, generation: string): string {
  return generationPath(path, generation === path ? 2 : Number(/\d+$/.exec(generation)?.[0] ?? 1) + 1)
}

/** Whether somebody set this one aside. */
export function isSuperseded(path: string, generation: string): boolean {
  return existsSync(nextGeneration(path, generation))
}

function newestNumber(path: string): number {
  const start = `${basename(path)}.g`
  const numbers = listFolder(dirname(path))
    .filter((name) => name.startsWith(start) && /^[1-9]\d*$/.test(name.slice(start.length)))
    .map((name) => Number(name.slice(start.length)))
  return Math.max(1, ...numbers)
}

function generationPath(path: string, number: number): string {
  return number === 1 ? path : `${path}.g${number}`
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
