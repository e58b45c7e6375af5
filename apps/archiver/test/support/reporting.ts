export type Keys = Readonly<Record<string, string | number | boolean | Readonly<Record<string, string>>>>

/** The `reporting` section with the given keys and channels, the latter enabled. */
export function reporting(channels: Readonly<Record<string, Keys>>, keys: Keys = {}): string {
  const lines = Object.entries(keys).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`)
  for (const [name, settings] of Object.entries(channels)) {
    lines.push(`  ${name}:\n`)
    for (const [key, value] of Object.entries({ enabled: true, ...settings })) {
      lines.push(`    ${key}: ${JSON.stringify(value)}\n`)
    }
  }
  return `reporting:\n${lines.join('')}`
}

/** Settings of a mail channel for a server on this machine. */
export function mailTo(port: number, keys: Keys = {}): Keys {
  return {
    recipient_email: 'shift@example.org',
    sender_email: 'archiver@example.org',
    smtp_host: '127.0.0.1',
    smtp_port: port,
    ...keys,
  }
}
