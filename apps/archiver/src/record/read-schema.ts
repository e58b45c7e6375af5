import { join } from 'node:path'
import { errorCode, readTextFile } from '@holdfast/atomic-file'
import { readFhicl } from '@holdfast/fhicl'
import { SourceUnavailableError } from '../errors.js'

/** The text of the site's `schema.fcl`, which every run is stored with. @throws SourceUnavailableError when it cannot be read or is not FHiCL */
export async function readSchema(schemaDir: string): Promise<string> {
  const path = join(schemaDir, 'schema.fcl')
  try {
    const text = await readTextFile(path)
    readFhicl(text, { source: path })
    return text
  } catch (error) {
    const reason =
      errorCode(error) === 'ENOENT' ? 'there is no such file' : error instanceof Error ? error.message : String(error)
    throw new SourceUnavailableError(
      path,
      `Cannot use the schema '${path}': ${reason}`,
      'Check artdaq_db.fcl_conf_dir and the file',
      { cause: error },
    )
  }
}
