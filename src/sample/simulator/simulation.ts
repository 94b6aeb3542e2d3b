import { parseInstant } from '../../record/date.ts'
import { PipelineError } from '../../record/error.ts'
import { badKinds } from './bad.ts'
import { changesPerNotice } from './life.ts'
import { type Seed, toSeed } from './random.ts'
import type { BadKind } from './spoil.ts'
import { planTour, type TourEvent } from './tour.ts'

/** What to simulate. All percentages are shares of `fans`, `duplicatePercent` apart. */
export type SimulationOptions = {
  /** Fans who ask for the announced event: that many valid requests, exactly. */
  readonly fans: number
  /** How long the surge of requests lasts, in the time of the records. */
  readonly minutes: number
  /** Bad records. */
  readonly badPercent: number
  /** Bad records as a number; `badPercent` counts for nothing then. */
  readonly badCount?: number
  /** The kinds of bad records to cycle through, by name; all of them when left out. */
  readonly badKinds?: readonly string[]
  /** A number or a text; the same seed and options give the same bytes. */
  readonly seed: number | string
  /** Fans who cancel. Default 2. */
  readonly cancelPercent?: number
  /** Cancellations that DynamoDB's expiry makes, in percent of the cancellations. Default 5. */
  readonly expiryPercent?: number
  /** Fans who are notified, about 45 seconds after their request. Default 10. */
  readonly notifyPercent?: number
  /** Changes that are delivered twice, in percent of all changes. Default 0.5. */
  readonly duplicatePercent?: number
  /** Requests for other events. Default 0. */
  readonly backgroundPercent?: number
  /** Of the requests for other events: those of fans who ask for the announced one too. Default 0. */
  readonly repeatPercent?: number
  /** Of the requests for other events: those that are cancelled and made anew. Default 0. */
  readonly returnPercent?: number
  /** Other events, announced with the first one, each with one or two sales. Default 5. */
  readonly otherEvents?: number
  /** Edits of events and sales: a new date, a new name, a postponed sale. Default 3. */
  readonly edits?: number
  /** ISO-8601, in UTC unless it says otherwise: the announcement. Default 2025-02-13T18:30:00Z. */
  readonly start?: string
  /** The announced event; made from the seed when left out. */
  readonly eventId?: string
}

/** What the options promise, exactly. */
export type SimulationCounts = {
  /** Events and their sales, announced first. */
  readonly catalog: number
  /** Valid requests for the announced event. */
  readonly requests: number
  /** Valid requests for other events, those that are made anew counted once. */
  readonly background: number
  /** Of those: requests of fans who ask for the announced event too. */
  readonly repeats: number
  /** Of those: requests that are cancelled and made anew, two changes each. */
  readonly returns: number
  readonly edits: number
  /** Cancelled requests for the announced event, expired ones included. */
  readonly cancels: number
  readonly expiries: number
  /** Notified fans; each adds two changes of the request and three of the message. */
  readonly notified: number
  /** Valid changes, each counted once. */
  readonly changes: number
  /** Valid changes delivered a second time. */
  readonly duplicates: number
  readonly bad: number
  /** All of it: `changes` + `duplicates` + `bad`. */
  readonly lines: number
}

/** Options with every default filled in, and what follows from them. */
export type Simulation = {
  readonly seed: Seed
  readonly startMicros: number
  /** When the first request may come: the announcement is out by then. */
  readonly openMicros: number
  readonly surgeMicros: number
  readonly tour: readonly TourEvent[]
  readonly badKinds: readonly BadKind[]
  readonly counts: SimulationCounts
}

/** Numbers of the generators that one seed gives, so that no two parts of the story share one. */
export const streams = {
  tour: 1,
  fan: 2,
  life: 3,
  fates: 4,
  times: 5,
  ids: 6,
  delays: 7,
  duplicates: 8,
  bad: 9,
  badTour: 10,
  returns: 11,
} as const

const announcementMicros = 2_000_000
const fansMax = 1_000_000_000

/**
 * Checks the options and works out what they promise. Throws SETTING_INVALID, naming the option, for values
 * that no simulation can have.
 */
export function planSimulation(options: SimulationOptions): Simulation {
  const fans = whole('fans', options.fans, fansMax)
  const share = (name: keyof SimulationOptions, percent: number, of: number) =>
    Math.round((of * within(name, percent, 0, 100)) / 100)
  const minutes = within('minutes', options.minutes, 0.01, 100_000)
  const startMs = parseInstant(options.start ?? '2025-02-13T18:30:00Z')
  if (startMs === undefined || startMs < Date.UTC(2020) || startMs >= Date.UTC(2100)) {
    throw invalid('start', 'is an ISO-8601 time from 2020 to 2099')
  }
  if (options.eventId !== undefined && !/^[\w.~-]{1,100}$/.test(options.eventId)) {
    throw invalid('eventId', 'has 1 to 100 characters of A-Z a-z 0-9 . _ ~ -')
  }
  const seed = toSeed(options.seed)
  const others = whole('otherEvents', options.otherEvents ?? 5, 1000)
  const tour = planTour(seed, streams.tour, startMs, others, options.eventId)
  const kinds = chooseKinds(options.badKinds)

  const catalog = tour.reduce((sum, event) => sum + 1 + event.sales.length, 0)
  const background = share('backgroundPercent', options.backgroundPercent ?? 0, fans)
  if (background > 0 && others === 0) throw invalid('backgroundPercent', 'needs otherEvents')
  const edits = whole('edits', options.edits ?? 3, 10_000)
  const cancels = share('cancelPercent', options.cancelPercent ?? 2, fans)
  const notified = share('notifyPercent', options.notifyPercent ?? 10, fans)
  const repeats = share('repeatPercent', options.repeatPercent ?? 0, background)
  const returns = share('returnPercent', options.returnPercent ?? 0, background)
  const changes = catalog + fans + background + 2 * returns + edits + cancels + notified * changesPerNotice
  const duplicates = share('duplicatePercent', options.duplicatePercent ?? 0.5, changes)
  const badShare = share('badPercent', options.badPercent, fans)
  const bad = options.badCount === undefined ? badShare : whole('badCount', options.badCount, fansMax)
  const expiries = share('expiryPercent', options.expiryPercent ?? 5, cancels)
  return {
    seed,
    startMicros: startMs * 1000,
    openMicros: startMs * 1000 + announcementMicros,
    surgeMicros: Math.round(minutes * 60_000_000),
    tour,
    badKinds: kinds,
    counts: {
      catalog,
      requests: fans,
      background,
      repeats,
      returns,
      edits,
      cancels,
      expiries,
      notified,
      changes,
      duplicates,
      bad,
      lines: changes + duplicates + bad,
    },
  }
}

function chooseKinds(names: readonly string[] | undefined): readonly BadKind[] {
  if (names === undefined) return badKinds
  if (names.length === 0) throw invalid('badKinds', 'names one kind at least')
  return names.map((name) => {
    const kind = badKinds.find((candidate) => candidate.kind === name)
    if (!kind) throw invalid('badKinds', `are among ${badKinds.map(({ kind }) => kind).join(', ')}`)
    return kind
  })
}

function whole(name: keyof SimulationOptions, value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw invalid(name, `is a whole number from 0 to ${max}`)
  }
  return value
}

function within(name: keyof SimulationOptions, value: number, min: number, max: number): number {
  if (!(value >= min && value <= max)) throw invalid(name, `is a number from ${min} to ${max}`)
  return value
}

function invalid(name: keyof SimulationOptions, expected: string): PipelineError {
  return new PipelineError('SETTING_INVALID', `the simulation's ${name} ${expected}`)
}
