import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'
import { errorCode, readTextFile } from '@holdfast/atomic-file'
import { ConfigurationError } from '../errors.js'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment with the variables of an `archiver.env` beside the configuration file, which win over those already set: the shell launcher of
 * the Python archiver sources the file the same way. No file, no change.
 *
 * @throws ConfigurationError when the file is there but cannot be read.
 */
export async function withEnvFile(configPath: string, env: Environment): Promise<Environment> {
  const path = join(dirname(configPath), 'archiver.env')
  try {
    return { ...env, ...parseEnv(await readTextFile(path)) }
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return env
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigurationError(
      path,
      `Cannot read the environment file '${path}': ${reason}; mend it or move it away`,
      { cause },
    )
  }
}
