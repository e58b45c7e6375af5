/** Answers `/page?day=…&size=…&pages=…&curseur=…` with so many rows and the cursor of the next page, until the pages of the day are over. Says its port over IPC. */
import { createServer } from 'node:http'

const ROW_BYTES = 400
const padding = 'x'.repeat(ROW_BYTES)

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const [size, pages] = [Number(searchParams.get('size')), Number(searchParams.get('pages'))]
  const day = searchParams.get('day') ?? ''
  const page = Number(searchParams.get('curseur')) || 1
  const rows = Array.from({ length: size }, (_, n) => `{"id":"${day}-${page}-${n}","name":"${padding}"}`)
  const body = `{"header":{"curseurSuivant":${page < pages ? `"${page + 1}"` : 'null'}},"rows":[${rows.join()}]}`
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => process.send?.({ type: 'ready', port: server.address()?.port }))
process.on('disconnect', () => process.exit())
