// The formats of manifest.json and completed.json, version 1. The manifest lists every resource; the marker is written after it and holds its hash, so a
// bundle whose marker fits its manifest is whole.
import { createHash } from 'node:crypto'
import { z } from 'zod'

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

const resourceSchema = z.object({
  /** Path below `content/`. */
  name: z.string(),
  size: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  url: z.string(),
  status: z.number().int().optional(),
  contentType: z.string().optional(),
  storedAt: z.string(),
  facts: facts.optional(),
  unpackedFrom: z.object({ name: z.string(), size: z.number(), sha256: z.string() }).optional(),
})

const manifestSchema = z.object({
  version: z.literal(1),
  /** Its name in the store. */
  bundle: z.string(),
  request: z.object({ source: z.string(), id: z.string(), name: z.string() }),
  startedAt: z.string(),
  completedAt: z.string(),
  /** SHA-256 of the hashes of all resources in hex, one after the other, in the order of their names. */
  bundleHash: z.string(),
  /** In the order of their names. */
  resources: z.array(resourceSchema),
})

const markerSchema = z.object({
  version: z.literal(1),
  manifestSha256: z.string(),
  bundleHash: z.string(),
  resources: z.number().int(),
  bytes: z.number().int(),
  completedAt: z.string(),
  /** Where manifest and content are below the bundle, when they are not in it. */
  attempt: z.string().optional(),
})

export type ResourceRecord = Readonly<z.infer<typeof resourceSchema>>
export type Manifest = Readonly<z.infer<typeof manifestSchema>>
export type Marker = Readonly<z.infer<typeof markerSchema>>

export const MANIFEST_NAME = 'manifest.json'
export const MARKER_NAME = 'completed.json'
export const CONTENT_FOLDER = 'content'

export interface ManifestFacts {
  readonly bundle: string
  readonly request: Manifest['request']
  readonly startedAtMs: number
  readonly completedAtMs: number
  readonly resources: Iterable<ResourceRecord>
}

export function makeManifest({ startedAtMs, completedAtMs, ...facts }: ManifestFacts): Manifest {
  const resources = [...facts.resources].sort((a, b) => (a.name < b.name ? -1 : 1))
  const hash = createHash('sha256')
  for (const { sha256 } of resources) hash.update(sha256)
  return {
    version: 1,
    bundle: facts.bundle,
    request: facts.request,
    startedAt: new Date(startedAtMs).toISOString(),
    completedAt: new Date(completedAtMs).toISOString(),
    bundleHash: hash.digest('hex'),
    resources,
  }
}

/** A line for each resource, so that people and `grep` can read it. */
export function serializeManifest({ resources, ...head }: Manifest): string {
  const lines = resources.map((resource) => `    ${JSON.stringify(resource)}`).join(',\n')
  const list = lines === '' ? '[]' : `[\n${lines}\n  ]`
  return `${JSON.stringify(head, null, 2).replace(/\n}$/, '')},\n  "resources": ${list}\n}\n`
}

export function serializeMarker(manifest: Manifest, manifestText: string, attempt?: string): string {
  const marker: Marker = {
    version: 1,
    manifestSha256: sha256(manifestText),
    bundleHash: manifest.bundleHash,
    resources: manifest.resources.length,
    bytes: manifest.resources.reduce((sum, { size }) => sum + size, 0),
    completedAt: manifest.completedAt,
    ...(attempt === undefined ? {} : { attempt }),
  }
  return `${JSON.stringify(marker, null, 2)}\n`
}

/** `undefined` when it is no marker of this version. */
export function tryParseMarker(text: string): Marker | undefined {
  return tryParse(markerSchema, text)
}

/** `undefined` when it is not the manifest that the marker was written for. */
export function tryParseManifest(text: string, marker: Marker): Manifest | undefined {
  return sha256(text) === marker.manifestSha256 ? tryParse(manifestSchema, text) : undefined
}

/** Whether two bundles hold the same bytes under the same names. */
export function isSameContent(a: Manifest, b: Manifest): boolean {
  const of = ({ resources }: Manifest): string =>
    JSON.stringify(resources.map(({ name, size, sha256: hash }) => [name, size, hash]))
  return a.bundleHash === b.bundleHash && of(a) === of(b)
}

function tryParse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
