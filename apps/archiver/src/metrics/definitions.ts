/** What is measured. Names are those of Prometheus; OpenTelemetry's follow from them. A summary counts observations and adds them up. */
export interface MetricDefinition {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'summary'
  /** As UCUM writes it. */
  readonly unit: string
  readonly help: string
}

const define = <K extends string>(definitions: Record<K, Omit<MetricDefinition, 'name'> & { name: string }>) =>
  definitions as Readonly<Record<K, MetricDefinition>>

export const METRICS = define({
  info: { name: 'archiver_info', kind: 'gauge', unit: '1', help: 'Always 1; the label says which version ran last' },
  executions: {
    name: 'archiver_executions_total',
    kind: 'counter',
    unit: '{execution}',
    help: 'Executions that ended, by mode and exit code',
  },
  executionDuration: {
    name: 'archiver_execution_duration_seconds',
    kind: 'summary',
    unit: 's',
    help: 'Time of an execution, from its start to its result',
  },
  lastExecution: {
    name: 'archiver_last_execution_timestamp_seconds',
    kind: 'gauge',
    unit: 's',
    help: 'When an execution ended last, since 1970',
  },
  lastSuccess: {
    name: 'archiver_last_success_timestamp_seconds',
    kind: 'gauge',
    unit: 's',
    help: 'When an execution ended last with exit code 0, since 1970',
  },
  runs: {
    name: 'archiver_runs_processed_total',
    kind: 'counter',
    unit: '{run}',
    help: 'Runs that were recorded as archived or failed, by stage and outcome',
  },
  attempts: {
    name: 'archiver_run_attempts_total',
    kind: 'counter',
    unit: '{attempt}',
    help: 'Attempts that these runs took',
  },
  bytes: {
    name: 'archiver_run_bytes_total',
    kind: 'counter',
    unit: 'By',
    help: 'What was moved: text stored by the import, blobs archived by the migration',
  },
  runDuration: {
    name: 'archiver_run_duration_seconds',
    kind: 'summary',
    unit: 's',
    help: 'Time of one run in a stage, all attempts and pauses',
  },
  stageDuration: {
    name: 'archiver_stage_duration_seconds',
    kind: 'summary',
    unit: 's',
    help: 'Time of one stage in an execution, from the list of its source to its last run',
  },
  stageStops: {
    name: 'archiver_stage_stops_total',
    kind: 'counter',
    unit: '{stop}',
    help: 'Stages that could not go on, by the code of the error',
  },
  newestRun: {
    name: 'archiver_newest_run',
    kind: 'gauge',
    unit: '1',
    help: 'Highest run number in a place: disk, artdaqdb, ucondb',
  },
  lag: {
    name: 'archiver_lag_runs',
    kind: 'gauge',
    unit: '{run}',
    help: 'Runs at the source that are newer than the newest one at the destination; total: on disk and newer than the newest in UconDB',
  },
  backlog: {
    name: 'archiver_backlog_runs',
    kind: 'gauge',
    unit: '{run}',
    help: 'Runs at the source that are not at the destination, old or new',
  },
  failuresLogged: {
    name: 'archiver_failures_logged',
    kind: 'gauge',
    unit: '{run}',
    help: 'Runs in the failure log of a stage',
  },
  lastContiguousRun: {
    name: 'archiver_last_contiguous_run',
    kind: 'gauge',
    unit: '1',
    help: 'last_contiguous_run of the state file of a stage',
  },
  lastAttemptedRun: {
    name: 'archiver_last_attempted_run',
    kind: 'gauge',
    unit: '1',
    help: 'last_attempted_run of the state file of a stage',
  },
  storeCalls: {
    name: 'archiver_store_call_duration_seconds',
    kind: 'summary',
    unit: 's',
    help: 'Time of a call to a store, by store and operation, also of those that failed',
  },
  storeErrors: {
    name: 'archiver_store_call_errors_total',
    kind: 'counter',
    unit: '{call}',
    help: 'Calls to a store that failed',
  },
  lockWait: {
    name: 'archiver_lock_wait_seconds',
    kind: 'summary',
    unit: 's',
    help: 'Time from asking for the lock of the archiver to having it',
  },
  lockRefusals: {
    name: 'archiver_lock_refusals_total',
    kind: 'counter',
    unit: '{execution}',
    help: 'Executions that ended because another one held the lock',
  },
})

export type MetricKey = keyof typeof METRICS

export type Labels = Readonly<Record<string, string>>

/** One thing that was measured: what to add to a counter, the value of a gauge, one observation of a summary. */
export interface Sample {
  readonly metric: MetricKey
  readonly labels: Labels
  readonly value: number
}

/** Takes samples to where they are looked at. Nothing that it does or meets may throw or hold up the caller. */
export interface MetricsExporter {
  record(sample: Sample): void
  /** A stage or execution has ended: a moment to write what was recorded. Waits for no other machine. */
  flush(): Promise<void>
  /** Tries once more, for a second at most, and frees everything. */
  close(): Promise<void>
}
