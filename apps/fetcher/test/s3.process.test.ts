import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { startSireneServer } from '@holdfast/testkit/sirene-server'
import { expect, test } from 'vitest'
import { startS3Server } from './bundles/s3/s3-server.js'
import { apiConfig, fetcher, filesBelow, KEY, writeConfig } from './support.js'

const dir = useTempDir()

test('fetcher run keeps bundles in a bucket, with credentials that are shown nowhere', {
  timeout: 60_000,
}, async () => {
  const { options, requests } = await startS3Server(join(dir(), 's3'))
  await using server = await startSireneServer({ apiKey: KEY })
  const output = `{ type: s3, bucket: ${options.bucket}, endpoint: "${options.endpoint}", region: us-east-1, prefix: raw, access_key_id: s3_id, secret_access_key: s3_secret }`
  writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin, top: [`output: ${output}`] }))
  const missing = await fetcher({ cwd: dir() }, 'run', 'fr-api')
  expect(missing.code).toBe(1)
  expect(missing.stderr).toContain("The credential 's3_id' of 'fr-api' is missing")
  const env = {
    OC_CREDENTIAL_FR_API_S3_ID: options.credentials?.accessKeyId ?? '',
    OC_CREDENTIAL_FR_API_S3_SECRET: options.credentials?.secretAccessKey ?? '',
  }
  const { code, stdout, stderr } = await fetcher({ cwd: dir(), env }, 'run', 'fr-api', '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, counts: { bundles: 12 } })
  expect(requests.filter((line) => /^PUT raw\/.*completed\.json/.test(line))).toHaveLength(12)
  expect([...filesBelow(dir()).keys()].some((path) => path.startsWith(join(dir(), 'fetched')))).toBe(false)
})
