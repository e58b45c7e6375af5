import { errorCode } from '@holdfast/atomic-file'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { withEnvFile } from '../config/env-file.js'
import { loadConfig } from '../config/load-config.js'
import type { Logger } from '../log/logger.js'
import { quoteArgument } from '../report/quote-argument.js'
import { createStores } from '../stores.js'
import { checkClock } from './check-clock.js'
import { checkFiles } from './check-files.js'
import { checkFolders } from './check-folders.js'
import { checkLock } from './check-lock.js'
import { checkSecrets } from './check-secrets.js'
import { checkSpace } from './check-space.js'
import { checkState } from './check-state.js'
import { checkStores } from './check-stores.js'
import { type Finding, Findings } from './finding.js'

export interface DiagnoseOptions {
  readonly configPath: string
  readonly workDir: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly currentDir: string
}

export interface DiagnoseDeps {
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Epoch milliseconds. */
  readonly now: () => number
  /** The user; absent where the system has none. */
  readonly uid: number | undefined
  /** Of Node.js, such as `24.21.0`. */
  readonly nodeVersion: string
}

const OLDEST_NODE = 24

/** Looks at everything the archiver needs; nothing that is wrong throws, and nothing is written. */
export async function diagnose(options: DiagnoseOptions, deps: DiagnoseDeps): Promise<Finding[]> {
  const { configPath, workDir } = options
  const words = ['archiver', configPath, ...(workDir === undefined ? [] : ['--work-dir', workDir])]
  const findings = [...checkNode(deps.nodeVersion)]
  const { config, found } = await checkConfiguration(options)
  findings.push(...found, ...(await checkSecrets(configPath)))
  if (config === undefined) return findings
  return [
    ...findings,
    ...(await checkFolders(config, deps.uid)),
    ...(await checkFiles(config, deps.uid)),
    ...(await checkSpace(config)),
    ...(await checkLock(config)),
    ...(await checkState(config, words.map(quoteArgument).join(' '), deps.logger)),
    ...(await checkStores(config, createStores(config, deps), deps.signal)),
    ...(await checkClock(config, deps)),
  ]
}

function checkNode(version: string): readonly Finding[] {
  const findings = new Findings('node')
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return findings.ok(`Node.js ${version}`).all
  return findings.problem(`Node.js ${version} is too old`, `Install Node.js ${OLDEST_NODE} or newer`).all
}

async function checkConfiguration({
  configPath,
  workDir,
  env,
  currentDir,
}: DiagnoseOptions): Promise<{ config: ArchiverConfig | undefined; found: readonly Finding[] }> {
  const findings = new Findings('configuration')
  try {
    const variables = await withEnvFile(configPath, env)
    const { config, warnings } = await loadConfig(configPath, { env: variables, workDir, currentDir })
    for (const warning of warnings) findings.warning(warning, `Change '${configPath}'`)
    if (warnings.length === 0) findings.ok(`'${configPath}' has no mistakes`)
    return { config, found: findings.all }
  } catch (error) {
    if (errorCode(error) !== 'ERR_CONFIGURATION') throw error
    const fix = `Mend the configuration; what depends on it was not looked at`
    return { config: undefined, found: findings.error(error, fix).all }
  }
}
