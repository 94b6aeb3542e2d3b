import type { Charge, Scan } from '../query/engine.ts'
import type { SkippedFile } from '../query/files.ts'
import { count, counted, duration, harmless, size } from './io.ts'

/** What a query read, or cost. */
export type Cost = { readonly scan?: Scan | undefined; readonly charge?: Charge | undefined }

/** What a query read and how long it took, in a line for people. */
export function describeRun({ scan, charge }: Cost, rows: number, tookMs: number): string {
  const took = `${counted(rows, 'row')} in ${duration(tookMs)}`
  if (charge) return `${took}; ${describeCharge(charge)}`
  if (!scan || scan.filesTotal === 0) return took
  const { files, filesTotal, partitions, partitionsTotal, bytes } = scan
  return (
    `${took}; read ${count(files)} of ${counted(filesTotal, 'file')}, ${count(partitions)} of ` +
    `${counted(partitionsTotal, 'partition')}, ${size(bytes)}, ${counted(scan.rows, 'row')}`
  )
}

/** So many skipped objects are named; the others are counted. */
const namedMax = 10

/** The objects that a query did without, in lines for people; none where there are none. */
export function skippedLines(skipped: readonly SkippedFile[]): readonly string[] {
  if (skipped.length === 0) return []
  const rest = skipped.length - namedMax
  return [
    `${counted(skipped.length, 'object')} below data/ ${skipped.length === 1 ? 'is no file of its table and was' : 'are no files of their tables and were'} left out:`,
    ...skipped.slice(0, namedMax).map(({ key, why }) => `  ${harmless(key)}: ${harmless(why)}`),
    ...(rest > 0 ? [`  and ${count(rest)} more`] : []),
  ]
}

// Athena's list price in most regions, and the least that a query is charged for; docs/cost.md.
const dollarsPerTb = 5
const chargedBytesMin = 10_000_000

function describeCharge({ scannedBytes, queuedMs, ranMs }: Charge): string {
  const dollars = (Math.max(scannedBytes, chargedBytesMin) / 1e12) * dollarsPerTb
  const price = scannedBytes === 0 ? '' : `, about $${dollars.toFixed(5)} at $${dollarsPerTb} a TB`
  return `Athena scanned ${size(scannedBytes)}${price}; queued ${duration(queuedMs)}, ran ${duration(ranMs)}`
}
