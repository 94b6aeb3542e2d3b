import { expect, test } from 'vitest'
import { createActivity } from '../../src/cli/activity.ts'
import type { Report } from '../../src/local/stack/report.ts'
import { type Over, testIo } from './io.ts'

const startMs = Date.UTC(2025, 1, 13, 18, 30)

function reportOf(accepted: number, more: Partial<Report['delivery']> = {}): Report {
  const delivery = {
    ...{ delivered: accepted, errored: 0, objects: 1, batches: 1, failures: 0, givenUp: 0, trimmed: 0 },
    ...{ resumed: 0, perSecond: 12.5, lagMs: 400, held: 0, ...more },
  }
  return {
    ...{ format: 1, command: 'up', state: 'running', pid: 1, startedMs: startMs, reportedMs: startMs },
    ...{ archive: 'file:///archive', stream: 'arn', alerts: [], shards: [], delivery },
    requests: { accepted, refused: 0, failed: 0, perSecond: 12.5 },
  }
}

/** An activity whose clock and report are set by hand, and what it printed. */
function watched(over: Over) {
  let nowMs = startMs
  let now = reportOf(0)
  const { io, err } = testIo({ ...over, clock: () => nowMs })
  const activity = createActivity(io, () => now)
  return {
    activity,
    err,
    after: async (ms: number, report = now) => {
      nowMs += ms
      now = report
      await activity.tick()
    },
  }
}

test('where nobody watches, an idle pipeline prints nothing, and one at work a line every ten seconds', async () => {
  const { after, err } = watched({})
  for (let second = 0; second < 60; second++) await after(1_000)
  expect(err()).toBe('')
  for (let n = 1; n <= 25; n++) await after(1_000, reportOf(n))
  expect(err()).toBe(
    [1, 11, 21]
      .map(
        (n) =>
          `2025-02-13T18:31:${String(n).padStart(2, '0')}Z  running  taken ${n} (12.5/s)  delivered ${n} (12.5/s)  lag 0.4 s  errors 0\n`,
      )
      .join(''),
  )
})

test('on a terminal one line is redrawn within its width, and makes way for other messages', async () => {
  const { activity, after, err } = watched({ isWatched: true, errWidth: 60 })
  await after(1_000, reportOf(1_500))
  await after(1_000, reportOf(3_000))
  await activity.io.err('warning: x\n')
  await after(1_000)
  await activity.end()
  await activity.end()
  const clear = '\r\u001b[2K'
  const line = (n: string) => `running  taken ${n} (12.5/s)  delivered ${n} (12.5/s)  l…`
  expect(err()).toBe(
    `${clear}${line('1,500')}${clear}${line('3,000')}${clear}warning: x\n${clear}${line('3,000')}${clear}`,
  )
})

test('what an earlier run had not finished is told once, when all of it was read', async () => {
  const { after, err } = watched({})
  await after(1_000, reportOf(0, { resumed: 80 }))
  expect(err()).toBe('')
  await after(1_000, reportOf(0, { resumed: 1_061 }))
  expect(err()).toBe('')
  await after(1_000)
  await after(1_000)
  expect(err()).toBe('Took up 1,061 changes that an earlier run had not finished.\n')
})
