/**
 * The message of the HTML page with which UconDB reports an exception: the text of its `<h3>`. Other bodies are returned as text, shortened.
 *
 * @param secrets texts that a server in front may have put into its page; they are left out.
 */
export function errorMessage(body: Uint8Array, secrets: readonly string[] = []): string {
  const page = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const heading = /<h3>([\s\S]*?)<\/h3>/i.exec(page)?.[1] ?? page.replace(/<[^>]*>/g, ' ')
  const message = secrets.reduce((text, secret) => text.replaceAll(secret, '[hidden]'), decodeEntities(heading))
  return message.trim().slice(0, 300)
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'" }

function decodeEntities(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39|#x27);/gi, (whole, name: string) => ENTITIES[name.toLowerCase()] ?? whole)
}
