import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { PipelineError, type RunCode } from '../../record/error.ts'
import type { RecordSchema } from '../../record/schema.ts'
import type { FileOutcome, PackBuilder, PackFile } from './build.ts'

export type PackStart = { readonly path: string; readonly schema: RecordSchema }
export type PackRequest =
  | { readonly what: 'take'; readonly file: PackFile; readonly bytes: Uint8Array }
  | { readonly what: 'end' }
export type PackAnswer =
  | { readonly value: number }
  | { readonly taken: FileOutcome }
  | { readonly failed: { readonly name: string; readonly message: string; readonly code?: RunCode } }

// The build puts it beside the bundle. Run from its sources, where there is none, this project works without threads.
const script = new URL('./pack-worker.js', import.meta.url)

/** Whether there are threads to build packs with. */
export const hasThreads = script.protocol === 'file:' && existsSync(fileURLToPath(script))

/** A `PackBuilder` that does its work in a thread of its own, which ends when it is closed or the signal says so. */
export async function openThread(
  path: string,
  schema: RecordSchema,
  signal: AbortSignal | undefined,
): Promise<PackBuilder> {
  const worker = new Worker(script, { workerData: { path, schema } satisfies PackStart })
  let settle: ((answer: PackAnswer | Error) => void) | undefined
  let broken: Error | undefined
  const fail = (error: Error) => {
    broken ??= error
    settle?.(broken)
  }
  const stop = () => fail(signal?.reason instanceof Error ? signal.reason : new Error('stopped'))
  signal?.addEventListener('abort', stop, { once: true })
  worker.on('message', (answer: PackAnswer) => settle?.(answer))
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('the thread that builds a pack ended')))

  const ask = async (request: PackRequest): Promise<Exclude<PackAnswer, { failed: unknown }>> => {
    if (broken) throw broken
    const answer = await new Promise<PackAnswer | Error>((resolve) => {
      settle = resolve
      worker.postMessage(request)
    })
    settle = undefined
    if (answer instanceof Error) throw answer
    if (!('failed' in answer)) return answer
    const { name, message, code } = answer.failed
    throw code === undefined ? Object.assign(new Error(message), { name }) : new PipelineError(code, message)
  }

  return {
    // A message copies all of the memory that its bytes are a part of.
    take: ({ key, partition }, bytes) => {
      const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes)
      return ask({ what: 'take', file: { key, partition }, bytes: own }).then((answer) =>
        'taken' in answer ? answer.taken : { rows: 0 },
      )
    },
    end: () => ask({ what: 'end' }).then((answer) => ('value' in answer ? answer.value : 0)),
    close: async () => {
      signal?.removeEventListener('abort', stop)
      await worker.terminate()
    },
  }
}
