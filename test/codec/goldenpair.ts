import { readdirSync, readFileSync } from 'node:fs'
import { readContainer } from '../../src/codec/container.ts'
import { type PlannedObject, planBatch } from '../../src/delivery/plan.ts'
import { type Catalog, compileSchema, toCatalog } from '../../src/record/schema.ts'
import type { Json, JsonObject, Value } from '../../src/record/type.ts'
import { addedSchema } from '../arbitrary/schema.ts'

/** The version of the format that is written today. */
export const currentVersion = 'v2'

export function goldenUrl(path: string): URL {
  return new URL(path, new URL('../golden/', import.meta.url))
}

/** The versions, and the types that each has: `v1/demand`. */
export function goldenPairs(): readonly string[] {
  const versions = readdirSync(goldenUrl('.')).filter((name) => /^v\d+$/.test(name))
  return versions.flatMap((version) =>
    readdirSync(goldenUrl(version))
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => `${version}/${name.slice(0, -'.jsonl'.length)}`),
  )
}

/** The object that the changes of a pair become: all of them share a type and a partition. */
export function planGolden(pair: string, catalog: Catalog): PlannedObject {
  const lines = readFileSync(goldenUrl(`${pair}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
  const records = lines.map((line, index) => ({
    payload: Buffer.from(line, 'utf8'),
    sequence: String(49_000 + index),
    arrivedMs: Date.UTC(2025, 1, 14, 9, 30, index),
  }))
  const plan = planBatch(
    { stream: 'golden', shard: 'shardId-000000000000', records },
    {
      catalog,
      range: { from: '2020-01-01', yearsAhead: 3 },
      isKeyAttribute: (name) => name === 'pk' || name === 'sk',
      codec: 'null',
    },
  )
  const [object, ...more] = plan.objects
  if (!object || more.length > 0 || plan.errors.length > 0) throw new Error(`${pair}: not one object`)
  return object
}

/** The record type that the schema in a file's header describes: the fields of the item, and those that were added. */
export function catalogOf(header: Json): Catalog {
  const schema = header as JsonObject & { fields: readonly JsonObject[] }
  const { fields } = addedSchema as { fields: readonly JsonObject[] }
  const isAdded = ({ name }: JsonObject) => fields.some((field) => field.name === name)
  const own = { ...schema, fields: schema.fields.filter((field) => !isAdded(field)) }
  return toCatalog([compileSchema(own, { fields: schema.fields.filter(isAdded) }, 'header')])
}

/** The rows of a container as JSON text: a map is an object, a bigint its digits, bytes are base64. */
export function rowsAsJson(bytes: Uint8Array, name: string): string {
  const rows = [...readContainer(bytes, name).rows()]
  const text = JSON.stringify(
    rows,
    (_, value: Value) => {
      if (value instanceof Map) return Object.fromEntries(value)
      if (typeof value === 'bigint') return String(value)
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
    },
    2,
  )
  return `${text}\n`
}
