/** What may be wrong with a pipeline that runs. Each has its runbook in docs/operations.md, under its name. */
export const alertNames = ['error-spike', 'stale-delivery', 'lag', 'given-up', 'trimmed'] as const
export type AlertName = (typeof alertNames)[number]

/** From when on something is wrong. */
export type AlertLimits = {
  /** Errors in the window, at least, and their share of its records. */
  readonly errors: number
  readonly errorPercent: number
  readonly windowMs: number
  /** How long nothing is delivered although something waits. */
  readonly staleMs: number
  /** How old the oldest change is that is not archived. */
  readonly lagMs: number
}

/** What a pipeline says of itself at one moment. Counts are since its start. */
export type Sample = {
  /** Milliseconds that never step back. */
  readonly nowMs: number
  readonly delivered: number
  readonly errored: number
  /** Records that were read and are not archived. */
  readonly held: number
  readonly lagMs: number
  readonly givenUp: number
  readonly trimmed: number
}

/** Something that is wrong. Its figures are counts and times. */
export type Alert = {
  readonly name: AlertName
  /** On the clock of the samples. */
  readonly sinceMs: number
  /** One sentence for people. */
  readonly text: string
  readonly figures: { readonly [name: string]: number }
  /** Its cause is gone; the alert ends when the cause stays away for `calmMs`. */
  readonly isCalm: boolean
}

export type Judge = (sample: Sample) => readonly Alert[]

/** How long a cause has to be gone before its alert is: it may come and go. */
export const calmMs = 30_000
const slotsMax = 600

/**
 * Judges samples, one after the other: which alerts fire now, in the order of `alertNames`. An alert fires as soon as
 * its cause is there, and until it has been gone for `calmMs`. An idle pipeline is well. Memory is bounded.
 */
export function createJudge(limits: AlertLimits): Judge {
  const window = createWindow(limits.windowMs)
  const firing = new Map<AlertName, { alert: Alert; lastMs: number }>()
  let progress: { atMs: number; done: number } | undefined
  return (given) => {
    // Figures are whole milliseconds.
    const sample = { ...given, nowMs: Math.round(given.nowMs), lagMs: Math.round(given.lagMs) }
    const { nowMs, held, lagMs } = sample
    const recent = window(sample)
    const done = sample.delivered + sample.errored
    const isWaiting = held > 0 || lagMs > 0
    if (!progress || done !== progress.done || !isWaiting) progress = { atMs: nowMs, done }
    const causes = causesOf(sample, recent, nowMs - progress.atMs, limits)
    for (const [name, { text, figures }] of causes) {
      const sinceMs = firing.get(name)?.alert.sinceMs ?? nowMs
      firing.set(name, { alert: { name, sinceMs, text, figures, isCalm: false }, lastMs: nowMs })
    }
    for (const [name, { lastMs }] of firing)
      if (!causes.has(name) && nowMs - lastMs >= calmMs) firing.delete(name)
    return alertNames.flatMap((name) => {
      const found = firing.get(name)
      if (!found) return []
      const { alert, lastMs } = found
      if (causes.has(name)) return alert
      const calm = `No longer so for ${Math.round((nowMs - lastMs) / 1000)} s.`
      return { ...alert, text: `${alert.text} ${calm}`, isCalm: true }
    })
  }
}

/**
 * Turns the times of alerts, which are on a clock that never steps back, into those of people: once for each alert, so
 * that what is told of it does not waver with the two clocks.
 */
export function createDates(): (alerts: readonly Alert[], offsetMs: number) => readonly Alert[] {
  let dates = new Map<AlertName, { readonly sinceMs: number; readonly dateMs: number }>()
  return (alerts, offsetMs) => {
    dates = new Map(
      alerts.map(({ name, sinceMs }) => {
        const known = dates.get(name)
        return [
          name,
          known?.sinceMs === sinceMs ? known : { sinceMs, dateMs: Math.round(sinceMs + offsetMs) },
        ]
      }),
    )
    return alerts.map((alert) => ({ ...alert, sinceMs: dates.get(alert.name)?.dateMs ?? alert.sinceMs }))
  }
}

type Counts = Pick<Sample, 'delivered' | 'errored' | 'givenUp' | 'trimmed'>

/** How much the counts have grown within the window. */
function createWindow(windowMs: number): (sample: Sample) => Counts {
  const slots: Sample[] = []
  return (sample) => {
    // A sample a slot, at most `slotsMax` of them; the oldest is the one that the window begins with.
    const last = slots.at(-1)
    if (!last || sample.nowMs - last.nowMs >= windowMs / slotsMax) slots.push(sample)
    while (slots.length > 1 && (slots[1]?.nowMs ?? 0) <= sample.nowMs - windowMs) slots.shift()
    const first = slots[0] ?? sample
    // Before the first sample nothing had happened yet.
    const isWhole = sample.nowMs - first.nowMs >= windowMs
    const since = (name: keyof Counts) => sample[name] - (isWhole ? first[name] : 0)
    return {
      delivered: since('delivered'),
      errored: since('errored'),
      givenUp: since('givenUp'),
      trimmed: since('trimmed'),
    }
  }
}

function causesOf(
  { held, lagMs }: Sample,
  recent: Counts,
  stuckMs: number,
  limits: AlertLimits,
): ReadonlyMap<AlertName, Pick<Alert, 'text' | 'figures'>> {
  const causes = new Map<AlertName, Pick<Alert, 'text' | 'figures'>>()
  const { delivered, errored, givenUp, trimmed } = recent
  const seconds = (ms: number) => Math.round(ms / 1000)
  const percent = (errored / Math.max(1, delivered + errored)) * 100
  if (errored >= limits.errors && percent >= limits.errorPercent)
    causes.set('error-spike', {
      text: `${errored} of ${delivered + errored} records failed in the last ${seconds(limits.windowMs)} s.`,
      figures: {
        errored,
        records: delivered + errored,
        errorsLimit: limits.errors,
        percentLimit: limits.errorPercent,
      },
    })
  if (stuckMs >= limits.staleMs)
    causes.set('stale-delivery', {
      text: `Nothing was delivered for ${seconds(stuckMs)} s, although ${held} changes wait at least.`,
      figures: { stuckMs, held, staleLimitMs: limits.staleMs },
    })
  if (lagMs >= limits.lagMs)
    causes.set('lag', {
      text: `The oldest change that is not archived is ${seconds(lagMs)} s old.`,
      figures: { lagMs, held, lagLimitMs: limits.lagMs },
    })
  if (givenUp > 0)
    causes.set('given-up', {
      text: `${givenUp} records were given up and lie below failed/ in the archive.`,
      figures: { givenUp },
    })
  if (trimmed > 0)
    causes.set('trimmed', {
      text: `The stream dropped records before they were read, ${trimmed} times.`,
      figures: { trimmed },
    })
  return causes
}
