import { DatabaseUnavailableError } from '../errors.js'
import { runTool } from './run-tool.js'
import { makeScratchFolder, readScratchFiles, writeScratchFile } from './scratch-folder.js'
import { type JobEnd, NO_FILES, type ToolJob, type Transport, type TransportContext } from './transport.js'

/** Runs the tools on this host. No shell reads their arguments; the address of the database is in their environment only. */
export class LocalTransport implements Transport {
  readonly #context: TransportContext

  constructor(context: TransportContext) {
    this.#context = context
  }

  async run(job: ToolJob): Promise<JobEnd> {
    const { options } = this.#context
    if (job.tool === 'conftool') return await this.#start(job, options.tempDir, job.args)
    await using folder = await makeScratchFolder(options.tempDir)
    for (const { name, data } of job.files ?? []) await writeScratchFile(folder, name, data)
    const args = [...job.args, '-p', folder.path, '-t', String(options.threads)]
    const end = await this.#start(job, folder.path, args)
    return job.tool === 'bulkdownloader' ? { ...end, files: await readScratchFiles(folder) } : end
  }

  async #start(job: ToolJob, folder: string, args: readonly string[]): Promise<JobEnd> {
    const { options, uri } = this.#context
    const program = options.programs[job.tool]
    const end = await runTool({
      program,
      args,
      folder,
      env: { ...options.env, ARTDAQ_DATABASE_URI: uri },
      timeoutMs: options.timeoutMs,
      graceMs: options.graceMs,
      signal: job.signal,
      ...(job.onOutput === undefined ? {} : { onOutput: job.onOutput }),
    })
    if (end.notStarted !== undefined) throw notStarted(program, end.notStarted)
    return {
      code: end.code ?? undefined,
      signal: end.signal ?? undefined,
      timedOut: end.timedOut,
      printed: `${end.stdout}\n${end.stderr}`,
      files: NO_FILES,
    }
  }
}

/** A program that the system does not start. */
export function notStarted(program: string, code: string, host?: string): DatabaseUnavailableError {
  const where = host === undefined ? '' : ` on '${host}'`
  const reason =
    code === 'ENOENT' ? 'there is no such program in PATH' : code === 'EACCES' ? 'it may not be executed' : code
  const hint =
    program === 'ssh'
      ? 'Install the OpenSSH client, or put it into PATH'
      : `Set up the artdaq_database environment${where} (PATH, LD_LIBRARY_PATH, PYTHONPATH) before the start`
  return new DatabaseUnavailableError('run', program, `${reason}${where}`, hint)
}
