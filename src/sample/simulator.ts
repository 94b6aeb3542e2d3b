import type { RecordCode, Stage } from '../record/error.ts'
import { type ItemChange, toBytes, toEnvelope } from './simulator/envelope.ts'
import { type Fan, recallFan } from './simulator/fan.ts'
import { goodRecords } from './simulator/good.ts'
import {
  cancelChange,
  createFates,
  type Life,
  planLife,
  requestChange,
  stepChange,
} from './simulator/life.ts'
import { createRandom, createSelection, exponential, type Random, unit } from './simulator/random.ts'
import { createSchedule } from './simulator/schedule.ts'
import {
  planSimulation,
  type Simulation,
  type SimulationCounts,
  type SimulationOptions,
  streams,
} from './simulator/simulation.ts'
import { surgeTime } from './simulator/surge.ts'
import { catalogChanges, editChange, type TourEvent } from './simulator/tour.ts'

export type { SimulationCounts, SimulationOptions } from './simulator/simulation.ts'

/** One change record on the simulated stream. */
export type SimulatedLine = {
  /** The payload; it holds no line break. All but some bad ones are JSON. */
  readonly bytes: Uint8Array
  /** When it reaches the stream, in milliseconds since 1970; never falls from line to line. */
  readonly arrivedMs: number
  /** Names the item, for choosing a shard: all changes of one item have it in common. */
  readonly item: string
  readonly expect: Expectation
}

/** What a correct worker makes of a line. */
export type Expectation =
  | {
      readonly ok: true
      readonly type: string
      readonly operation: ItemChange['operation']
      /** When the change happened, in microseconds since 1970. */
      readonly micros: number
      /** True for a second delivery: its bytes are those of the first. */
      readonly isDuplicate: boolean
    }
  | { readonly ok: false; readonly kind: string; readonly code: RecordCode; readonly stage: Stage }

/**
 * Tells the story of a surprise tour date: the announcement, the rush of requests, cancellations, notices, edits,
 * second deliveries and bad records, in the order in which they reach the stream.
 *
 * Deterministic: the same options give the same bytes on every machine. Lazy: what it holds grows with what is
 * pending at a time, not with the number of fans. Throws SETTING_INVALID at once for options that cannot be.
 */
export function simulate(options: SimulationOptions): Generator<SimulatedLine, void, undefined> {
  return tell(planSimulation(options))
}

/** What `simulate` yields with these options, exactly. Throws SETTING_INVALID for options that cannot be. */
export function countSimulation(options: SimulationOptions): SimulationCounts {
  return planSimulation(options).counts
}

/** Something that is due: the next of a row, a step in a life, a second delivery. */
type Turn =
  | { readonly kind: RowKind; readonly n: number }
  | { readonly kind: 'step'; readonly life: Life; readonly index: number }
  | { readonly kind: 'cancel' | 'return'; readonly life: Life; readonly fan: Fan; readonly event: TourEvent }
  | { readonly kind: 'again'; readonly line: SimulatedLine }

const rowKinds = ['catalog', 'requests', 'background', 'edits', 'bad'] as const
type RowKind = (typeof rowKinds)[number]

const secondDeliveryMicros = 2_000_000

function* tell(simulation: Simulation): Generator<SimulatedLine, void, undefined> {
  const { seed, counts } = simulation
  const ids = createRandom(seed, streams.ids)
  const delays = createRandom(seed, streams.delays)
  const isRepeated = createSelection(
    createRandom(seed, streams.duplicates),
    counts.duplicates,
    counts.changes,
  )
  const schedule = createSchedule<Turn>()
  const rows = createRows(simulation)
  const changeOf = createChanges(simulation, (micros, turn) => schedule.add(micros, turn))
  const addNext = (kind: RowKind, n: number) => {
    const micros = rows(kind, n)
    if (micros !== undefined) schedule.add(micros, { kind, n })
  }
  for (const kind of rowKinds) addNext(kind, 0)
  for (let due = schedule.take(); due; due = schedule.take()) {
    const { dueMicros, what: turn } = due
    if (turn.kind === 'again') {
      yield { ...turn.line, arrivedMs: arrivalMs(dueMicros) }
      continue
    }
    if ('n' in turn) addNext(turn.kind, turn.n + 1)
    if (turn.kind === 'bad') {
      yield badLine(simulation, turn.n, dueMicros, ids)
      continue
    }
    const line = goodLine(changeOf(turn, dueMicros), ids)
    if (isRepeated()) {
      const later = 200_000 + Math.min(exponential(delays, secondDeliveryMicros), 5 * secondDeliveryMicros)
      const again = { ...line, expect: { ...line.expect, isDuplicate: true } }
      schedule.add(dueMicros + Math.floor(later), { kind: 'again', line: again })
    }
    yield line
  }
}

/** Says when the n-th of a row is due, in microseconds, or undefined after the last. Ask in order, once each. */
function createRows({ seed, counts, startMicros, openMicros, surgeMicros }: Simulation) {
  const jitter = rowKinds.map((_, index) => createRandom(seed, streams.times, index))
  const spread = (kind: RowKind, n: number, total: number) =>
    (n + unit(jitter[rowKinds.indexOf(kind)] as Random)) / total
  const inSurge = (share: number) => openMicros + Math.floor(share * surgeMicros)
  return (kind: RowKind, n: number): number | undefined => {
    if (n >= counts[kind]) return undefined
    switch (kind) {
      case 'catalog':
        return startMicros + Math.floor((n / counts.catalog) * 1_000_000)
      case 'background':
        return inSurge(spread(kind, n, counts.background))
      case 'edits':
        // Evenly, so that two edits of one item are never at the same time.
        return inSurge((n + 1) / (counts.edits + 1))
      default:
        return inSurge(surgeTime(spread(kind, n, counts[kind])))
    }
  }
}

/** Makes the change of a turn, and schedules the next step of the life that it opens or goes on with. */
function createChanges(simulation: Simulation, add: (micros: number, turn: Turn) => void) {
  const { seed, counts, tour: announced } = simulation
  const catalog = catalogChanges(announced)
  const tour = [...announced]
  const event = announced[0]!
  const nextFate = createFates(seed, streams.fates, counts)
  const isReturning = createSelection(createRandom(seed, streams.returns), counts.returns, counts.background)
  const isRepeating = createSelection(
    createRandom(seed, streams.returns, 1),
    counts.repeats,
    counts.background,
  )
  const pauses = createRandom(seed, streams.returns, 2)
  let repeats = 0
  const addStep = (life: Life, index: number) => {
    const step = life.steps[index]
    if (step) add(step.micros, { kind: 'step', life, index })
  }
  return (turn: Exclude<Turn, { kind: 'again' }>, micros: number): ItemChange => {
    switch (turn.kind) {
      case 'requests': {
        const fan = recallFan(seed, streams.fan, turn.n, event)
        const requestedMs = Math.floor(micros / 1000) - fan.delayMs
        const life = planLife(seed, streams.life, turn.n, requestedMs, nextFate())
        addStep(life, 0)
        return requestChange(life, fan, event, micros)
      }
      case 'step': {
        const { life, index } = turn
        addStep(life, index + 1)
        return stepChange(life, life.steps[index]!, recallFan(seed, streams.fan, life.n, event), event)
      }
      case 'background': {
        const others = tour.length - 1
        const { n, other } = isRepeating()
          ? askerOf(repeats++, others)
          : { n: counts.requests + turn.n, other: turn.n % others }
        const event = tour[1 + other]!
        const fan = recallFan(seed, streams.fan, n, event)
        const requestedMs = Math.floor(micros / 1000) - fan.delayMs
        const life = planLife(seed, streams.life, counts.requests + turn.n, requestedMs)
        if (isReturning()) add(micros + pause(pauses), { kind: 'cancel', life, fan, event })
        return requestChange(life, fan, event, micros)
      }
      case 'cancel': {
        const { life, fan, event } = turn
        add(micros + pause(pauses), { kind: 'return', life, fan, event })
        return cancelChange(life, fan, event, micros)
      }
      case 'return': {
        const { life, fan, event } = turn
        const requestedMs = Math.floor(micros / 1000) - fan.delayMs
        return requestChange({ ...life, requestedMs }, fan, event, micros)
      }
      case 'edits':
        return editChange(tour, turn.n, micros)
      default:
        return { ...catalog[turn.n]!, micros }
    }
  }
}

/**
 * Who makes the n-th request for another event as one who asks for the announced event too, and for which of the others.
 * Half of them are for the first, half of the rest for the second, and so on, and no fan asks for one event twice: the earlier
 * a fan's number, the more events that fan asks for.
 */
function askerOf(n: number, others: number): { readonly n: number; readonly other: number } {
  let left = n + 1
  let other = 0
  while (left % 2 === 0 && other < others - 1) {
    left /= 2
    other += 1
  }
  return { n: other < others - 1 ? (left - 1) / 2 : left - 1, other }
}

/** How long after a step of a request for another event its next one comes, in microseconds. */
function pause(random: Random): number {
  return 1_000_000 + Math.floor(Math.min(exponential(random, 20_000_000), 200_000_000))
}

function goodLine(
  change: ItemChange,
  ids: Random,
): SimulatedLine & { readonly expect: { readonly ok: true } } {
  const { type, operation, micros, keys } = change
  return {
    bytes: toBytes(toEnvelope(change, ids)),
    arrivedMs: arrivalMs(micros),
    item: `${keys.pk} ${keys.sk}`,
    expect: { ok: true, type, operation, micros, isDuplicate: false },
  }
}

function badLine(simulation: Simulation, n: number, micros: number, ids: Random): SimulatedLine {
  const { kind, code, stage, make } = simulation.badKinds[n % simulation.badKinds.length]!
  const random = createRandom(simulation.seed, streams.bad, n)
  const good = goodRecords(simulation, n, micros, ids)
  return {
    bytes: make(random, good),
    arrivedMs: arrivalMs(micros),
    item: `FAN#${good.fanId}`,
    expect: { ok: false, kind, code, stage },
  }
}

/** A record takes a moment from the table to the stream. */
function arrivalMs(micros: number): number {
  return Math.floor(micros / 1000) + 180
}
