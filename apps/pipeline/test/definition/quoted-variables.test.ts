import { expect, test } from 'vitest'
import { findQuotedVariables } from '../../src/definition/quoted-variables.js'

test.each([
  ['cat "${input}"', ['input']],
  ["cat '${input}' ${file_id}", ['input']],
  ['echo "a $(cat "${input}") ${file_id}"', ['input', 'file_id']],
  ['echo "`cat "${input}"`"', ['input']],
  ['cp ${input} ${outputs.o} && echo "done" \'too\'', []],
  ['echo "$(cat ${input})" "$(wc -l < ${input})"', []],
  ['echo \\"${input}\\" it\\\'s ${file_id}', []],
  ['echo "$${input}" "\\"" ${input}', []],
  ['(cd x; cat ${input}) # it\'s "${file_id}\necho ${input}', []],
  ['case a in a) cat ${input};; esac; echo "${file_id}"', ['file_id']],
])('%s', (line, quoted) => {
  expect(findQuotedVariables(line)).toEqual(quoted)
})
