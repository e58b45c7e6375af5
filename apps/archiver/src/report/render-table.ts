import { displayWidth, harmless } from '@holdfast/cli-kit'

/** Columns as wide as they need to be, two spaces apart; every cell is made harmless for a terminal. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const safe = rows.map((row) => row.map(harmless))
  const widths: number[] = []
  for (const row of safe)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell))
  return safe
    .map((row) => row.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - displayWidth(cell))).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}
