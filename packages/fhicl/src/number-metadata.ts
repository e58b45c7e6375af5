const opening = '{\n"type" : "number",\n"comment" : "",\n"annotation" : ""'
const closing = '\n}'
const separator = ',\n'
const memberLength = '"" : '.length + opening.length + closing.length + separator.length
const smallestSize = 1024
const largestSize = 1 << 17

/** The opening of the metadata of a bare number without comments, which nearly all elements of long sequences are. */
export const plainNumberOpening: string = opening

/**
 * The metadata that the first `count` elements of a sequence have when all of them are numbers without comments; undefined
 * for more elements than are kept. It depends on the count alone, so the text is made once and every document takes its part of it.
 */
export function plainNumberMetadata(count: number): string | undefined {
  if (count > largestSize || count < 1) return undefined
  if (count > made.size) made = make(Math.max(smallestSize, 2 ** Math.ceil(Math.log2(count))))
  return made.text.slice(0, count * memberLength - separator.length + digitsBelow(count))
}

// The beginning of a text that never changes; only how much of it has been needed so far does.
let made: { readonly size: number; readonly text: string } = { size: 0, text: '' }

function make(size: number): { readonly size: number; readonly text: string } {
  const members = Array.from({ length: size }, (_, index) => `"${index}" : ${opening}${closing}`)
  return { size, text: members.join(separator) }
}

/** How many digits the numbers from 0 up to `count` have together, without `count` itself. */
function digitsBelow(count: number): number {
  let digits = count
  for (let power = 10; power < count; power *= 10) digits += count - power
  return digits
}
