/** What went wrong, as text, and the class of the error if it is one. */
export function describeError(error: unknown): { readonly message: string; readonly type: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error), type: undefined }
  // A class that gave its errors no name of their own inherits 'Error'.
  const type = error.name === 'Error' ? error.constructor.name : error.name
  return { message: error.message === '' ? type : error.message, type }
}
