import type { LoadProgress } from '../query/engine.ts'
import { type Io, style } from './io.ts'
import { clearLine, startProgress } from './progress.ts'

/** Shows those who watch that a query is under way. */
export type Running = {
  /** To be called as the engine loads files. */
  readonly onLoad: (progress: LoadProgress) => Promise<void>
  /** Takes away what is shown, and shows no more. */
  readonly end: () => Promise<void>
}

const tickMs = 1000

/** Shows how far the loading of files is and, in each second in which none was loaded, how long the query runs. */
export function startRunning(io: Io): Running {
  const progress = startProgress(io, 'loading', 'rows')
  const startedMs = io.runtime.clock()
  let isLoading = false
  let isDrawn = false
  const tick = () => {
    const seconds = Math.round((io.runtime.clock() - startedMs) / 1000)
    if (!isLoading) {
      isDrawn = true
      void io.err(`${clearLine}${style(io, 'dim', `running for ${seconds} s; Ctrl-C ends it`)}`)
    }
    isLoading = false
  }
  const stop = io.isWatched ? io.runtime.every(tickMs, tick) : undefined
  let isEnded = false
  return {
    onLoad: ({ files, filesTotal, rows }) => {
      isLoading = true
      return progress.update({ done: files, total: filesTotal, items: rows })
    },
    end: async () => {
      if (isEnded) return
      isEnded = true
      stop?.()
      await progress.end()
      if (isDrawn) await io.err(clearLine)
    },
  }
}
