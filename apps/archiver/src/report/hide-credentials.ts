/** Takes user and password out of every address in a text: `mongodb://reader:secret@host/db` becomes `mongodb://…@host/db`. */
export function hideCredentials(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#'"]*@/gi, '$1…@')
}
