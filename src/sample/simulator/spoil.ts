import { toBytes } from './envelope.ts'
import type { Draft, DraftItem, DraftSection, GoodRecords } from './good.ts'
import type { Random } from './random.ts'

/** Makes one bad payload from sound records. */
export type Spoiler = (random: Random, good: GoodRecords) => Uint8Array

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
