import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a process told that delivered an event and then all of them again and again; means over the batches after the first. */
export type Run = {
  readonly loadCpuMs: number
  readonly firstCpuMs: number
  /** Of each round. */
  readonly perBatchMs: readonly number[]
  readonly logBytes: number
  readonly logLines: number
  readonly rssMb: number
  /** What S3 was given, all in all. */
  readonly objects: number
  readonly bytes: number
}

export type Bench = {
  readonly run: (events: readonly object[], rounds: number) => Promise<Run>
  readonly close: () => void
}

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Starts the stand-in for S3. The worker has a process of its own each run, so that no other one's memory counts for it. */
export async function openBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'dmd-bench-cost-'))
  const s3 = fork(path('s3.mjs'), { execArgv: [] })
  const { port } = await answer<{ port: number }>(s3)
  const env = {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    DMD_ARCHIVE: 's3://archive',
  }
  return {
    async run(events, rounds) {
      const at = mkdtempSync(join(folder, 'events-'))
      for (const [index, event] of events.entries())
        writeFileSync(join(at, `${String(index).padStart(4, '0')}.json`), JSON.stringify(event))
      const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const
      const worker = fork(path('worker.mjs'), [at, String(rounds)], { execArgv: [], env, stdio: [...stdio] })
      const told = await answer<Omit<Run, 'objects' | 'bytes'>>(worker)
      rmSync(at, { recursive: true })
      s3.send('count')
      return { ...told, ...(await answer<{ objects: number; bytes: number }>(s3)) }
    },
    close() {
      s3.disconnect()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The next message of a process; its end is an error. */
async function answer<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController()
  const onExit = (code: number | null) => ended.abort(new Error(`a process of the bench ended with ${code}`))
  child.once('exit', onExit)
  try {
    const [message] = await once(child, 'message', { signal: ended.signal })
    return message as T
  } finally {
    child.off('exit', onExit)
  }
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
}
