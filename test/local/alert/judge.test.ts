import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AlertLimits,
  alertNames,
  calmMs,
  createDates,
  createJudge,
  type Sample,
} from '../../../src/local/alert.ts'

const limits: AlertLimits = { errors: 10, errorPercent: 5, windowMs: 60_000, staleMs: 20_000, lagMs: 30_000 }
const idle: Sample = { nowMs: 0, delivered: 0, errored: 0, held: 0, lagMs: 0, givenUp: 0, trimmed: 0 }

/** What fires after each of these samples, a second apart; each adds to what was before. */
function run(samples: readonly Partial<Sample>[], over: Partial<AlertLimits> = {}) {
  const judge = createJudge({ ...limits, ...over })
  let last = { ...idle, nowMs: -1_000 }
  return samples.map((sample) => {
    last = { ...last, nowMs: last.nowMs + 1_000, ...sample }
    return judge(last)
  })
}

const names = (alerts: readonly { name: string }[]) => alerts.map(({ name }) => name)
const seconds = (n: number, of: (second: number) => Partial<Sample> = () => ({})) =>
  Array.from({ length: n }, (_, at) => of(at))

test('an idle pipeline is well for ever, and so is one that delivers', () => {
  for (const fired of run(seconds(600))) expect(fired).toEqual([])
  for (const fired of run(seconds(600, (n) => ({ delivered: n * 100, held: 50, lagMs: 1_500 }))))
    expect(fired).toEqual([])
})

describe('an error spike', () => {
  test('needs both, so many errors and such a share', () => {
    expect(names(run([{ delivered: 100, errored: 9 }]).at(-1)!)).toEqual([])
    expect(names(run([{ delivered: 100, errored: 10 }]).at(-1)!)).toEqual(['error-spike'])
    expect(names(run([{ delivered: 191, errored: 10 }]).at(-1)!)).toEqual([])
    expect(names(run([{ delivered: 190, errored: 10 }]).at(-1)!)).toEqual(['error-spike'])
  })

  test('is over when its errors have left the window, and things were calm for a while', () => {
    const fired = run([{ delivered: 10, errored: 10 }, ...seconds(200, (n) => ({ delivered: 11 + n * 10 }))])
    const over = fired.findIndex((alerts) => alerts.length === 0)
    // The share falls below 5 % within the window already; then it has to stay so.
    expect(over).toBeGreaterThanOrEqual(calmMs / 1000)
    expect(over).toBeLessThanOrEqual((limits.windowMs + calmMs) / 1000 + 1)
    for (const alerts of fired.slice(over)) expect(alerts).toEqual([])
    expect(new Set(fired.slice(0, over).map(([alert]) => alert?.sinceMs))).toEqual(new Set([0]))
  })

  test('errors of long ago do not count', () => {
    const slow = run(seconds(600, (n) => ({ delivered: 0, errored: Math.floor(n / 10) })))
    expect(slow.flat()).toEqual([])
  })
})

describe('a stale delivery', () => {
  test('is one that stands still while something waits', () => {
    const fired = run([{ delivered: 5 }, ...seconds(40, () => ({ held: 3 }))])
    expect(fired.findIndex((alerts) => alerts.length > 0)).toBe(20)
    expect(fired[25]?.[0]).toMatchObject({ name: 'stale-delivery', figures: { held: 3 } })
    const moves = run([{ delivered: 5 }, ...seconds(40, (n) => ({ held: 3, errored: Math.floor(n / 15) }))])
    expect(moves.flat()).toEqual([])
  })
  test('what begins to wait after a long idle time is not stale at once', () => {
    expect(run([...seconds(300), ...seconds(19, () => ({ held: 1 }))]).flat()).toEqual([])
  })
})

test('an alert whose cause is gone says so until it ends', () => {
  const fired = run([{ lagMs: 30_000, held: 5 }, ...seconds(40, () => ({ lagMs: 0, held: 0, delivered: 9 }))])
  expect(fired[0]?.[0]).toMatchObject({ isCalm: false, text: expect.stringMatching(/30 s old\.$/) })
  expect(fired[14]?.[0]).toMatchObject({
    isCalm: true,
    text: 'The oldest change that is not archived is 30 s old. No longer so for 14 s.',
  })
  expect(fired.at(-1)).toEqual([])
})

test('figures are whole milliseconds, and the date of an alert does not waver with the clocks', () => {
  const judge = createJudge(limits)
  const dates = createDates()
  const since = new Set<number>()
  for (let n = 0; n < 40; n++) {
    const nowMs = n * 1_000.4567
    const fired = judge({ ...idle, nowMs, held: 3, lagMs: 40_000.0001 })
    for (const { figures } of fired)
      for (const value of Object.values(figures)) expect(Number.isInteger(value)).toBe(true)
    // The one clock counts whole milliseconds, the other parts of them.
    const dated = dates(fired, 1_739_471_400_000 - (n % 3) * 0.49)
    const lag = dated.find(({ name }) => name === 'lag')
    if (lag) since.add(lag.sinceMs)
  }
  expect([...since]).toEqual([1_739_471_400_000])
  expect(dates([], 0)).toEqual([])
})

test('a lag is told by the age of the oldest change', () => {
  const fired = run([{ lagMs: 29_999 }, { lagMs: 30_000, delivered: 1 }])
  expect(fired.map(names)).toEqual([[], ['lag']])
  expect(fired[1]?.[0]?.text).toContain('30 s')
})

test('what is given up, and what the stream drops, is told until it has left the window', () => {
  const fired = run([{}, { givenUp: 7 }, ...seconds(100)])
  expect(names(fired[1]!)).toEqual(['given-up'])
  expect(names(fired[60]!)).toEqual(['given-up'])
  expect(names(fired.at(-1)!)).toEqual([])
  expect(names(run([{ trimmed: 1 }])[0]!)).toEqual(['trimmed'])
})

test('whatever comes: no alert without a cause in the last while, none is kept back, and each keeps its beginning', () => {
  const step = fc.record({
    waitMs: fc.integer({ min: 0, max: 40_000 }),
    delivered: fc.integer({ min: 0, max: 200 }),
    errored: fc.integer({ min: 0, max: 30 }),
    held: fc.integer({ min: 0, max: 3 }),
    lagMs: fc.constantFrom(0, 100, 29_999, 30_000, 90_000),
    givenUp: fc.integer({ min: 0, max: 1 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const judge = createJudge(limits)
      let sample = idle
      let lagged = Number.NEGATIVE_INFINITY
      let failed = Number.NEGATIVE_INFINITY
      const since = new Map<string, number>()
      for (const { waitMs, delivered, errored, held, lagMs, givenUp } of steps) {
        sample = {
          ...{ nowMs: sample.nowMs + waitMs, held, lagMs, trimmed: 0 },
          delivered: sample.delivered + delivered,
          errored: sample.errored + errored,
          givenUp: sample.givenUp + givenUp,
        }
        if (lagMs >= limits.lagMs) lagged = sample.nowMs
        if (errored > 0) failed = sample.nowMs
        const fired = judge(sample)
        expect(names(fired).includes('lag')).toBe(sample.nowMs - lagged < calmMs || lagged === sample.nowMs)
        // The step that the window begins with may be as long as steps are.
        if (names(fired).includes('error-spike'))
          expect(sample.nowMs - failed).toBeLessThanOrEqual(limits.windowMs + calmMs + 40_000)
        for (const { name, sinceMs } of fired) {
          if (since.has(name)) expect(sinceMs).toBe(since.get(name))
          else expect(sinceMs).toBe(sample.nowMs)
        }
        for (const name of alertNames) {
          const alert = fired.find((one) => one.name === name)
          if (alert) since.set(name, alert.sinceMs)
          else since.delete(name)
        }
      }
    }),
  )
})

test('every alert has its runbook, under its name', () => {
  const page = readFileSync('docs/operations.md', 'utf8')
  for (const name of alertNames) {
    expect(page).toMatch(new RegExp(`^### ${name}$`, 'm'))
    const [, runbook = ''] = page.split(new RegExp(`^### ${name}$`, 'm'))
    const text = runbook.split(/^##/m)[0] ?? ''
    for (const part of ['**What it means.**', '**Look.**', '**Do.**', '**It is over**'])
      expect(text, name).toContain(part)
    expect(text).toMatch(/^ {4}(dmd|aws) /m)
  }
})
