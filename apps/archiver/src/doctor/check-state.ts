import type { ArchiverConfig } from '../config/archiver-config.js'
import { describeBadLines, readHistory } from '../history/read-history.js'
import type { Logger } from '../log/logger.js'
import { readStageLog } from '../runs/stage-log.js'
import { type Finding, Findings } from './finding.js'

/**
 * Whether state files, failure logs and the history can be read.
 *
 * @param archiver how the archiver is started with this configuration
 */
export async function checkState(config: ArchiverConfig, archiver: string, logger: Logger): Promise<Finding[]> {
  const findings = new Findings('state')
  const stages = [
    { name: 'import', files: config.import, fix: `${archiver} --recover-import-state` },
    { name: 'migration', files: config.migrate, fix: `${archiver} --recover-migrate-state` },
  ]
  for (const { name, files, fix } of stages) {
    const { failures, startRun, problems } = await readStageLog(files, logger)
    for (const problem of problems) findings.problem(problem, `Rebuild it from the stores: ${fix}`)
    if (problems.length === 0)
      findings.ok(`The state of the ${name}: up to run ${startRun}, ${failures.length} failed runs`)
  }
  return [...findings.all, ...(await checkHistory(config.historyFile))]
}

async function checkHistory(path: string): Promise<readonly Finding[]> {
  const findings = new Findings('history')
  try {
    const reading = await readHistory(path, () => undefined)
    const bad = describeBadLines(path, reading)
    if (bad !== undefined)
      findings.warning(bad, 'Nothing: reports go without them. Was the file edited, or its disk damaged?')
    else findings.ok(reading.exists ? `${reading.events} events` : 'There is none yet')
  } catch (error) {
    findings.error(error, 'Mend its permissions')
  }
  return findings.all
}
