import { parentPort, workerData } from 'node:worker_threads'
import { createShredder } from '../../parquet/shred.ts'
import { PipelineError } from '../../record/error.ts'
import { openBuilder } from './build.ts'
import type { PackAnswer, PackRequest, PackStart } from './thread.ts'

// What a thread does that builds a pack: it takes files as they are sent, and answers each.

const { path, schema } = workerData as PackStart
const builder = await openBuilder(path, schema, createShredder(schema.row))

async function work(request: PackRequest): Promise<PackAnswer> {
  try {
    if (request.what === 'take') return { taken: await builder.take(request.file, request.bytes) }
    const value = await builder.end()
    await builder.close()
    return { value }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    return { failed: { name, message, ...(error instanceof PipelineError ? { code: error.code } : {}) } }
  }
}

parentPort?.on('message', (request: PackRequest) => {
  void work(request).then((answer) => parentPort?.postMessage(answer))
})
