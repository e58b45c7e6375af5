import { readTextFile } from '@holdfast/atomic-file'
import { codeOf } from '@holdfast/cli-kit'
import { parseDocument } from 'yaml'
import { ConfigurationError } from './errors.js'

/** `paths.state_file` of a configuration; other settings are left to the programs they are for. */
export async function readStateFileSetting(path: string): Promise<string | undefined> {
  const document = parseDocument(await readText(path))
  const [mistake] = document.errors
  if (mistake !== undefined) throw new ConfigurationError(path, mistake.message.split('\n')[0] ?? 'it is no YAML')
  const content: unknown = document.toJS()
  const paths = member(content, 'paths')
  const stateFile = member(paths, 'state_file')
  if (stateFile === undefined || stateFile === null) return undefined
  if (typeof stateFile !== 'string' || stateFile === '')
    throw new ConfigurationError(path, `paths.state_file has to be a path, not ${JSON.stringify(stateFile)}`)
  return stateFile
}

async function readText(path: string): Promise<string> {
  try {
    return await readTextFile(path)
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'there is no such file' : error instanceof Error ? error.message : error
    throw new ConfigurationError(path, String(reason), error)
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined
}
