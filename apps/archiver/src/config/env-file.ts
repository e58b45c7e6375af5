import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'
import { errorCode, readTextFile } from '@holdfast/atomic-file'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment with the variables of an `archiver.env` beside the configuration file, which win over those already set: the shell launcher of
 * the Python archiver sources the file the same way. No file, no change.
 */
export async function withEnvFile(configPath: string, env: Environment): Promise<Environment> {
  try {
    return { ...env, ...parseEnv(await readTextFile(join(dirname(configPath), 'archiver.env'))) }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return env
    throw error
  }
}
