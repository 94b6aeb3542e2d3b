import { StatementError } from './failure.ts'
import type { TypeSyntax } from './syntax.ts'
import { arrayOf, decimal, decimalDigitsMax, mapOf, type SqlType, timeDigitsMax, varchar } from './types.ts'

const simple: { readonly [name: string]: SqlType } = {
  boolean: { kind: 'boolean' },
  tinyint: { kind: 'tinyint' },
  smallint: { kind: 'smallint' },
  integer: { kind: 'integer' },
  int: { kind: 'integer' },
  bigint: { kind: 'bigint' },
  real: { kind: 'real' },
  double: { kind: 'double' },
  'double precision': { kind: 'double' },
  varbinary: { kind: 'varbinary' },
  date: { kind: 'date' },
  json: { kind: 'json' },
  unknown: { kind: 'unknown' },
  'interval day to second': { kind: 'interval day to second' },
  'interval year to month': { kind: 'interval year to month' },
}

const hints: { readonly [name: string]: string } = {
  string: 'varchar',
  text: 'varchar',
  float: 'real',
  number: 'decimal(p, s)',
  numeric: 'decimal(p, s)',
  dec: 'decimal(p, s)',
  long: 'bigint',
  datetime: 'timestamp',
  timestamptz: 'timestamp with time zone',
  bytes: 'varbinary',
  bool: 'boolean',
}

/** What a type in a statement means. Throws StatementError for one that Athena has not, or that is not done here. */
export function resolveType(syntax: TypeSyntax): SqlType {
  switch (syntax.kind) {
    case 'array':
      return arrayOf(resolveType(syntax.items))
    case 'map':
      return mapOf(resolveType(syntax.key), resolveType(syntax.value))
    case 'row': {
      const fields = syntax.fields.map(({ name, type }) => ({
        ...(name === undefined ? {} : { name: name.name }),
        type: resolveType(type),
      }))
      const names = fields.flatMap(({ name }) => (name === undefined ? [] : [name.toLowerCase()]))
      if (new Set(names).size < names.length)
        throw new StatementError(
          syntax.at,
          'A row with two fields of one name is not done here; give them different names',
        )
      return { kind: 'row', fields }
    }
    case 'name':
      return named(syntax.name.toLowerCase(), syntax.parameters, syntax.at)
  }
}

function named(name: string, parameters: readonly number[], at: number): SqlType {
  const [first, second] = parameters
  switch (name) {
    case 'varchar':
      return first === undefined ? varchar : { kind: 'varchar', length: first }
    case 'char':
      return { kind: 'char', length: first ?? 1 }
    case 'decimal': {
      const precision = first ?? decimalDigitsMax
      const scale = second ?? 0
      if (precision < 1 || precision > decimalDigitsMax || scale > precision)
        throw new StatementError(
          at,
          `DECIMAL(p, s) has 1 to ${decimalDigitsMax} digits, and no more behind the point than in all`,
        )
      return decimal(precision, scale)
    }
    case 'time':
    case 'timestamp':
    case 'timestamp with time zone': {
      const precision = first ?? 3
      if (precision > timeDigitsMax)
        throw new StatementError(
          at,
          `A ${name} has at most ${timeDigitsMax} digits behind the second here; Athena takes 12`,
        )
      return { kind: name, precision }
    }
  }
  const type = Object.hasOwn(simple, name) ? simple[name] : undefined
  if (type && parameters.length === 0) return type
  const hint = Object.hasOwn(hints, name) ? `; write ${hints[name]}` : ''
  throw new StatementError(at, `Unknown type: ${name.slice(0, 60)}${hint}`)
}
