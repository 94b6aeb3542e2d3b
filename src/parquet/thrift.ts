// Thrift's compact protocol, as far as Parquet's metadata needs it
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).

/** A value to be written: its wire type and its content. */
export type Thrift =
  | { readonly kind: 'i32' | 'i64'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'list'; readonly of: Thrift['kind']; readonly items: readonly Thrift[] }
  | { readonly kind: 'struct'; readonly fields: readonly ThriftField[] }

/** A field's id and its value; one that is absent is undefined. Ids must rise. */
export type ThriftField = readonly [id: number, value: Thrift | undefined]

export const i32 = (value: number): Thrift => ({ kind: 'i32', value })
export const i64 = (value: number): Thrift => ({ kind: 'i64', value })
export const bool = (value: boolean): Thrift => ({ kind: 'bool', value })
export const thriftText = (value: string): Thrift => ({ kind: 'text', value })
export const thriftList = (of: Thrift['kind'], items: readonly Thrift[]): Thrift => ({
  kind: 'list',
  of,
  items,
})
export const struct = (...fields: readonly ThriftField[]): Thrift => ({ kind: 'struct', fields })

const wireTypes = { bool: 1, i32: 5, i64: 6, text: 8, list: 9, struct: 12 } as const

/** The bytes of a value. */
export function writeThrift(value: Thrift): Uint8Array {
  const bytes: number[] = []
  write(bytes, value)
  return Uint8Array.from(bytes)
}

function write(bytes: number[], value: Thrift): void {
  switch (value.kind) {
    case 'i32':
    case 'i64':
      // Zig-zag; no value here is negative or beyond what a double holds.
      writeVarint(bytes, value.value * 2)
      return
    case 'bool':
      bytes.push(value.value ? 1 : 2)
      return
    case 'text': {
      const utf8 = Buffer.from(value.value, 'utf8')
      writeVarint(bytes, utf8.length)
      for (const byte of utf8) bytes.push(byte)
      return
    }
    case 'list': {
      const { length } = value.items
      const type = wireTypes[value.of]
      if (length < 15) bytes.push((length << 4) | type)
      else {
        bytes.push(0xf0 | type)
        writeVarint(bytes, length)
      }
      for (const item of value.items) write(bytes, item)
      return
    }
    case 'struct':
      writeFields(bytes, value.fields)
  }
}

function writeFields(bytes: number[], fields: readonly ThriftField[]): void {
  let last = 0
  for (const [id, value] of fields) {
    if (value === undefined) continue
    // A field that is a boolean has its value in its type.
    const type = value.kind === 'bool' && !value.value ? 2 : wireTypes[value.kind]
    bytes.push(((id - last) << 4) | type)
    if (value.kind !== 'bool') write(bytes, value)
    last = id
  }
  bytes.push(0)
}

function writeVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}
