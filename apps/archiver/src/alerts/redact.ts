export type Redact = (text: string) => string

/** Takes secrets out of a text, also in the forms in which addresses and protocols carry them. */
export function redactor(secrets: readonly (string | undefined)[]): Redact {
  const forms = secrets
    .filter((secret) => secret !== undefined && secret.length >= SHORTEST)
    .flatMap((secret = '') => [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')])
    // The longest first, so that a secret which begins with another one goes as a whole.
    .sort((one, other) => other.length - one.length)
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, '***'), text)
}

// Of anything shorter, most texts hold a copy by chance.
const SHORTEST = 4
