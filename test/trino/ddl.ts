import { quoteName, quoteText } from '../../src/dialect/sql.ts'

/** A table as our DDL for Athena says it. */
export type DdlTable = {
  readonly name: string
  readonly columns: readonly DdlColumn[]
  readonly partitions: readonly DdlColumn[]
  readonly literal: string
  readonly location: string
  readonly properties: ReadonlyMap<string, string>
}
export type DdlColumn = { readonly name: string; readonly type: string }

/** Reads the statement that we make for Athena, which Trino does not take: Hive's DDL is no part of its SQL. */
export function readDdl(statement: string): DdlTable {
  const part = (pattern: RegExp): string => {
    const found = pattern.exec(statement)?.[1]
    if (found === undefined) throw new Error(`the DDL lacks ${pattern}`)
    return found
  }
  return {
    name: part(/^CREATE EXTERNAL TABLE `([^`]+)` \($/m),
    columns: readColumns(part(/^CREATE [^\n]* \(\n([\s\S]*?)\n\)$/m)),
    partitions: readColumns(part(/^PARTITIONED BY \(\n([\s\S]*?)\n\)$/m)),
    literal: unquoted(part(/^WITH SERDEPROPERTIES \('avro\.schema\.literal'='(.*)'\)$/m)),
    location: unquoted(part(/^LOCATION '(.*)'$/m)),
    properties: readProperties(part(/^TBLPROPERTIES \(\n([\s\S]*?)\n\)$/m)),
  }
}

function readColumns(lines: string): readonly DdlColumn[] {
  return lines.split('\n').map((line) => {
    const [, name, type] = /^ {2}`([^`]+)` (\S+?)(?: COMMENT '(?:[^'\\]|\\.)*')?,?$/.exec(line) ?? []
    if (name === undefined || type === undefined) throw new Error(`no column: ${line}`)
    return { name, type }
  })
}

function readProperties(lines: string): ReadonlyMap<string, string> {
  const pairs = lines.matchAll(/^ {2}'((?:[^'\\]|\\.)*)'='((?:[^'\\]|\\.)*)',?$/gm)
  return new Map([...pairs].map(([, name = '', value = '']) => [unquoted(name), unquoted(value)]))
}

function unquoted(text: string): string {
  return text.replace(/\\(?:u([0-9a-f]{4})|(.))/g, (_, code?: string, char?: string) =>
    code === undefined ? (char ?? '') : String.fromCharCode(Number.parseInt(code, 16)),
  )
}

/** The same table in Trino's words; its partitions are those that a sync finds. */
export function trinoDdl(table: DdlTable): string {
  return toCreate(table.name, [...table.columns, ...table.partitions].map(toColumn), shared(table))
}

/** A table of the same columns, without files, for statements that are only to be understood. */
export function emptyDdl(table: DdlTable): string {
  return `CREATE TABLE IF NOT EXISTS ${quoteName(table.name)} (${[...table.columns, ...table.partitions].map(toColumn).join(', ')})`
}

/**
 * The table under another name, with its partition projection instead of partitions that are found. Trino's own
 * projection counts in days, at the most, where Athena's counts in years.
 */
export function projectedDdl(table: DdlTable, name: string): string {
  const property = (key: string) => table.properties.get(key) ?? ''
  const columns = table.partitions.map((column) => {
    const ofColumn = (key: string) => property(`projection.${column.name}.${key}`)
    const range = ofColumn('range')
      .replace(/(\d+)YEARS/g, (_, years: string) => `${Number(years) * 366}DAYS`)
      .split(',')
    const settings = [
      `type = ${quoteText(ofColumn('type'))}`,
      `format = ${quoteText(ofColumn('format'))}`,
      `range = ARRAY[${range.map(quoteText).join(', ')}]`,
      `interval = ${ofColumn('interval')}`,
      `interval_unit = ${quoteText(ofColumn('interval.unit'))}`,
    ]
    return `${toColumn(column)} WITH (${settings.map((setting) => `partition_projection_${setting}`).join(', ')})`
  })
  return toCreate(
    name,
    [...table.columns.map(toColumn), ...columns],
    [
      ...shared(table),
      `partition_projection_enabled = ${property('projection.enabled')}`,
      `partition_projection_location_template = ${quoteText(property('storage.location.template'))}`,
    ],
  )
}

const shared = ({ partitions, literal, location }: DdlTable) => [
  "format = 'AVRO'",
  `external_location = ${quoteText(location)}`,
  `partitioned_by = ARRAY[${partitions.map((column) => quoteText(column.name)).join(', ')}]`,
  `avro_schema_literal = ${quoteText(literal)}`,
]

const toColumn = ({ name, type }: DdlColumn) => `${quoteName(name)} ${trinoType(type)}`

const toCreate = (name: string, columns: readonly string[], properties: readonly string[]) =>
  `CREATE TABLE ${quoteName(name)} (${columns.join(', ')}) WITH (${properties.join(', ')})`

const scalars: { readonly [hive: string]: string } = {
  string: 'varchar',
  boolean: 'boolean',
  int: 'integer',
  bigint: 'bigint',
  float: 'real',
  double: 'double',
  binary: 'varbinary',
  timestamp: 'timestamp(3)',
  date: 'date',
}

/** A type of Hive, such as struct<`id`:string>, as Trino's row("id" varchar). */
function trinoType(hive: string): string {
  const tokens = hive.match(/`[^`]+`|\w+|[<>:,]/g) ?? []
  let at = 0
  const take = () => tokens[at++] ?? ''
  /** What stands between angle brackets, item by item. */
  const items = (read: () => string): string => {
    const list = []
    do {
      take()
      list.push(read())
    } while (tokens[at] === ',')
    take()
    return list.join(', ')
  }
  const type = (): string => {
    const word = take()
    if (word === 'array' || word === 'map') return `${word}(${items(type)})`
    if (word === 'struct') return `row(${items(field)})`
    const scalar = scalars[word]
    if (scalar === undefined) throw new Error(`no type of Hive: ${word} in ${hive}`)
    return scalar
  }
  const field = () => {
    const name = take().replaceAll('`', '')
    take()
    return `${quoteName(name)} ${type()}`
  }
  return type()
}
