import { readImage } from '../../codec/image.ts'
import { expiryAttribute } from '../../defaults.ts'
import type { RowRules } from '../../delivery/row.ts'
import { tableUnavailable } from '../../local/table/failure.ts'
import { isSame } from '../../local/table/item.ts'
import type { Item, ItemKey, Table } from '../../local/table.ts'
import { parseInstant, toIso } from '../../record/date.ts'
import type { Rejection } from '../../record/error.ts'
import { partitionDate } from '../../record/rules.ts'
import type { Json, JsonObject } from '../../record/type.ts'
import type { Clock } from '../../runtime.ts'
import { bounds } from './bounds.ts'
import { datesOf, instantAttribute, textOf, toAttributes } from './item.ts'
import { demands, type Ids, type Resource, sales } from './resource.ts'

/** What the API works with. */
export type Capture = {
  readonly table: Table
  readonly clock: Clock
  readonly rules: RowRules
  /** How long a request is kept after its sale's start, or after its arrival where that is later or not known. */
  readonly demandDays: number
  /** Runs works of one name one after the other: two requests for one item need not collide. */
  readonly inTurn: <T>(name: string, work: () => Promise<T>) => Promise<T>
}

export type Saved =
  | { readonly ok: true; readonly how: 'made' | 'changed' | 'same'; readonly item: Item }
  | { readonly ok: false; readonly rejection: Rejection }

/**
 * Makes the item be what a body says; the same body again changes nothing. Dates that the body leaves out are kept.
 * A body that would become no valid record is rejected, with its path.
 */
export async function save(capture: Capture, resource: Resource, body: JsonObject): Promise<Saved> {
  const schema = capture.rules.catalog.get(resource.type)
  if (!schema) throw new Error(`there is no record type ${resource.type}`)
  const key = resource.keyOf(idsOf(resource, body))
  const given = toAttributes(schema.own, body)
  return update(capture, key, async (current) => {
    const nowMs = capture.clock()
    const same = fill(resource, key, given, current, nowMs)
    if (current && isSame(withExpiry(same, current[expiryAttribute]), current)) return { how: 'same' }
    const changed = current ? stampChange(resource, same, given, nowMs) : same
    const next = resource.expires ? withExpiry(changed, await expiryFor(capture, body, nowMs)) : changed
    const rejection = judge(next, capture.rules, nowMs)
    return rejection ? { how: 'rejected', rejection } : { how: current ? 'changed' : 'made', next }
  })
}

/**
 * Notes in a fan's request when it was triggered and when the fan was notified, by the message about it. What is noted
 * stays: the first message counts. Does nothing where the request is gone, and where the request was made after the
 * message: such a message is about an earlier request, which was cancelled. No date is noted that lies before the
 * request.
 */
export async function stampDemand(capture: Capture, message: Item): Promise<void> {
  const ids: { [name: string]: string } = {}
  for (const name of demands.ids) ids[name] = textOf(message, name) ?? ''
  const { created, triggered, sent, delivered } = datesOf(message)
  await update(capture, demands.keyOf(ids), async (current) => {
    if (current === undefined) return { how: 'same' }
    const before = datesOf(current)
    if (isBefore(created, before.requested)) return { how: 'same' }
    const first = (...dates: readonly (Json | undefined)[]) =>
      dates.find((date) => date !== undefined && !isBefore(date, before.requested))
    const noted = {
      triggered: before.triggered ?? first(triggered, created),
      notified: before.notified ?? first(sent, delivered),
    }
    const date = {
      ...before,
      ...(noted.triggered && { triggered: noted.triggered }),
      ...(noted.notified && { notified: noted.notified }),
    }
    const next = { ...current, date: { M: date } }
    return isSame(next, current) ? { how: 'same' } : { how: 'changed', next }
  })
}

/** True when both attributes are instants and the first is the earlier one. */
function isBefore(one: Json | undefined, other: Json | undefined): boolean {
  const [oneMs, otherMs] = [instantAttribute(one), instantAttribute(other)]
  return oneMs !== undefined && otherMs !== undefined && oneMs < otherMs
}

type Step =
  | { readonly how: 'same' }
  | { readonly how: 'made' | 'changed'; readonly next: Item }
  | { readonly how: 'rejected'; readonly rejection: Rejection }

/** Reads, decides and writes upon what was read, again and again while others get ahead. */
async function update(
  { table, inTurn }: Capture,
  key: ItemKey,
  decide: (current: Item | undefined) => Promise<Step>,
): Promise<Saved> {
  return inTurn(`${key.PK} ${key.SK}`, async () => {
    let current = await table.get(key)
    for (let tries = 0; tries < bounds.triesMax; tries++) {
      const step = await decide(current)
      if (step.how === 'rejected') return { ok: false, rejection: step.rejection }
      if (step.how === 'same') return { ok: true, how: 'same', item: current ?? {} }
      const put = await table.put(step.next, current ? { ifUnchanged: current } : { ifAbsent: true })
      if (put.outcome === 'done') return { ok: true, how: step.how, item: step.next }
      current = put.current
    }
    throw tableUnavailable('too many others write the same item')
  })
}

/** The identifiers in a body. */
export function idsOf(resource: Resource, body: JsonObject): Ids {
  return Object.fromEntries(
    resource.ids.flatMap((name) => (typeof body[name] === 'string' ? [[name, body[name]]] : [])),
  )
}

/** The item with all that follows from the request, what is there and the time, but for changing at all. */
function fill(
  { type, madeAt, madeAtCopy, notedAt = [] }: Resource,
  { PK, SK }: ItemKey,
  given: Item,
  current: Item | undefined,
  nowMs: number,
): Item {
  const keys = { PK: { S: PK }, SK: { S: SK }, type: { S: type } }
  if (madeAt === undefined) return { ...keys, ...given }
  const date: { [name: string]: Json } = { ...datesOf(current), ...datesOf(given) }
  const made = date[madeAt] ?? { S: toIso(nowMs) }
  // When a body moves the request past its notice, the notice was for the earlier one.
  for (const name of notedAt) if (isBefore(date[name], made)) delete date[name]
  return {
    ...keys,
    ...(madeAtCopy && { [madeAtCopy]: made }),
    ...given,
    date: { M: { ...date, [madeAt]: made } },
  }
}

function stampChange({ changedAt }: Resource, next: Item, given: Item, nowMs: number): Item {
  if (changedAt === undefined || datesOf(given)[changedAt] !== undefined) return next
  return { ...next, date: { M: { ...datesOf(next), [changedAt]: { S: toIso(nowMs) } } } }
}

function withExpiry(item: Item, expiry: Json | undefined): Item {
  return expiry === undefined ? item : { ...item, [expiryAttribute]: expiry }
}

async function expiryFor({ table, demandDays }: Capture, body: JsonObject, nowMs: number): Promise<Json> {
  const { eventId = '', saleId = '' } = idsOf(demands, body)
  const sale = await table.get(sales.keyOf({ eventId, id: saleId }))
  const startMs = (sale && parseInstant(textOf(sale, 'saleStartDateTime') ?? '')) ?? nowMs
  return { N: String(Math.floor(Math.max(startMs, nowMs) / 1000) + demandDays * 86_400) }
}

/** What the worker would reject in the item's change, if anything: asked before it is taken. */
function judge(
  item: Item,
  { catalog, isKeyAttribute, range }: RowRules,
  nowMs: number,
): Rejection | undefined {
  const image = readImage(item, catalog, ['PK', 'SK'], isKeyAttribute)
  if (!image.ok) return image.rejection
  const placed = partitionDate({ ...image.record, change: { timestamp: nowMs } }, image.schema, nowMs, range)
  return placed.ok ? undefined : placed.rejection
}

/** Runs works of one name one after the other, and those of different names side by side. */
export function createTurns(): Capture['inTurn'] {
  const last = new Map<string, Promise<unknown>>()
  return (name, work) => {
    const before = last.get(name)
    const mine = before ? before.then(work, work) : work()
    last.set(name, mine)
    const forget = () => {
      if (last.get(name) === mine) last.delete(name)
    }
    mine.then(forget, forget)
    return mine
  }
}
