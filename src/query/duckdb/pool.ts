import { readResidentBytes } from './memory.ts'
import type { StatementWorker } from './worker.ts'

/** Workers for statements: each has one of its own while it runs, and one is kept for the next. */
export type Pool = {
  /** A worker that nobody else uses, as soon as there may be one. Throws the signal's reason where it is aborted first. */
  readonly take: (signal: AbortSignal) => Promise<StatementWorker>
  /** Gives a worker back, or one that is gone. */
  readonly give: (worker: StatementWorker) => Promise<void>
  /** Ends all workers, whatever they do. */
  readonly close: () => Promise<void>
}

export type PoolParts = {
  readonly start: () => StatementWorker
  /** How many workers there may be at once. */
  readonly workersMax: number
  /** A worker that holds more than this when its statement is done is not kept. */
  readonly keptBytesMax: number
}

export function createPool({ start, workersMax, keptBytesMax }: PoolParts): Pool {
  const all = new Set<StatementWorker>()
  const waiting: (() => void)[] = []
  let busy = 0
  let warm: StatementWorker | undefined
  let isClosed = false

  const begin = (): StatementWorker => {
    const worker = start()
    all.add(worker)
    void worker.gone.then(() => {
      all.delete(worker)
      if (warm === worker) warm = undefined
    })
    return worker
  }
  const isKept = async (worker: StatementWorker): Promise<boolean> => {
    if (isClosed || worker.isGone() || warm !== undefined || worker.pid === undefined) return false
    const bytes = await readResidentBytes(worker.pid)
    return warm === undefined && (bytes ?? 0) <= keptBytesMax
  }

  return {
    take: async (signal) => {
      while (busy >= workersMax)
        await new Promise<void>((resolve, reject) => {
          const turn = () => {
            signal.removeEventListener('abort', leave)
            resolve()
          }
          const leave = () => {
            waiting.splice(waiting.indexOf(turn), 1)
            reject(signal.reason)
          }
          if (signal.aborted) return reject(signal.reason)
          waiting.push(turn)
          signal.addEventListener('abort', leave, { once: true })
        })
      busy += 1
      const worker = warm ?? begin()
      warm = undefined
      worker.hold(true)
      return worker
    },
    give: async (worker) => {
      if (await isKept(worker)) {
        warm = worker
        worker.hold(false)
      } else if (!worker.isGone()) await worker.close()
      busy -= 1
      waiting.shift()?.()
    },
    close: async () => {
      isClosed = true
      await Promise.all([...all].map((worker) => worker.close()))
    },
  }
}
