import type { BatchObservableResult, Meter } from '@opentelemetry/api'
import type { TrackerSnapshot } from './state-tracker.js'

/** Observable instruments that read the store once per collection. A store that cannot be read leaves that collection without these values. */
export function observeTracker(meter: Meter, read: () => Promise<TrackerSnapshot>): () => void {
  const events = meter.createObservableCounter('holdfast.events', { description: 'Counters of a state tracker' })
  const seconds = { unit: 's' }
  const count = meter.createObservableCounter('holdfast.processing.count', { description: 'Processing times recorded' })
  const sum = meter.createObservableCounter('holdfast.processing.sum', { ...seconds, description: 'Their sum' })
  const quantile = meter.createObservableGauge('holdfast.processing.quantile', { ...seconds, description: 'Quantiles' })
  const least = meter.createObservableGauge('holdfast.processing.min', { ...seconds, description: 'The shortest' })
  const most = meter.createObservableGauge('holdfast.processing.max', { ...seconds, description: 'The longest' })
  const instruments = [events, count, sum, quantile, least, most]

  const callback = async (result: BatchObservableResult): Promise<void> => {
    const { name: tracker, counters, timings } = await read()
    for (const [name, value] of Object.entries(counters)) result.observe(events, value, { tracker, name })
    for (const [operation, stats] of Object.entries(timings)) {
      const attributes = { tracker, operation }
      result.observe(count, stats.count, attributes)
      result.observe(sum, stats.totalTime, attributes)
      result.observe(least, stats.minTime, attributes)
      result.observe(most, stats.maxTime, attributes)
      for (const [name, value] of [
        ['0.5', stats.p50],
        ['0.9', stats.p90],
        ['0.99', stats.p99],
      ] as const) {
        result.observe(quantile, value, { ...attributes, quantile: name })
      }
    }
  }
  meter.addBatchObservableCallback(callback, instruments)
  return () => meter.removeBatchObservableCallback(callback, instruments)
}
