import { fitText, gap, lineWidth, widthOf } from '../query/layout.ts'
import { count, duration, type Io, style } from './io.ts'

/** Shows how far a long work is, on a terminal only; elsewhere it stays silent. */
export type Progress = {
  /** `done` of `total` units of work, and how many items that were. */
  readonly update: (state: { done: number; total?: number; items: number }) => Promise<void>
  readonly end: () => Promise<void>
}

const redrawMs = 100
const barWidths = [24, 10]
const labelWidthMin = 20
/** Clears the line that the cursor is in. */
export const clearLine = '\r\u001b[2K'

/** A line such as `delivering  ██████░░░░  48%  24,000 records  12,400/s  2.1 s left`. */
export function startProgress(io: Io, label: string, unit: string): Progress {
  const startedMs = io.runtime.clock()
  let drawnMs = 0
  return {
    update: async ({ done, total, items }) => {
      const nowMs = io.runtime.clock()
      if (!io.isWatched || nowMs - drawnMs < redrawMs) return
      drawnMs = nowMs
      const seconds = Math.max(0.001, (nowMs - startedMs) / 1000)
      const share = total ? Math.min(1, done / total) : undefined
      const bars = share === undefined ? [] : barWidths.map((width) => bar(share, width))
      const line = fitParts(io, label, bars, {
        percent: share === undefined ? '' : `${Math.round(share * 100)}%`.padStart(4),
        items: `${count(items)} ${unit}`,
        rate: `${count(Math.round(items / seconds))}/s`,
        left: share ? `${duration(((nowMs - startedMs) * (1 - share)) / share)} left` : '',
      })
      await io.err(clearLine + style(io, 'dim', line))
    },
    end: async () => {
      if (io.isWatched && drawnMs > 0) await io.err(clearLine)
    },
  }
}

type Parts = { readonly [name in 'percent' | 'items' | 'rate' | 'left']: string }

/** One line, never wider than the terminal: a longer one would wrap, and only its last row would be redrawn. */
function fitParts(io: Io, label: string, bars: readonly string[], parts: Parts): string {
  const width = lineRoom(io)
  const { percent, items, rate, left } = parts
  const choices = [
    ...bars.map((drawn) => [drawn, percent, items, rate, left]),
    [percent, items, rate, left],
    [percent, items, left],
    [percent, items],
  ]
  for (const choice of choices) {
    const texts = choice.filter((text) => text !== '')
    const room = width - lineWidth(texts.map(widthOf)) - gap.length
    if (room >= Math.min(labelWidthMin, widthOf(label)))
      return [fitText(label, room).shown, ...texts].join(gap)
  }
  return fitText([percent, items].filter((text) => text !== '').join(gap), width).shown
}

/** How wide a line may be that is redrawn; in the last column some terminals wrap. */
export function lineRoom({ errWidth = 80 }: Io): number {
  return errWidth - 1
}

function bar(share: number, width: number): string {
  const full = Math.round(share * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}
