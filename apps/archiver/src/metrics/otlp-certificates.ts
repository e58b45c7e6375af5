import { readFile } from 'node:fs/promises'

/** What `tls.connect` takes. */
export interface Certificates {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The certificates that the environment variables of OpenTelemetry name. The SDK reads them for its own connections only, not for those of an agent that it
 * is given. https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export async function readOtlpCertificates(env: Environment): Promise<Certificates> {
  const read = async (name: string): Promise<Buffer | undefined> => {
    const path = env[`OTEL_EXPORTER_OTLP_METRICS_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`]
    return path ? await readFile(path) : undefined
  }
  const [ca, cert, key] = await Promise.all([read('CERTIFICATE'), read('CLIENT_CERTIFICATE'), read('CLIENT_KEY')])
  return { ...(ca === undefined ? {} : { ca }), ...(cert && key ? { cert, key } : {}) }
}
