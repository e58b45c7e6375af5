import { errorCode, readTextFile } from '@holdfast/atomic-file'

/**
 * A secret from the configuration or, read anew for each alert so that it may change, from a file.
 *
 * @throws Error that names the file, never the content.
 */
export async function secretValue(value: string | undefined, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return value
  const text = (await read(path)).trim()
  if (text === '') throw new Error(`the file '${path}' is empty`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line end in a secret would begin another header
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new Error(`the file '${path}' holds more than one line`)
  return text
}

async function read(path: string): Promise<string> {
  try {
    return await readTextFile(path)
  } catch (error) {
    throw new Error(`the file '${path}' cannot be read (${errorCode(error) ?? 'unknown reason'})`)
  }
}
