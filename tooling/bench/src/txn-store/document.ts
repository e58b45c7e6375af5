/** A document like those that pipelines keep: a few fields, and as many items with a text as its size asks for. */
import { z } from 'zod'

export const documentSchema = z.looseObject({
  title: z.string(),
  updates: z.int().min(0),
  counts: z.record(z.string(), z.int().min(0)),
  chunks: z.array(
    z.object({
      id: z.string(),
      status: z.enum(['pending', 'running', 'success', 'failed']),
      text: z.string(),
      seconds: z.number().nullable(),
    }),
  ),
})

export type BenchDocument = z.infer<typeof documentSchema>

const TEXT = 'It was a bright cold day in autumn – the clocks had stopped, and nobody had noticed yet. '.repeat(2)

export function makeDocument(sizeBytes: number): BenchDocument {
  const document: BenchDocument = { title: 'Bench', updates: 0, counts: {}, chunks: [] }
  const chunk = (index: number): BenchDocument['chunks'][number] => ({
    id: `chunk_${String(index).padStart(6, '0')}`,
    status: 'pending',
    text: TEXT,
    seconds: index % 3 === 0 ? null : index / 7,
  })
  const bytesOf = (count: number): number =>
    Buffer.byteLength(toText({ ...document, chunks: Array.from({ length: count }, (_, index) => chunk(index)) }))
  const bytesOfOne = (bytesOf(31) - bytesOf(1)) / 30
  const chunks = Math.max(1, Math.round((sizeBytes - bytesOf(0)) / bytesOfOne))
  for (let index = 0; index < chunks; index += 1) document.chunks.push(chunk(index))
  return document
}

/** What every transaction does: one counter, and the status of one item. */
export function advance(document: BenchDocument): void {
  document.updates += 1
  const chunk = document.chunks[document.updates % document.chunks.length]
  if (chunk !== undefined) chunk.status = chunk.status === 'pending' ? 'running' : 'pending'
}

export function toText(document: object): string {
  return JSON.stringify(document, null, 2)
}

/** `2 KB`, `1 MB`. */
export function formatSize(bytes: number): string {
  return bytes >= 1_000_000 ? `${bytes / 1_000_000} MB` : `${bytes / 1000} KB`
}
