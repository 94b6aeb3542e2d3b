import type { Log, LogEntry } from '../runtime.ts'

/**
 * Returns a log that writes each entry as one line of JSON.
 *
 * @example
 * const worker = await createWorker({ archive, log: jsonLog((line) => process.stderr.write(line)) })
 */
export function jsonLog(write: (line: string) => void): Log {
  return (entry) => write(`${JSON.stringify(entry)}\n`)
}

const units = {
  RecordsIn: 'Count',
  RecordsDelivered: 'Count',
  RecordsErrored: 'Count',
  ObjectsWritten: 'Count',
  BytesWritten: 'Bytes',
  ExtraAttributes: 'Count',
  RepairedTexts: 'Count',
  DeliveryLagMs: 'Milliseconds',
} as const
export type Metrics = { readonly [name in keyof typeof units]?: number }

/**
 * A log entry that CloudWatch reads as metrics, in the embedded metric format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 */
export function metricsEntry(stream: string, metrics: Metrics, nowMs: number): LogEntry {
  const names = Object.keys(metrics) as (keyof Metrics)[]
  return {
    level: 'info',
    message: 'metrics',
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: 'dmd-pipeline',
          Dimensions: [['stream']],
          Metrics: names.map((name) => ({ Name: name, Unit: units[name] })),
        },
      ],
    },
    stream,
    ...metrics,
  }
}
