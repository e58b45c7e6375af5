import type { RunToStore } from '@holdfast/artdaqdb'

/** A small run record, the text of each file depending on the run. */
export function sampleRun(run: number, components: readonly string[] = ['tpc01']): RunToStore {
  const files = components.map((name) => ({ name: `${name}.fcl`, text: `board: ${run} # ${name}\nports: [ 1, 2 ]\n` }))
  return {
    run,
    configuration: 'beam-00012',
    files: [{ name: 'metadata.fcl', text: `config_name: "beam-00012"\ntotal_events: ${run * 10}\n` }, ...files],
    schema: SCHEMA,
    update: { files: [{ name: 'RunHistory2.fcl', text: `DAQInterface_start_time: "run ${run}"` }], schema: SCHEMA },
  }
}

export const SCHEMA = "run_history: [ { collection: RunHistory pattern: '(a)(b)(c)' } ]\n"

/** What an export of {@link sampleRun} holds, by path. */
export function sampleExport(run: number, components: readonly string[] = ['tpc01']): Record<string, string> {
  const files: Record<string, string> = {
    'beam-/RunHistory2.fcl': `\nDAQInterface_start_time: "run ${run}" \n`,
    'beam-/metadata.fcl': `\nconfig_name: "beam-00012" \n\ntotal_events: ${run * 10} \n`,
    'schema.fcl': "\nrun_history: [{\n\ncollection: RunHistory \n\npattern: '(a)(b)(c)' \n\n}] \n",
  }
  for (const name of components) files[`beam-/${name}.fcl`] = `\nboard: ${run} # ${name}\n# ${name}\nports: [1, 2] \n`
  return files
}

export function asRecord(files: readonly { path: string; text: string }[]): Record<string, string> {
  return Object.fromEntries(files.map(({ path, text }) => [path, text]))
}
