import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export interface StatePathOptions {
  /** Wins over everything. */
  readonly stateFile: string | undefined
  /** The YAML configuration. @default config/config.yaml or config.yaml in the current folder, if there is one */
  readonly config: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly currentDir: string
  readonly platform?: NodeJS.Platform
}

/**
 * Where the ledger is: the file named on the command line, else `paths.state_file` of the configuration, else `processed.json` in the data folder of the
 * user. A relative path in the configuration starts at the folder above the configuration's.
 *
 * @throws ConfigurationError for a configuration that cannot be read
 */
export async function resolveStatePath(options: StatePathOptions): Promise<string> {
  const { stateFile, config, env, currentDir, platform = process.platform } = options
  if (stateFile !== undefined) return resolve(currentDir, stateFile)
  const configPath = config === undefined ? findConfig(currentDir) : resolve(currentDir, config)
  if (configPath !== undefined) {
    const { readStateFileSetting } = await import('./read-config.js')
    const setting = await readStateFileSetting(configPath)
    if (setting !== undefined) return resolve(dirname(dirname(configPath)), setting)
  }
  return join(dataFolder(env, platform), 'processed.json')
}

function findConfig(currentDir: string): string | undefined {
  return ['config/config.yaml', 'config.yaml'].map((name) => join(currentDir, name)).find((path) => existsSync(path))
}

function dataFolder(env: StatePathOptions['env'], platform: NodeJS.Platform): string {
  const given = env.MAMFAST_DATA_DIR || env.SHELFR_DATA_DIR
  if (given) return resolve(given)
  const home = env.HOME || homedir()
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'mamfast')
  return join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'mamfast')
}
