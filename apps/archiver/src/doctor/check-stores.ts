import type { ArchiverConfig } from '../config/archiver-config.js'
import { readSchema } from '../record/read-schema.js'
import { listRunDirectories } from '../record/run-directories.js'
import type { Stores } from '../stores.js'
import { type Finding, Findings } from './finding.js'

/** Whether run records, schema and both stores can be used. */
export async function checkStores(config: ArchiverConfig, stores: Stores, signal: AbortSignal): Promise<Finding[]> {
  return [
    ...(await check('run records', 'Check source_files.run_records_dir', async (findings) => {
      const { size } = await listRunDirectories(config.runRecordsDir)
      if (size > 0) findings.ok(`${size} run records in '${config.runRecordsDir}'`)
      else
        findings.warning(
          `There is no run record in '${config.runRecordsDir}'`,
          'Is its disk mounted, and source_files.run_records_dir right?',
        )
    })),
    ...(await check('schema', 'Check artdaq_db.fcl_conf_dir', async (findings) => {
      await readSchema(config.database.schemaDir)
      findings.ok(`'${config.database.schemaDir}/schema.fcl' can be read`)
    })),
    ...(await check('artdaqDB', 'Check artdaq_db.database_uri', async (findings) => {
      await using database = await stores.openDatabase('read')
      findings.ok(`${(await database.listRuns()).size} runs in '${config.database.uri}'`)
    })),
    ...(await check('UconDB', 'Check the section ucon_db', async (findings) => {
      await using archive = await stores.openArchive()
      const { usable, folderExists, problems } = await archive.check({ signal })
      for (const { message, hint } of problems) findings.problem(message, hint)
      if (usable)
        findings.ok(`${archive.location} can be used${folderExists ? '' : '; the first run makes its folder'}`)
    })),
  ]
}

async function check(name: string, fix: string, look: (findings: Findings) => Promise<void>): Promise<Finding[]> {
  const findings = new Findings(name)
  try {
    await look(findings)
  } catch (error) {
    findings.error(error, fix)
  }
  return findings.all
}
