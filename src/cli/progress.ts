import { count, duration, type Io, style } from './io.ts'

/** Shows how far a long work is, on a terminal only; elsewhere it stays silent. */
export type Progress = {
  /** `done` of `total` units of work, and how many items that were. */
  readonly update: (state: { done: number; total?: number; items: number }) => Promise<void>
  readonly end: () => Promise<void>
}

const redrawMs = 100
const barWidth = 24

/** A line such as `delivering  ██████░░░░  48%  24,000 records  12,400/s  2.1 s left`. */
export function startProgress(io: Io, label: string, unit: string): Progress {
  const startedMs = io.clock()
  let drawnMs = 0
  return {
    update: async ({ done, total, items }) => {
      const nowMs = io.clock()
      if (!io.isWatched || nowMs - drawnMs < redrawMs) return
      drawnMs = nowMs
      const seconds = Math.max(0.001, (nowMs - startedMs) / 1000)
      const share = total ? Math.min(1, done / total) : undefined
      const parts = [
        label,
        ...(share === undefined ? [] : [bar(share), `${Math.round(share * 100)}%`.padStart(4)]),
        `${count(items)} ${unit}`,
        `${count(Math.round(items / seconds))}/s`,
        ...(share ? [`${duration(((nowMs - startedMs) * (1 - share)) / share)} left`] : []),
      ]
      await io.err(`\r\u001b[2K${style(io, 'dim', parts.join('  '))}`)
    },
    end: async () => {
      if (io.isWatched && drawnMs > 0) await io.err('\r\u001b[2K')
    },
  }
}

function bar(share: number): string {
  const full = Math.round(share * barWidth)
  return '█'.repeat(full) + '░'.repeat(barWidth - full)
}
