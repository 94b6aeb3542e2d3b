import * as z from 'zod'
import { parseInstant, parseLocalDate, toIso } from '../../record/date.ts'
import type { Field, Json, RecordType, Type } from '../../record/type.ts'
import { bounds } from './bounds.ts'

/** How the body of a request differs from the record that it becomes. Fields are named by their path: `date.requested`. */
export type BodyShape = {
  /** Identifiers that keys are made of. */
  readonly ids: readonly string[]
  /** Fields that the API sets itself: a body that has them is refused. */
  readonly omit: readonly string[]
  /** Required fields that the API knows where they are absent. */
  readonly optional: readonly string[]
}

/** An identifier: no '#' and no '/', of which keys and paths are made, and neither `.` nor `..`. */
export const idPattern = /^[A-Za-z0-9_][\w.~:@+=-]{0,127}$/

export const idSchema = z
  .string()
  .regex(idPattern, 'must be an identifier: 1 to 128 letters, digits or _ . ~ : @ + = -')

/**
 * The schema of a body, derived from that of the record: every field that it has, unknown ones refused, `type` only
 * with the record's own name. What passes becomes a valid record.
 */
export function bodySchema(
  type: string,
  own: RecordType,
  shape: BodyShape,
): z.ZodType<{ [name: string]: Json }> {
  const entry = (field: Field) =>
    field.name === 'type'
      ? z.literal(type).optional().describe(field.doc)
      : fieldSchema(field, field.name, shape)
  return objectSchema(own, '', shape, entry) as unknown as z.ZodType<{ [name: string]: Json }>
}

function objectSchema(
  { fields }: RecordType,
  path: string,
  shape: BodyShape,
  entry = (field: Field, at: string) => fieldSchema(field, at, shape),
): z.ZodType {
  const entries = fields.flatMap((field) => {
    const at = path === '' ? field.name : `${path}.${field.name}`
    return field.derive || shape.omit.includes(at) ? [] : [[field.name, entry(field, at)] as const]
  })
  return z.strictObject(Object.fromEntries(entries))
}

function fieldSchema(field: Field, path: string, shape: BodyShape): z.ZodType {
  const isId = shape.ids.includes(path)
  const type = field.type.kind === 'optional' ? field.type.of : field.type
  const isEmptyTaken = field.type.kind === 'optional'
  const value = isId ? idSchema : valueSchema(type, path, shape, isEmptyTaken)
  const isRequired = !field.hasDefault && !shape.optional.includes(path)
  return (isRequired ? value : value.nullish()).describe(field.doc)
}

function valueSchema(type: Type, path: string, shape: BodyShape, isEmptyTaken = true): z.ZodType {
  switch (type.kind) {
    case 'optional':
      return valueSchema(type.of, path, shape).nullable()
    case 'string':
      return textSchema(isEmptyTaken ? 0 : 1)
    case 'boolean':
      return z.boolean()
    case 'int':
      return z.int32()
    case 'long':
      return z.int()
    case 'float':
    case 'double':
      // What DynamoDB's numbers hold: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
      return z
        .number()
        .refine((n) => n === 0 || (Math.abs(n) >= 1e-130 && Math.abs(n) < 1e125), 'is out of range')
    case 'instant':
      return z
        .string()
        .max(64)
        .refine(isInstant, 'must be an ISO-8601 date and time that exists')
        .meta({ format: 'date-time' })
    case 'date':
      return z
        .string()
        .refine((text) => parseLocalDate(text) !== undefined, 'must be a date YYYY-MM-DD that exists')
        .meta({ format: 'date' })
    case 'enum':
      return z.enum(type.symbols as [string, ...string[]])
    case 'array':
      return z.array(valueSchema(type.items, path, shape)).max(bounds.listItemsMax)
    case 'map':
      return z.record(textSchema(1), valueSchema(type.values, path, shape))
    case 'record':
      return objectSchema(type, path, shape)
    case 'bytes':
      return z.base64()
  }
}

function textSchema(lengthMin: number): z.ZodString {
  const text = z.string().max(bounds.textLengthMax)
  return (lengthMin > 0 ? text.min(lengthMin) : text).refine(
    (value) => value.isWellFormed(),
    'is no well-formed Unicode',
  )
}

/** True when the instant can be written back with a year of four digits. */
function isInstant(text: string): boolean {
  const instantMs = parseInstant(text)
  return instantMs !== undefined && parseInstant(toIso(instantMs)) === instantMs
}
