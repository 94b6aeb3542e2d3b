import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { PipelineError } from '../../record/error.ts'
import type { Log } from '../../runtime.ts'
import { replaceFile } from '../../store/atomic-file.ts'
import { systemCode } from '../../store/failure.ts'
import { alertNames } from '../alert.ts'

const count = z.number().int().nonnegative()

const shape = z.object({
  format: z.literal(1),
  /** Which command it is. */
  command: z.enum(['up', 'worker']),
  state: z.enum(['running', 'draining', 'stopped']),
  pid: count,
  /** Milliseconds since 1970. */
  startedMs: z.number(),
  /** When this was told, in milliseconds since 1970. */
  reportedMs: z.number(),
  /** Where the capture API is. */
  url: z.string().optional(),
  archive: z.string(),
  stream: z.string(),
  requests: z.object({ accepted: count, refused: count, failed: count, perSecond: z.number() }).optional(),
  delivery: z.object({
    delivered: count,
    errored: count,
    objects: count,
    batches: count,
    /** Calls of the worker that failed, and are made again. */
    failures: count,
    /** Records of batches that were given up: they lie below `failed/`. */
    givenUp: count,
    /** How often the stream had dropped records before they were read. */
    trimmed: count,
    /** Records that had been in the stream before this start: an earlier run had not finished them. */
    resumed: count.default(0),
    perSecond: z.number(),
    /** How old the oldest change is that is not archived, in milliseconds. */
    lagMs: z.number(),
    /** Records that were read and are not archived yet. */
    held: count,
    lastDeliveryMs: z.number().optional(),
    lastError: z.string().optional(),
  }),
  /** What is wrong now. */
  alerts: z
    .array(
      z.object({
        name: z.enum(alertNames),
        /** Milliseconds since 1970. */
        sinceMs: z.number(),
        text: z.string(),
        runbook: z.string(),
      }),
    )
    .default([]),
  webhook: z
    .object({ host: z.string(), sent: count, failed: count, lastError: z.string().optional() })
    .optional(),
  shards: z.array(
    z.object({
      shard: z.string(),
      held: count,
      lagMs: z.number(),
      retries: count,
      lastError: z.string().optional(),
    }),
  ),
})

/** What a running `dmd up` or `dmd worker` tells of itself, every second. */
export type Report = z.infer<typeof shape>

const fileName = 'status.json'

/** Replaces the report in a state folder; a reader sees the old one or the new one, whole. */
export async function writeReport(folder: string, report: Report): Promise<void> {
  // Not durable: after a power cut there is nothing that runs.
  await replaceFile(join(folder, fileName), `${JSON.stringify(report)}\n`)
}

/**
 * The last report in a state folder; undefined where nothing has ever run.
 *
 * @throws PipelineError INPUT_INVALID when it cannot be read.
 */
export async function readReport(folder: string): Promise<Report | undefined> {
  const path = join(folder, fileName)
  try {
    return shape.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    const code = systemCode(cause)
    if (code === 'ENOENT') return undefined
    const why = code ?? 'it is damaged, or of another version: delete it'
    throw new PipelineError('INPUT_INVALID', `${path} cannot be read (${why})`, { cause })
  }
}

/**
 * Writes reports one after the other: each call the newest, when the one before is written. What cannot be written is
 * logged, and stops nothing.
 */
export function createTeller(folder: string, report: () => Report, log: Log): () => Promise<void> {
  let last = Promise.resolve()
  let waiting = 0
  return () => {
    if (waiting > 1) return last
    waiting += 1
    last = last
      .then(() => writeReport(folder, report()))
      .catch((error: unknown) => {
        const code = systemCode(error)
        log({ level: 'error', message: 'status not written', code: code ?? 'unknown' })
      })
      .finally(() => {
        waiting -= 1
      })
    return last
  }
}
