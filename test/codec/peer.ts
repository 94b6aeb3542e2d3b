import avsc from 'avsc'
import type { Json, RecordValue, Type, Value } from '../../src/record/type.ts'

// avsc, another implementation of Avro: what it reads out of our files must be what we put in.

const long = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (one: bigint, other: bigint) => (one < other ? -1 : one > other ? 1 : 0),
})

/** avsc's type of a schema; its longs are bigints. */
export function peerType(schema: Json): avsc.Type {
  return avsc.Type.forSchema(schema as avsc.Schema, { registry: { long }, wrapUnions: false })
}

/** The rows of a container, as avsc reads them. */
export async function peerRows(bytes: Uint8Array): Promise<readonly unknown[]> {
  const decoder = new avsc.streams.BlockDecoder({ parseHook: (schema) => peerType(schema as Json) })
  const rows: unknown[] = []
  decoder.end(Buffer.from(bytes))
  for await (const row of decoder) rows.push(row)
  return rows
}

/** A value of ours or of avsc's in one form that tells all differences of value and none of representation. */
export function plain(type: Type, value: unknown): unknown {
  if (value === null || value === undefined) return null
  switch (type.kind) {
    case 'optional':
      return plain(type.of, value)
    case 'long':
    case 'instant':
      return BigInt(value as number | bigint)
    case 'float':
      // avsc leaves an int that it reads as a float as exact as it was.
      return Object.is(value, -0) ? 'minus zero' : Math.fround(Number(value))
    case 'double':
      return Object.is(value, -0) ? 'minus zero' : Number(value)
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('hex')
    case 'array':
      return (value as readonly Value[]).map((item) => plain(type.items, item))
    case 'map': {
      const entries = value instanceof Map ? [...value] : Object.entries(value as object)
      return entries
        .map(([name, item]) => [name, plain(type.values, item)] as const)
        .sort(([one], [other]) => (one < other ? -1 : 1))
    }
    case 'record':
      return type.fields.map((field) => [field.name, plain(field.type, (value as RecordValue)[field.name])])
    default:
      return value
  }
}
