import {
  CorruptBlock,
  type Cursor,
  createCursor,
  readBranch,
  readCount,
  viewOf,
} from '../codec/avro-cursor.ts'
import { PipelineError } from '../record/error.ts'
import type { RecordType, Type } from '../record/type.ts'
import { createColumn, type LeafColumn, type LeafKind, pushLevels } from './column.ts'
import type { SchemaElement } from './file.ts'
import {
  checkKeys,
  copyBoolean,
  copyDouble,
  copyFloat,
  copyInstant,
  copyInt,
  copyLong,
  copySymbol,
  copyText,
} from './value.ts'

// Rows become columns as Parquet wants them (https://parquet.apache.org/docs/file-format/nestedencoding/): each value
// with how many of the optional and repeated steps to it are there, and at which of the repeated ones it goes on.
// No row is built on the way: texts are copied as the bytes that they are in Avro. The walk over the type is compiled
// to JavaScript, because every call in it then has one target of its own: closures were measured to take several times
// as long. No name of a schema stands in the code.

/** Takes rows of one record type apart into columns. */
export type Shredder = {
  /** The tree of a row, for the footer. */
  readonly elements: readonly SchemaElement[]
  readonly columns: readonly LeafColumn[]
  /**
   * Takes in the `rows` that a block holds, whose content is not compressed. `where` names the file in errors.
   * Throws CONTAINER_INVALID where the bytes are corrupt or SQL's type has no room for a number.
   */
  readonly shred: (block: Uint8Array, rows: number, where: string) => void
}

export function createShredder(type: RecordType): Shredder {
  const builder: Builder = { columns: [], symbols: [], variables: 0 }
  const cursor = createCursor(new Uint8Array(0))
  const root = { path: [], definition: 0, repetition: 0, level: '0' }
  const fields = type.fields.map((field) => compile(field.type, field.name.toLowerCase(), root, builder))
  const readers = fields.map(({ read }) => compileReader(read, builder))
  return {
    elements: fields.map(({ element }) => element),
    columns: builder.columns,
    shred: (block, rows, where) => {
      cursor.bytes = block
      cursor.view = viewOf(block)
      cursor.at = 0
      try {
        for (let row = 0; row < rows; row++) {
          for (let field = 0; field < readers.length; field++) {
            cursor.field = field
            readers[field]?.(cursor)
          }
          if (cursor.at > block.length) throw new CorruptBlock('a row ends beyond its block')
        }
      } catch (cause) {
        if (!(cause instanceof CorruptBlock)) throw cause
        const name = type.fields[cursor.field]?.name
        throw new PipelineError('CONTAINER_INVALID', `${where}: ${name}: ${cause.message}`, { cause })
      }
      if (cursor.at !== block.length)
        throw new PipelineError('CONTAINER_INVALID', `${where}: a block holds more bytes than rows`)
    },
  }
}

type Builder = {
  readonly columns: LeafColumn[]
  /** The symbols of each enum. */
  readonly symbols: (readonly Cursor[])[]
  variables: number
}

/** Where a value stands: the path to it, its levels, and the variable or number that is its repetition level. */
type Place = {
  readonly path: readonly string[]
  readonly definition: number
  readonly repetition: number
  readonly level: string
}

/** An element with its code: `read` reads a value, `skip` says that there is none. */
type Compiled = {
  readonly element: SchemaElement
  readonly read: string
  /** `level` and `definition` are where it ends. */
  readonly skip: (level: string, definition: number) => string
}

const tools = {
  readBranch,
  readCount,
  pushLevels,
  copyText,
  copyBoolean,
  copyInt,
  copyLong,
  copyInstant,
  copyFloat,
  copyDouble,
  copySymbol,
  checkKeys,
}

function compileReader(code: string, { columns, symbols }: Builder): (cursor: Cursor) => void {
  const names = Object.keys(tools).join(', ')
  const make = new Function('tools', 'c', 's', `const { ${names} } = tools\nreturn (cursor) => {\n${code}\n}`)
  return make(tools, columns, symbols)
}

function compile(type: Type, name: string, outer: Place, builder: Builder): Compiled {
  if (type.kind !== 'optional') return compilePresent(type, name, 'required', outer, builder)
  const place = { ...outer, definition: outer.definition + 1 }
  const { element, read, skip } = compilePresent(type.of, name, 'optional', place, builder)
  const absent = skip(outer.level, outer.definition)
  return {
    element,
    skip,
    read: `if (readBranch(cursor) === ${type.nullAt}) {\n${absent}\n} else {\n${read}\n}`,
  }
}

type Repetition = SchemaElement['repetition']

function compilePresent(
  type: Type,
  name: string,
  repetition: Repetition,
  outer: Place,
  builder: Builder,
): Compiled {
  const place = { ...outer, path: [...outer.path, name] }
  switch (type.kind) {
    case 'optional':
      throw new Error('an optional type is in another')
    case 'record': {
      const fields = type.fields.map((field) => compile(field.type, field.name.toLowerCase(), place, builder))
      const children = fields.map(({ element }) => element)
      return {
        element: { name, repetition, group: 'record', children },
        read: fields.map(({ read }) => read).join('\n'),
        skip: (level, definition) => fields.map(({ skip }) => skip(level, definition)).join('\n'),
      }
    }
    case 'array': {
      const inner = into(place, 'list', builder)
      const item = compile(type.items, 'element', inner, builder)
      const list: SchemaElement = {
        name: 'list',
        repetition: 'repeated',
        group: 'entries',
        children: [item.element],
      }
      return {
        element: { name, repetition, group: 'list', children: [list] },
        read: repeat(place, inner, item.read, item.skip),
        skip: item.skip,
      }
    }
    case 'map': {
      const inner = into(place, 'key_value', builder)
      const key = compileLeaf(
        { kind: 'string' },
        { ...inner, path: [...inner.path, 'key'] },
        'required',
        builder,
      )
      const value = compile(type.values, 'value', inner, builder)
      const children = [key.element, value.element]
      const entries: SchemaElement = { name: 'key_value', repetition: 'repeated', group: 'entries', children }
      const skip: Compiled['skip'] = (level, definition) =>
        `${key.skip(level, definition)}\n${value.skip(level, definition)}`
      const keys = `keys${inner.level}`
      const read = repeat(place, inner, `${keys}.push(cursor.at)\n${key.read}\n${value.read}`, skip)
      return {
        element: { name, repetition, group: 'map', children: [entries] },
        read: `const ${keys} = []\n${read}\nif (${keys}.length > 1) checkKeys(cursor, ${keys})`,
        skip,
      }
    }
    default:
      return compileLeaf(type, place, repetition, builder)
  }
}

function into(place: Place, name: string, builder: Builder): Place {
  const { path, definition, repetition } = place
  builder.variables += 1
  return {
    path: [...path, name],
    definition: definition + 1,
    repetition: repetition + 1,
    level: `level${builder.variables}`,
  }
}

/** The items of a list or a map: the first stands at the level of the whole, the others repeat the innermost step. */
function repeat(place: Place, inner: Place, read: string, skip: Compiled['skip']): string {
  const { level } = inner
  return `let ${level} = ${place.level}
let none${level} = true
for (let n${level} = readCount(cursor); n${level} > 0; n${level} = readCount(cursor)) {
none${level} = false
for (; n${level} > 0; n${level}--) {
${read}
${level} = ${inner.repetition}
}
}
if (none${level}) {
${skip(place.level, place.definition)}
}`
}

type LeafType = Exclude<Type, { kind: 'optional' | 'record' | 'array' | 'map' }>

const leaves = {
  string: ['text', 'copyText'],
  enum: ['text', 'copySymbol'],
  bytes: ['bytes', 'copyText'],
  boolean: ['boolean', 'copyBoolean'],
  int: ['int', 'copyInt'],
  date: ['date', 'copyInt'],
  long: ['long', 'copyLong'],
  instant: ['instant', 'copyInstant'],
  float: ['float', 'copyFloat'],
  double: ['double', 'copyDouble'],
} as const satisfies Record<LeafType['kind'], readonly [LeafKind, keyof typeof tools]>

function compileLeaf(type: LeafType, place: Place, repetition: Repetition, builder: Builder): Compiled {
  const { path, definition, level } = place
  const [leaf, take] = leaves[type.kind]
  const column = `c[${builder.columns.length}]`
  builder.columns.push(
    createColumn({ path, kind: leaf, definitionMax: definition, repetitionMax: place.repetition }),
  )
  const more = type.kind === 'enum' ? `, s[${builder.symbols.push(type.symbols.map(symbolOf)) - 1}]` : ''
  return {
    element: { name: path.at(-1) ?? '', repetition, leaf, children: [] },
    read: `pushLevels(${column}, ${level}, ${definition})\n${take}(cursor, ${column}${more})`,
    skip: (at, found) => `pushLevels(${column}, ${at}, ${found})`,
  }
}

function symbolOf(symbol: string): Cursor {
  return createCursor(Uint8Array.from(Buffer.from(symbol, 'utf8')))
}
