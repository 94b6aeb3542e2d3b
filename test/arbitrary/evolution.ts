import fc from 'fast-check'
import { isObject, type Json, type JsonObject } from '../../src/record/type.ts'

const promotions: { readonly [name: string]: readonly Json[] } = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double', 'int'],
  float: ['double', 'long'],
  string: ['bytes', ['null', 'string']],
}

/**
 * Another version of a schema: fields gone, new, moved, widened, made nullable; at times one that breaks,
 * and at times none at all, where a name has lost its declaration.
 */
export function arbitraryVersion(schema: JsonObject): fc.Arbitrary<JsonObject> {
  return fc.infiniteStream(fc.nat(99)).map((stream) => {
    const roll = (): number => stream.next().value ?? 0
    return changeRecord(schema, roll)
  })
}

type Roll = () => number

function changeRecord(record: JsonObject, roll: Roll): JsonObject {
  const given = (record.fields as readonly JsonObject[]).map((field) => changeField(field, roll))
  const fields = given.length > 1 && roll() < 10 ? given.slice(1) : given
  if (roll() < 10) fields.reverse()
  if (roll() < 20)
    fields.splice(roll() % (fields.length + 1), 0, {
      name: `new${roll()}`,
      type: ['null', 'int'],
      default: null,
    })
  if (roll() < 10) fields.push({ name: 'newList', type: { type: 'array', items: 'string' }, default: [] })
  return { ...record, fields }
}

function changeField(field: JsonObject, roll: Roll): JsonObject {
  const before = field.type ?? null
  const isNullable = Array.isArray(before)
  const type = changeType(before, roll)
  if (isNullable || roll() >= 10) return { ...field, type }
  const { default: _, pii: __, ...rest } = field
  return Array.isArray(type) ? { ...rest, type } : { ...rest, type: ['null', type], default: null }
}

function changeType(type: Json, roll: Roll): Json {
  if (Array.isArray(type))
    return type.map((branch: Json) => {
      const changed = branch === 'null' ? branch : changeType(branch, roll)
      return Array.isArray(changed) ? branch : changed
    })
  if (typeof type === 'string') {
    const wider = Object.hasOwn(promotions, type) ? (promotions[type] ?? []) : []
    return wider.length > 0 && roll() < 15 ? (wider[roll() % wider.length] ?? type) : type
  }
  if (!isObject(type)) return type
  if (type.type === 'record') return changeRecord(type, roll)
  if (type.type === 'array') return { ...type, items: changeType(type.items ?? null, roll) }
  if (type.type === 'map') return { ...type, values: changeType(type.values ?? null, roll) }
  if (type.type === 'enum' && roll() < 20) {
    const symbols = type.symbols as readonly string[]
    return { ...type, symbols: roll() < 50 ? [...symbols, 'LATER'] : symbols.slice(1).concat('LATER') }
  }
  return type
}
