import { documentFromJson, parseDatabaseJson, readFhicl, stringifyStoredDocument, writeFhicl } from '@holdfast/fhicl'
import { expect, test } from 'vitest'

/** Repeats what `line` makes until the text has this many characters. */
function fill(characters: number, line: (index: number) => string): string {
  const parts: string[] = []
  for (let length = 0, index = 0; length < characters; index++) {
    const part = line(index)
    parts.push(part)
    length += part.length
  }
  return parts.join('')
}

const megabytes = 1_000_000

// Each of these takes well under a second; anything that is not linear does not come back within the test's timeout.
test.each([
  ['flat', fill(10 * megabytes, (index) => `key_${index}: "value ${index}"\n`)],
  ['one long sequence', `s: [${fill(10 * megabytes, (index) => `${index}, `)} 0]`],
  ['many comments', fill(10 * megabytes, (index) => `# note ${index}, it's one\nk${index}: ${index} // behind\n`)],
  ['empty strings', fill(10 * megabytes, (index) => `k${index}: "" # it's\n`)],
  ['a single key', fill(10 * megabytes, () => 'k: 1\n')],
  ['a single key in a table', `t: {${fill(10 * megabytes, () => 'k: 1\n')}}`],
  ['one string', `s: '${fill(10 * megabytes, () => '" # \\')}'`],
  ['escapes', `s: "${fill(10 * megabytes, () => '\\\\\\n\\"')}"`],
  ['blanks', `${' '.repeat(10 * megabytes)}\n`],
  ['includes in comments', fill(10 * megabytes, () => '  #include nothing\n')],
])('a file of 10 MB is read and written: %s', (_, text) => {
  const document = readFhicl(text, { source: 'large.fcl' })
  const written = writeFhicl(document)
  expect(written === '' ? [] : readFhicl(written).main).toHaveLength(document.main.length)
})

test('a document of 2 MB goes to its stored form and back', () => {
  const document = readFhicl(
    fill(2 * megabytes, (index) => `t${index}: { id: ${index} channels: [1, 2, 3, "four"] }\n`),
  )
  const stored = stringifyStoredDocument(document, [])
  expect(writeFhicl(documentFromJson(parseDatabaseJson(stored)))).toBe(writeFhicl(document))
})
