import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { PipelineError } from '../../record/error.ts'
import { replaceFile } from '../../store/atomic-file.ts'
import { systemCode } from '../../store/failure.ts'
import type { ShardProgress } from './track.ts'

const format = 1
const sequence = z.string().regex(/^(?:0|[1-9]\d{0,127})$/)
const file = z.strictObject({
  format: z.literal(format),
  stream: z.string(),
  shard: z.string(),
  position: z.union([z.literal('oldest'), z.strictObject({ after: sequence })]),
  lanes: z
    .array(
      z.strictObject({
        done: sequence.optional(),
        cut: z.strictObject({ first: sequence, last: sequence, records: z.number().int().min(1) }).optional(),
      }),
    )
    .min(1)
    .max(10),
  isEnded: z.literal(true).optional(),
})

/** Keeps how far each shard of a stream is, in a folder of files. */
export type Checkpoints = {
  /** @throws PipelineError CHECKPOINT_INVALID when the file is damaged, or is of another stream. */
  read(shard: string): Promise<ShardProgress | undefined>
  /** The state is on the disk when this resolves. Calls for one shard come one after the other. */
  write(shard: string, state: ShardProgress): Promise<void>
  /** Forgets a shard that the stream has no more. */
  remove(shard: string): Promise<void>
}

/** `arn` names the stream; a folder is used for one. */
export function openCheckpoints(folder: string, arn: string): Checkpoints {
  const pathOf = (shard: string) => join(folder, `${encodeURIComponent(shard)}.json`)
  return {
    async read(shard) {
      const path = pathOf(shard)
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        if (systemCode(error) === 'ENOENT') return undefined
        throw unusable(path, 'cannot be read', error)
      })
      if (text === undefined) return undefined
      const found = file.safeParse(parse(text))
      if (!found.success || found.data.shard !== shard)
        throw unusable(path, 'is damaged; deleting it has the shard read again from its oldest record')
      if (found.data.stream !== arn)
        throw unusable(path, `is of the stream ${found.data.stream}, not of ${arn}; name another folder`)
      const { position, lanes, isEnded } = found.data
      return { position, lanes: lanes.map(present), ...(isEnded ? { isEnded } : {}) }
    },
    async write(shard, state) {
      const path = pathOf(shard)
      try {
        await replaceFile(path, `${JSON.stringify({ format, stream: arn, shard, ...state })}\n`, {
          isDurable: true,
        })
      } catch (error) {
        throw unusable(path, `cannot be written (${systemCode(error) ?? 'unknown'})`, error)
      }
    },
    remove: (shard) => rm(pathOf(shard), { force: true }),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type Written = z.infer<typeof file>['lanes'][number]

function present({ done, cut }: Written): ShardProgress['lanes'][number] {
  return { ...(done === undefined ? {} : { done }), ...(cut ? { cut } : {}) }
}

function unusable(path: string, what: string, cause?: unknown): PipelineError {
  return new PipelineError('CHECKPOINT_INVALID', `the checkpoint ${path} ${what}.`, { cause })
}
