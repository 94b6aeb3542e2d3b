import type { PipelineError } from '../../record/error.ts'
import type { Runtime } from '../../runtime.ts'
import type { QueryOptions } from '../engine.ts'
import { passedMemory, statementFailure } from '../failure.ts'
import type { ReadableStore } from '../files.ts'
import { readResidentBytes } from './memory.ts'
import { type ChildAnswer, fromSent, type SentStatement } from './protocol.ts'
import { serveStore } from './store.ts'
import type { StatementWorker } from './worker.ts'

export type StatementParts = {
  readonly store: ReadableStore
  readonly runtime: Runtime
  /** How long a worker has to end a statement that it is told to end. */
  readonly graceMs: number
  readonly memoryMax: string
  /** The most memory that the process may hold. */
  readonly residentBytesMax: number
  readonly bounds: StatementBounds
  /** Takes away what a process left that was ended. */
  readonly clean: () => Promise<void>
}

/** When a statement ends from outside, and why. */
export type StatementBounds = { readonly signal: AbortSignal; readonly why: () => PipelineError }

/** A statement that a worker runs. */
export type RunningStatement = {
  /** The next answer. Throws what ended the statement, once the worker is free again or gone. */
  readonly next: () => Promise<ChildAnswer>
  /** Asks for one more message of rows. */
  readonly more: () => void
  /** Ends the statement where it still runs. Resolves once the worker is free again, or gone. */
  readonly finish: () => Promise<void>
  /** Resolves once the worker is free again, or gone. */
  readonly over: Promise<void>
}

/** How often the memory of a process is looked at while it works. */
const lookMs = 100

/**
 * Runs a statement in a worker. These hold whatever the statement is, because each ends in SIGKILL where the worker does
 * not answer:
 *
 * 1. after the deadline or an abort, the worker is told to end the statement, and has `graceMs` for it;
 * 2. a worker that holds more than `residentBytesMax` is ended at once;
 * 3. `next` throws only once the worker is free or gone, so that no statement runs on behind its error.
 */
export function runInWorker(
  worker: StatementWorker,
  n: number,
  statement: SentStatement,
  { onLoad }: Pick<QueryOptions, 'onLoad'>,
  parts: StatementParts,
): RunningStatement {
  const { runtime, bounds } = parts
  const answers: ChildAnswer[] = []
  const calls = new AbortController()
  const answerCall = serveStore(parts.store, calls.signal)
  /** Why it ended, where that is not the worker's answer. */
  let ended: { readonly error: unknown } | undefined
  let isOver = false
  let wake = () => {}
  let stopGrace: (() => void) | undefined
  let setOver = () => {}
  const over = new Promise<void>((resolve) => {
    setOver = resolve
  })
  const settle = () => {
    isOver = true
    stopGrace?.()
    stopLooking()
    calls.abort()
    wake()
    setOver()
  }
  const stop = (error: unknown) => {
    ended ??= { error }
    if (isOver) return wake()
    worker.send({ what: 'stop', n })
    calls.abort()
    stopGrace ??= runtime.timer(parts.graceMs, worker.kill)
  }
  const onAbort = () => stop(bounds.why())
  const showProgress = async (answer: ChildAnswer & { what: 'loading' }) => {
    try {
      await onLoad?.(answer.progress)
      worker.send({ what: 'loaded', n })
    } catch (error) {
      stop(statementFailure(error))
    }
  }
  const look = async () => {
    const bytes = worker.pid === undefined ? undefined : await readResidentBytes(worker.pid)
    if (isOver || bytes === undefined || bytes <= parts.residentBytesMax) return
    ended ??= { error: passedMemory(parts.memoryMax) }
    worker.kill()
  }
  const stopLooking = runtime.every(lookMs, () => void look())
  worker.listen({
    onAnswer: (answer) => {
      if (answer.n !== n) return
      if (answer.what === 'loading') return void showProgress(answer)
      answers.push(answer)
      if (answer.what === 'done' || answer.what === 'failed') settle()
      wake()
    },
    onCall: (id, call) => void answerCall(call).then((reply) => worker.send({ what: 'reply', id, reply })),
  })
  void worker.gone.then(async (error) => {
    if (isOver) return
    ended ??= { error }
    await parts.clean()
    settle()
  })
  bounds.signal.addEventListener('abort', onAbort, { once: true })
  worker.send({ what: 'run', n, statement })
  if (bounds.signal.aborted) onAbort()

  const next = async (): Promise<ChildAnswer> => {
    for (;;) {
      if (ended && isOver) throw ended.error
      const answer = ended ? undefined : answers.shift()
      if (answer?.what === 'failed') throw fromSent(answer.error)
      if (answer) return answer
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    next,
    more: () => worker.send({ what: 'more', n }),
    finish: async () => {
      bounds.signal.removeEventListener('abort', onAbort)
      if (!isOver) stop(undefined)
      await over
    },
    over,
  }
}
