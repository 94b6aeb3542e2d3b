import { isObject, type Json } from '../../src/record/type.ts'

/**
 * The size of an item as DynamoDB counts it: names and values in UTF-8, a number by its digits
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
 */
export function itemBytes(image: Json | undefined): number {
  return isObject(image) ? membersBytes(image) : 0
}

const listBytes = 3
const elementBytes = 1

function membersBytes(members: { readonly [name: string]: Json }): number {
  return Object.entries(members).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  )
}

function valueBytes(attribute: Json): number {
  const [[kind, value] = ['NULL', true]] = isObject(attribute) ? Object.entries(attribute) : []
  if (kind === 'M' && isObject(value))
    return listBytes + membersBytes(value) + elementBytes * Object.keys(value).length
  if (kind === 'L' && Array.isArray(value))
    return value.reduce<number>((sum, item) => sum + elementBytes + valueBytes(item), listBytes)
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + scalarBytes(kind, item), 0)
  return scalarBytes(kind, value)
}

function scalarBytes(kind: string, value: Json): number {
  if (typeof value !== 'string') return 1
  // One byte for two significant digits, and one more.
  if (kind.startsWith('N')) return Math.ceil(value.replace(/\D/g, '').replace(/^0+|0+$/g, '').length / 2) + 1
  if (kind.startsWith('B')) return Math.floor((value.length * 3) / 4)
  return Buffer.byteLength(value)
}
