import type { JsonObject } from './type.ts'

/** What happened to an item; SNAPSHOT is a state that was read rather than streamed. In order of precedence. */
export const operations = ['SNAPSHOT', 'INSERT', 'MODIFY', 'REMOVE'] as const
export type Operation = (typeof operations)[number]

/** A DynamoDB attribute map, as JSON: `{"fanId": {"S": "f1"}}`. Its values are not checked yet. */
export type Image = JsonObject

/** One change of one item, taken out of its envelope. Its images are not checked yet. */
export type Change = {
  readonly id: string
  /** The source table's name; undefined when the envelope does not say. */
  readonly table?: string
  readonly operation: Operation
  /** When it happened, in microseconds since 1970; undefined when the envelope does not say. */
  readonly micros?: number
  /** The item's key attributes as canonical JSON. */
  readonly key: string
  /** The names of the key attributes. */
  readonly keyNames: readonly string[]
  /** The image that the row is made of: the new one, for a REMOVE the old one. */
  readonly image: Image
  /** For a MODIFY: the image before, where the table streams it. */
  readonly before?: Image
  /** `ttl` when DynamoDB's expiry deleted the item. */
  readonly actor?: string
}

/** The members of the column `change` that identify a change and order changes. */
export type ChangeColumn = {
  /** Null in rows of releases that did not keep it. */
  readonly table: string | null
  readonly key: string
  readonly micros: number | bigint
  readonly operation: string
  readonly id: string
  readonly sequence: string | null
}

/**
 * A part of an identity or of an order: a member of `change` as it is; `atWholeMs`: null unless `micros` is a whole number
 * of milliseconds; `orEmpty`: the empty text instead of null; `rank`: its place in `operations`. The SQL of the views is
 * made from the same terms.
 */
export type Term = {
  readonly field: keyof ChangeColumn
  readonly as: 'it is' | 'atWholeMs' | 'orEmpty' | 'rank'
}

const itIs = (field: keyof ChangeColumn): Term => ({ field, as: 'it is' })

/** The identity of an item, beside its record type. */
export const itemTerms: readonly Term[] = [itIs('table'), itIs('key')]

/**
 * The identity of a change, beside its record type. A clock of whole milliseconds may give two changes of an item one time; then
 * the change's id distinguishes them.
 */
export const changeTerms: readonly Term[] = [
  ...itemTerms,
  itIs('micros'),
  itIs('operation'),
  { field: 'id', as: 'atWholeMs' },
]

/** Which of the deliveries of one change counts: the lowest by these. The id decides only between equal sequences. */
export const deliveryTerms: readonly Term[] = [{ field: 'sequence', as: 'orEmpty' }, itIs('id')]

/** The order of the changes of one item, earliest first. The id decides only where all else is equal. */
export const orderTerms: readonly Term[] = [
  itIs('micros'),
  { field: 'sequence', as: 'orEmpty' },
  { field: 'operation', as: 'rank' },
  itIs('id'),
]

/** The identity of the item that a change is of: equal texts for one item. */
export function itemIdentity(type: string, change: ChangeColumn): string {
  return identity(type, itemTerms, change)
}

/** The identity of a change: equal texts for deliveries of one change. */
export function changeIdentity(type: string, change: ChangeColumn): string {
  return identity(type, changeTerms, change)
}

/** Below 0 when, of two deliveries of one change, the first counts; above 0 when the second does. */
export function compareDeliveries(one: ChangeColumn, other: ChangeColumn): number {
  return compare(deliveryTerms, one, other)
}

/** Below 0 when, of two changes of one item, the first is the earlier one; above 0 when the second is. */
export function compareChanges(one: ChangeColumn, other: ChangeColumn): number {
  return compare(orderTerms, one, other)
}

function identity(type: string, terms: readonly Term[], change: ChangeColumn): string {
  const values = terms.map((term) => termValue(term, change))
  return JSON.stringify([type, ...values.map((value) => (value === null ? null : String(value)))])
}

const names: readonly string[] = operations

type TermValue = string | number | bigint | null

function termValue({ field, as }: Term, change: ChangeColumn): TermValue {
  const value = change[field]
  switch (as) {
    case 'it is':
      return value
    case 'atWholeMs':
      return BigInt(change.micros) % 1000n === 0n ? value : null
    case 'orEmpty':
      return value ?? ''
    case 'rank':
      return names.indexOf(change.operation)
  }
}

function compare(terms: readonly Term[], one: ChangeColumn, other: ChangeColumn): number {
  for (const term of terms) {
    const order = compareValues(termValue(term, one), termValue(term, other))
    if (order !== 0) return order
  }
  return 0
}

/** Texts by their UTF-8 bytes, as SQL compares them. */
function compareValues(one: TermValue, other: TermValue): number {
  if (typeof one === 'string' && typeof other === 'string')
    return Buffer.compare(Buffer.from(one), Buffer.from(other))
  return Number((one ?? '') > (other ?? '')) - Number((one ?? '') < (other ?? ''))
}
