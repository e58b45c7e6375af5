import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'
import { readTextFile } from '@holdfast/atomic-file'
import { type Finding, Findings } from './finding.js'
import { lookAtPath } from './look-at-path.js'

const SECRET_NAME = /PASS|TOKEN|SECRET|CREDENTIAL|KEY/i
/** A key of the configuration whose value stands there itself, not a variable. */
const SECRET_VALUE = /^\s*(?:writer_password|smtp_password|bot_token)\s*:\s*(?!\s|#|["']?\$\{|~|null\b|["']{2})\S/m
const OTHERS_READ = 0o004
const OTHERS_WRITE = 0o022

/** Whether files that hold secrets, or decide what is done, are open to others. Values are never shown. */
export async function checkSecrets(configPath: string): Promise<Finding[]> {
  const findings = new Findings('secrets')
  const envPath = join(dirname(configPath), 'archiver.env')
  await checkFile(envPath, (text) => Object.keys(parseEnv(text)).some((name) => SECRET_NAME.test(name)), findings)
  await checkFile(configPath, (text) => SECRET_VALUE.test(text), findings)
  return findings.all
}

async function checkFile(path: string, hasSecrets: (text: string) => boolean, findings: Findings): Promise<void> {
  const view = await lookAtPath(path)
  if (view.kind !== 'there' || !view.stats.isFile()) return
  const text = await readTextFile(path).catch(() => undefined)
  if (text === undefined) return
  const secret = hasSecrets(text)
  if (secret && (view.stats.mode & OTHERS_READ) !== 0)
    findings.problem(`'${path}' holds secrets, and everybody may read it`, `chmod 600 '${path}'`)
  else if ((view.stats.mode & OTHERS_WRITE) !== 0)
    findings.warning(`'${path}' may be changed by others than its owner`, `chmod go-w '${path}'`)
  else findings.ok(`'${path}'${secret ? ' holds secrets and is closed to others' : ''}`)
}
