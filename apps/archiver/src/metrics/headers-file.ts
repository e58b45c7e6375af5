import { readTextFile } from '@holdfast/atomic-file'

/** A file of `Name: value` lines, for headers that hold credentials. Blank lines and lines that begin with `#` mean nothing. */
export async function readHeadersFile(path: string): Promise<Record<string, string>> {
  const lines = (await readTextFile(path)).split('\n').map((line) => line.trim())
  return Object.fromEntries(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [name = '', ...value] = line.split(':')
        return [name.trim(), value.join(':').trim()]
      }),
  )
}
