import type { Report } from '../local/stack/report.ts'
import { fitText } from '../query/layout.ts'
import { count, counted, duration, type Io, style } from './io.ts'
import { clearLine, lineRoom } from './progress.ts'

/** Shows what a running pipeline does. */
export type Activity = {
  /** The command's surroundings, whose `err` does not mix with the line that is redrawn. */
  readonly io: Io
  /** Looks at the report and shows what is new; to be called every second. */
  readonly tick: () => Promise<void>
  readonly end: () => Promise<void>
}

/** Where nobody watches, a line is printed no sooner than this after the last one. */
const plainMs = 10_000

/**
 * On a terminal, one line on standard error that is redrawn. Elsewhere a line with its time as soon as something has
 * happened, and then every ten seconds while more happens: an idle pipeline prints nothing.
 */
export function createActivity(io: Io, report: () => Report): Activity {
  let isDrawn = false
  let printedMs = Number.NEGATIVE_INFINITY
  let printed = progressOf(report())
  let resumed = 0
  let isResumedTold = false
  const clear = async () => {
    if (isDrawn) await io.err(clearLine)
    isDrawn = false
  }
  const clean: Io = {
    ...io,
    err: async (text) => {
      await clear()
      await io.err(text)
    },
  }
  /** The backlog of earlier runs is told once, when no more of it was read since the last look. */
  const tellResumed = async ({ delivery }: Report) => {
    if (isResumedTold || delivery.resumed === 0 || delivery.resumed !== resumed) {
      resumed = delivery.resumed
      return
    }
    isResumedTold = true
    await clean.err(`Took up ${counted(resumed, 'change')} that an earlier run had not finished.\n`)
  }
  return {
    io: clean,
    async tick() {
      const now = report()
      await tellResumed(now)
      const nowMs = io.runtime.clock()
      if (io.isWatched) {
        const line = fitText(activityLine(now), lineRoom(io)).shown
        isDrawn = true
        await io.err(clearLine + style(io, 'dim', line))
      } else if (progressOf(now) !== printed && nowMs - printedMs >= plainMs) {
        printedMs = nowMs
        printed = progressOf(now)
        await io.err(`${new Date(nowMs).toISOString().slice(0, 19)}Z  ${activityLine(now)}\n`)
      }
    },
    end: clear,
  }
}

/** Differs from one report to another where something has happened between them. */
function progressOf({ requests, delivery, alerts }: Report): string {
  const { delivered, errored, givenUp, failures } = delivery
  const taken = requests && [requests.accepted, requests.refused, requests.failed]
  return JSON.stringify([taken, delivered, errored, givenUp, failures, alerts.map(({ name }) => name)])
}

/** How a pipeline that runs does, in one line. */
export function activityLine({ state, requests, delivery, alerts }: Report): string {
  return [
    state,
    ...alerts.map(({ name }) => `ALERT ${name}`),
    ...(requests ? [`taken ${count(requests.accepted)} (${rate(requests.perSecond)})`] : []),
    `delivered ${count(delivery.delivered)} (${rate(delivery.perSecond)})`,
    `lag ${duration(delivery.lagMs)}`,
    `errors ${count(delivery.errored)}`,
  ].join('  ')
}

export function rate(perSecond: number): string {
  return `${perSecond.toFixed(1)}/s`
}
