import { isObject, type JsonObject, objectMember, readJsonObject, stringsMember } from './json.ts'

/** A file that may call what otherwise only the durability owner may, and why. */
export interface FileSystemAllowance {
  readonly file: string
  /** Names of `node:fs` functions, or of methods of a file handle. */
  readonly names: readonly string[]
  readonly reason: string
}

export interface Tier {
  readonly tier: number
  /** Folders of the packages it may import; `packages/*` stands for all libraries. */
  readonly mayUse: readonly string[]
}

export interface TierTable {
  readonly packages: ReadonlyMap<string, Tier>
  readonly durabilityOwner: string
  readonly fileSystemAllowances: readonly FileSystemAllowance[]
}

export function readTierTable(path: string): TierTable {
  const table = readJsonObject(path)
  const packages = Object.entries(objectMember(table, 'packages')).map(([folder, row]): [string, Tier] => {
    if (!isObject(row) || typeof row.tier !== 'number')
      throw new TypeError(`Expected a tier for '${folder}' in '${path}'`)
    return [folder, { tier: row.tier, mayUse: stringsMember(row, 'mayUse') }]
  })
  const allowances = Array.isArray(table.fileSystemAllowances) ? table.fileSystemAllowances.filter(isObject) : []
  return {
    packages: new Map(packages),
    durabilityOwner: String(table.durabilityOwner),
    fileSystemAllowances: allowances.map((row) => readAllowance(row, path)),
  }
}

function readAllowance(row: JsonObject, path: string): FileSystemAllowance {
  const { file, reason } = row
  if (typeof file !== 'string' || typeof reason !== 'string' || reason === '')
    throw new TypeError(`Every allowance in '${path}' needs a file and a reason`)
  return { file, names: stringsMember(row, 'names'), reason }
}

/** Whether the table lets one folder import another. */
export function mayUse(tier: Tier, folder: string): boolean {
  return tier.mayUse.includes(folder) || (tier.mayUse.includes('packages/*') && folder.startsWith('packages/'))
}
