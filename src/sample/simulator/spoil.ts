import type { RecordCode, Stage } from '../../record/error.ts'
import { toBytes } from './envelope.ts'
import type { Random } from './random.ts'

/** A change record, to be spoiled. */
export type Draft = { [name: string]: unknown; dynamodb: DraftSection }
export type DraftSection = {
  [name: string]: unknown
  NewImage: DraftItem
  ApproximateCreationDateTime: number
}
/** Attributes by name, in the table's JSON. */
export type DraftItem = { [name: string]: unknown }

/** Sound change records of items that are used nowhere else: what a bad record is made from. */
export type GoodRecords = {
  demand(): Draft
  /** A cancellation. */
  removal(): Draft
  notification(): Draft
  event(): Draft
  sale(): Draft
  readonly changedMs: number
  /** Names the fan, for choosing a shard. */
  readonly fanId: string
}

/** Makes one bad payload from sound records. */
export type Spoiler = (random: Random, good: GoodRecords) => Uint8Array

/** A way in which records go wrong, and what a worker has to say about it. */
export type BadKind = {
  /** In kebab-case. */
  readonly kind: string
  readonly description: string
  readonly code: RecordCode
  readonly stage: Stage
  /** Makes a payload that is wrong in this way and in no other. */
  readonly make: Spoiler
}

/** Ways to fail at one stage, a row each. */
export type Family = readonly (readonly [
  kind: string,
  code: RecordCode,
  description: string,
  make: Spoiler,
])[]

type Source = 'demand' | 'removal' | 'notification' | 'event' | 'sale'

/** A whole record with something done to its envelope. */
export function envelope(
  from: Source,
  spoil: (change: Draft, section: DraftSection, random: Random) => void,
): Spoiler {
  return (random, good) => {
    const change = good[from]()
    spoil(change, change.dynamodb, random)
    return toBytes(JSON.stringify(change))
  }
}

/** A whole record with something done to its image. */
export function image(
  from: Exclude<Source, 'removal'>,
  spoil: (image: DraftItem, random: Random, changedMs: number) => void,
): Spoiler {
  return (random, good) => {
    const change = good[from]()
    spoil(change.dynamodb.NewImage, random, good.changedMs)
    return toBytes(JSON.stringify(change))
  }
}

/** A whole record whose text or bytes are spoiled. */
export function payload(spoil: (text: string, random: Random, change: Draft) => Uint8Array): Spoiler {
  return (random, good) => {
    const change = good.demand()
    return spoil(JSON.stringify(change), random, change)
  }
}

/** The members of a map attribute. */
export function inside(parent: DraftItem, name: string): DraftItem {
  return (parent[name] as { M: DraftItem }).M
}

/** A request whose date is this text. */
export function setRequested(text: (random: Random, changedMs: number) => string): Spoiler {
  return image('demand', (demand, random, changedMs) => {
    inside(demand, 'date').requested = { S: text(random, changedMs) }
  })
}

/** ISO-8601 in UTC. */
export function iso(instantMs: number): string {
  return new Date(instantMs).toISOString()
}

/** Puts bytes into the fan's message, behind its first quotation mark. */
export function spliceMessage(text: string, bytes: readonly number[]): Uint8Array {
  const mark = '"messageBody":{"S":"'
  const at = text.indexOf(mark) + mark.length
  return Buffer.concat([toBytes(text.slice(0, at)), Uint8Array.from(bytes), toBytes(text.slice(at))])
}

/** A text in Latin-1, one byte a character. */
export const latin1 = (text: string): number[] => [...Buffer.from(text, 'latin1')]
