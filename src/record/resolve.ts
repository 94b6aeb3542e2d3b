import { absentValue } from './rules.ts'
import type { Field, RecordType, RecordValue, Type, Value } from './type.ts'

/**
 * How one field of files written with an earlier schema is read.
 * - `same`: read as it was written.
 * - `reads`: read, with the difference that `note` names.
 * - `lost`: files stay readable, but their values of this field are no longer visible.
 * - `breaks`: files cannot be read.
 */
export type Finding = {
  readonly path: string
  readonly verdict: 'same' | 'reads' | 'lost' | 'breaks'
  readonly note: string
}

/**
 * Compares the schema that a file was written with to the one that it is read with, field by field, by the rules
 * of Avro's schema resolution (https://avro.apache.org/docs/1.12.0/specification/#schema-resolution), kept to
 * what this project, Athena and the common Avro libraries all do alike.
 */
export function compareTypes(writer: Type, reader: Type, path = ''): readonly Finding[] {
  if (writer.kind === 'optional' && reader.kind === 'optional')
    return compareTypes(writer.of, reader.of, path)
  if (reader.kind === 'optional') {
    return compareTypes(writer, reader.of, path).map((finding) =>
      finding.path === path && finding.verdict === 'same'
        ? { ...finding, verdict: 'reads', note: 'may now be null' }
        : finding,
    )
  }
  if (writer.kind === 'optional')
    return [{ path, verdict: 'breaks', note: 'earlier rows may hold null here' }]
  if (writer.kind === 'record' && reader.kind === 'record') return compareRecords(writer, reader, path)
  if (writer.kind === 'array' && reader.kind === 'array')
    return compareTypes(writer.items, reader.items, `${path}[]`)
  if (writer.kind === 'map' && reader.kind === 'map')
    return compareTypes(writer.values, reader.values, `${path}{}`)
  if (writer.kind === 'enum' && reader.kind === 'enum') {
    const gone = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol))
    const added = reader.symbols.filter((symbol) => !writer.symbols.includes(symbol))
    if (writer.name !== reader.name)
      return [{ path, verdict: 'breaks', note: `the enum was named ${writer.name}` }]
    if (gone.length > 0) return [{ path, verdict: 'breaks', note: `no longer a symbol: ${gone.join(', ')}` }]
    if (added.length === 0) return [same(path)]
    const note = `a symbol from now on: ${added.join(', ')}; the earlier schema cannot read rows that hold it`
    return [{ path, verdict: 'reads', note }]
  }
  if (writer.kind === reader.kind) return [same(path)]
  if (promotions[writer.kind]?.includes(reader.kind)) {
    return [{ path, verdict: 'reads', note: `${writer.kind} is read as ${reader.kind}` }]
  }
  return [{ path, verdict: 'breaks', note: `${writer.kind} cannot be read as ${reader.kind}` }]
}

const promotions: { readonly [kind in Type['kind']]?: readonly Type['kind'][] } = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
}

function same(path: string): Finding {
  return { path, verdict: 'same', note: '' }
}

function compareRecords(writer: RecordType, reader: RecordType, path: string): readonly Finding[] {
  const findings: Finding[] = []
  if (writer.name !== reader.name)
    findings.push({ path, verdict: 'breaks', note: `the record was named ${writer.name}` })
  const written = new Map(writer.fields.map((field) => [field.name, field]))
  for (const field of reader.fields) {
    const here = path === '' ? field.name : `${path}.${field.name}`
    const before = written.get(field.name)
    if (before) findings.push(...compareTypes(before.type, field.type, here))
    else findings.push(added(field, here))
    written.delete(field.name)
  }
  for (const name of written.keys()) {
    findings.push({
      path: path === '' ? name : `${path}.${name}`,
      verdict: 'lost',
      note: 'the field is gone; a rename reads as this too',
    })
  }
  return findings
}

function added(field: Field, path: string): Finding {
  return field.hasDefault
    ? {
        path,
        verdict: 'reads',
        note: `new; earlier rows read as ${field.type.kind === 'optional' ? 'null' : 'empty'}`,
      }
    : { path, verdict: 'breaks', note: 'new and required; earlier rows have none: give it a default' }
}

/**
 * Turns rows written with one schema into rows of another. Throws nothing; call it only where `compareTypes`
 * finds nothing that breaks.
 */
export function projectRecord(writer: RecordType, reader: RecordType, row: RecordValue): RecordValue {
  const record: { [name: string]: Value } = {}
  for (const field of reader.fields) {
    const before = writer.fields.find((candidate) => candidate.name === field.name)
    record[field.name] = before
      ? projectValue(before.type, field.type, row[field.name] ?? null)
      : absentValue(field.type)
  }
  return record
}

function projectValue(writer: Type, reader: Type, value: Value): Value {
  if (value === null) return null
  if (writer.kind === 'optional') return projectValue(writer.of, reader, value)
  if (reader.kind === 'optional') return projectValue(writer, reader.of, value)
  if (writer.kind === 'record' && reader.kind === 'record')
    return projectRecord(writer, reader, value as RecordValue)
  if (writer.kind === 'array' && reader.kind === 'array') {
    return (value as readonly Value[]).map((item) => projectValue(writer.items, reader.items, item))
  }
  if (writer.kind === 'map' && reader.kind === 'map') {
    return new Map(
      [...(value as ReadonlyMap<string, Value>)].map(([k, v]) => [
        k,
        projectValue(writer.values, reader.values, v),
      ]),
    )
  }
  if (reader.kind === 'float') return Math.fround(Number(value))
  return reader.kind === 'double' ? Number(value) : value
}
