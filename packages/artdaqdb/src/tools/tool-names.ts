import { UnsafeNameError } from '../errors.js'
import type { ConfigurationName } from '../names.js'

const SAFE_CONFIGURATION = /^[A-Za-z0-9_.+:,=@%/-]*$/

/**
 * The bulk downloader gives the configuration to a shell without quoting it: blanks lose its files, `;` and `&` run what follows.
 *
 * @throws UnsafeNameError
 */
export function assertToolConfiguration({ name }: ConfigurationName): void {
  if (!SAFE_CONFIGURATION.test(name)) {
    throw new UnsafeNameError(
      'configuration',
      name,
      "the site's tools would give it to a shell; letters, digits and _ . + : , = @ % - are safe",
    )
  }
  if (name.startsWith('-'))
    throw new UnsafeNameError('configuration', name, "the site's tools would take it for an option")
  if (name.split('/').includes('..')) throw new UnsafeNameError('configuration', name, 'it leads out of its place')
}

/** The bulk loader takes every path with `schema.fcl` in it for the schema. @throws UnsafeNameError */
export function assertToolEntity(entity: string): void {
  if (`${entity}.fcl`.includes('schema.fcl'))
    throw new UnsafeNameError('entity', entity, 'the bulk loader would take its file for the schema')
}
