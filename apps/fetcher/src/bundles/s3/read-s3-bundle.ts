import { MANIFEST_NAME, MARKER_NAME, type Manifest, tryParseManifest, tryParseMarker } from '../manifest.js'
import type { S3Bucket } from './s3-bucket.js'

export interface S3Bundle {
  readonly attempt: string
  readonly manifest: Manifest
}

/** The bundle that the marker names; `undefined` when there is no marker, or it does not fit. */
export async function readS3Bundle(bucket: S3Bucket, key: string): Promise<S3Bundle | undefined> {
  const markerText = await bucket.tryGetText(`${key}/${MARKER_NAME}`)
  const marker = markerText === undefined ? undefined : tryParseMarker(markerText)
  if (marker?.attempt === undefined) return undefined
  const manifestText = await bucket.tryGetText(`${key}/${marker.attempt}/${MANIFEST_NAME}`)
  const manifest = manifestText === undefined ? undefined : tryParseManifest(manifestText, marker)
  return manifest && { attempt: marker.attempt, manifest }
}
