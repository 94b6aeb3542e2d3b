import { quoteName, quoteText } from '../../src/query/quote.ts'

/** A table as our DDL for Athena says it. */
export type DdlTable = {
  readonly name: string
  readonly columns: readonly DdlColumn[]
  readonly partitions: readonly DdlColumn[]
  readonly literal: string
  readonly location: string
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
  }
}

function readColumns(lines: string): readonly DdlColumn[] {
  return lines.split('\n').map((line) => {
    const [, name, type] = /^ {2}`([^`]+)` (\S+?)(?: COMMENT '(?:[^'\\]|\\.)*')?,?$/.exec(line) ?? []
    if (name === undefined || type === undefined) throw new Error(`no column: ${line}`)
    return { name, type }
  })
}

function unquoted(text: string): string {
  return text.replace(/\\(?:u([0-9a-f]{4})|(.))/g, (_, code?: string, char?: string) =>
    code === undefined ? (char ?? '') : String.fromCharCode(Number.parseInt(code, 16)),
  )
}

/** The same table in Trino's words. */
export function trinoDdl({ name, columns, partitions, literal, location }: DdlTable): string {
  const list = [...columns, ...partitions].map(
    (column) => `${quoteName(column.name)} ${trinoType(column.type)}`,
  )
  const by = partitions.map((column) => quoteText(column.name))
  const properties = [
    "format = 'AVRO'",
    `external_location = ${quoteText(location)}`,
    `partitioned_by = ARRAY[${by.join(', ')}]`,
    `avro_schema_literal = ${quoteText(literal)}`,
  ]
  return `CREATE TABLE ${quoteName(name)} (${list.join(', ')}) WITH (${properties.join(', ')})`
}

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
    const read_ = []
    do {
      take()
      read_.push(read())
    } while (tokens[at] === ',')
    take()
    return read_.join(', ')
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
