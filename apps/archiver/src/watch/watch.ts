import { setTimeout as pause } from 'node:timers/promises'
import { EXIT, exitCodeFor } from '../cli/exit-codes.js'
import { explainError } from '../cli/explain-error.js'
import { Shutdown } from '../cli/shutdown.js'
import type { Execution } from '../execution.js'
import type { Session } from '../session.js'
import { NewRecords } from './new-records.js'
import { NextExecution, type WatchOptions } from './next-execution.js'
import type { ServiceManager } from './service-manager.js'

export interface WatchDeps {
  /** Reads the configuration. */
  openSession(): Promise<Session>
  /** One execution, as the timer would start it, with the lock for just as long; tells its errors. */
  execute(session: Session, shutdown: Shutdown): Promise<Execution>
  readonly shutdown: Shutdown
  /** Calls back when the configuration shall be read again. */
  onReload(callback: () => void): void
  readonly serviceManager: ServiceManager
}

/**
 * Executes again and again until a stop is asked for: at intervals, soon after a new run record is whole, and after an outage of a store sooner at first. A
 * configuration that is read again and has mistakes leaves the old one in force. Closes the session.
 *
 * @throws errors that are neither the input's nor a store's fault
 */
export async function watch(first: Session, options: WatchOptions, deps: WatchDeps): Promise<Execution> {
  const { shutdown, serviceManager } = deps
  const next = new NextExecution()
  let session = first
  let executions = 0
  let interrupt = new AbortController()
  let reloadAsked = false
  deps.onReload(() => {
    reloadAsked = true
    interrupt.abort()
  })
  serviceManager.ready()
  try {
    while (!shutdown.signal.aborted) {
      if (reloadAsked) await reload()
      using records = new NewRecords(session.config.runRecordsDir, session.logger)
      serviceManager.status('Archiving')
      const execution = await executeOnce()
      executions += 1
      await waitForNext(records, next.after(execution, options))
    }
  } finally {
    serviceManager.stopping()
    session[Symbol.dispose]()
  }
  return {
    text: `Stopped after ${executions} executions\n`,
    document: { executions, stoppedBy: shutdown.reason },
    // A service manager ends its services with SIGTERM.
    exitCode: shutdown.reason === 'SIGTERM' ? EXIT.success : EXIT.interrupted,
  }

  async function executeOnce(): Promise<Execution | undefined> {
    // A lock file that was removed ends the execution, not the service.
    const one = new Shutdown()
    const stop = (): void => one.request(shutdown.reason ?? 'stopped')
    shutdown.signal.addEventListener('abort', stop, { once: true })
    try {
      return await deps.execute(session, one)
    } catch (error) {
      if (exitCodeFor(error) !== EXIT.failure) throw error
      return undefined
    } finally {
      shutdown.signal.removeEventListener('abort', stop)
    }
  }

  async function waitForNext(records: NewRecords, delayMs: number): Promise<void> {
    if (delayMs === 0 || reloadAsked) return
    serviceManager.status(`Waiting, at most ${Math.ceil(delayMs / 1000)} s`)
    session.logger.debug(`The next execution follows in ${delayMs} ms, or when a new run record is whole`)
    interrupt = new AbortController()
    const signal = AbortSignal.any([interrupt.signal, shutdown.signal])
    // Whichever comes first; both end with the signal.
    await Promise.race([pause(delayMs, undefined, { signal }), records.settled(options.settleMs, signal)]).catch(
      (error: unknown) => {
        if (!signal.aborted) throw error
      },
    )
    interrupt.abort()
  }

  async function reload(): Promise<void> {
    reloadAsked = false
    serviceManager.reloading()
    try {
      const read = await deps.openSession()
      session[Symbol.dispose]()
      session = read
      session.logger.info('The configuration was read again')
    } catch (error) {
      if (exitCodeFor(error) !== EXIT.failure) throw error
      session.logger.error(`The configuration stays as it was: ${explainError(error)}`)
    }
    serviceManager.ready()
  }
}
