import type { Finding } from './finding.ts'
import type { ParsedFile } from './parsed-files.ts'
import type { FileSystemAllowance, TierTable } from './tier-table.ts'

// Reading is free; everything through which bytes, names or durability change belongs to one package.
const CHANGING = new Set([
  ...['appendFile', 'copyFile', 'cp', 'createWriteStream', 'fdatasync', 'fsync', 'ftruncate', 'link', 'mkdir', 'open'],
  ...['rename', 'rm', 'rmdir', 'symlink', 'truncate', 'unlink', 'write', 'writeFile', 'writev'],
])
const HANDLE_METHODS = new Set(['datasync', 'fdatasync', 'fsync', 'ftruncate'])

interface Use {
  readonly name: string
  readonly where: string
  readonly file: string
}

/** Only the durability owner may change files; any other use needs an allowance that gives the reason, and an allowance needs a use. */
export function checkDurability(files: readonly ParsedFile[], table: TierTable): readonly Finding[] {
  const uses = files
    .filter((file) => file.kind === 'source' && file.package.group !== 'tooling')
    .filter((file) => file.package.folder !== table.durabilityOwner)
    .flatMap(usesIn)
  const allowed = (use: Use): boolean =>
    table.fileSystemAllowances.some((row) => row.file === use.file && row.names.includes(use.name))
  return [
    ...uses.filter((use) => !allowed(use)).map((use) => explain(use, table.durabilityOwner)),
    ...table.fileSystemAllowances.flatMap((row) => checkAllowance(row, uses)),
  ]
}

function usesIn(file: ParsedFile): readonly Use[] {
  const imports = file.references
    .filter(({ specifier }) => /^(node:)?fs(\/promises)?$/.test(specifier))
    .flatMap(({ values, line }) => values.map((name) => ({ name, line })))
    .filter(({ name }) => CHANGING.has(name.replace(/Sync$/, '')) || ['*', 'default', 'promises'].includes(name))
  const calls = file.methodCalls.filter(
    (call) =>
      HANDLE_METHODS.has(call.name.replace(/Sync$/, '')) ||
      (call.name === 'sync' && call.argumentCount === 0) ||
      (call.name === 'truncate' && call.argumentCount <= 1 && file.references.some(opensFiles)),
  )
  return [...imports, ...calls].map(({ name, line }) => ({ name, where: `${file.where}:${line}`, file: file.where }))
}

function opensFiles({ specifier, values }: ParsedFile['references'][number]): boolean {
  return specifier === 'node:fs/promises' && values.includes('open')
}

function explain(use: Use, owner: string): Finding {
  const message =
    use.name === '*' || use.name === 'default' || use.name === 'promises'
      ? `Name the functions imported from node:fs; '${use.name}' hides which are used`
      : `'${use.name}' changes files, which is the job of ${owner}; use that, or add an allowance with its reason`
  return { rule: 'file-system', where: use.where, message }
}

function checkAllowance(row: FileSystemAllowance, uses: readonly Use[]): readonly Finding[] {
  return row.names
    .filter((name) => !uses.some((use) => use.file === row.file && use.name === name))
    .map((name) => ({ rule: 'stale-allowance', where: row.file, message: `The allowance for '${name}' is not used` }))
}
