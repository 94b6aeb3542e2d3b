import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createWriter, readLong, writeLong, written } from '../../src/codec/avro.ts'
import { readContainer } from '../../src/codec/container.ts'
import { PipelineError } from '../../src/record/error.ts'
import { type Json, type JsonObject, parseRecordType, type RecordValue } from '../../src/record/type.ts'
import { arbitraryDamage } from '../arbitrary/mangled.ts'
import { containerOf } from '../container-of.ts'
import { catalog, items, read, toImage } from './example.ts'
import { peerRows, plain } from './peer.ts'

const schema: JsonObject = {
  type: 'record',
  name: 'note',
  doc: 'With annotations, which stay.',
  plural: 'notes',
  fields: [
    { name: 'text', type: 'string', pii: true },
    { name: 'long', type: ['null', 'long'], default: null },
    { name: 'late', type: ['int', 'null'] },
    { name: 'list', type: { type: 'array', items: 'double' } },
    { name: 'map', type: { type: 'map', values: 'bytes' } },
  ],
}
const type = parseRecordType(schema, 'note')
const sync = Uint8Array.from({ length: 16 }, (_, index) => index)
const spec = (more: Partial<Parameters<typeof containerOf>[0]> = {}) => ({
  schema,
  type,
  codec: 'deflate' as const,
  metadata: new Map([['dmd.format', '1']]),
  sync,
  ...more,
})
const row = (text: string, index = 0): RecordValue => ({
  text,
  long: index % 2 === 0 ? 9_007_199_254_740_993n : null,
  late: index % 3 === 0 ? null : -index,
  list: [index / 3, -0],
  map: new Map([[text, Uint8Array.of(index & 255)]]),
})
const readAll = (bytes: Uint8Array) => [...readContainer(bytes, 'x').rows()]
const codecs = ['null', 'deflate'] as const

it('compresses each block by zlib’s defaults, so that rows of an earlier release become the same bytes', () => {
  const rows = Array.from({ length: 3000 }, (_, index) => row(`row ${index} ${'x'.repeat(60)}`, index))
  const plainBlocks = [...readContainer(containerOf(spec({ codec: 'null' }), rows), 'x').blocks()]
  const bytes = Buffer.from(containerOf(spec(), rows))
  expect(plainBlocks.length).toBeGreaterThan(3)
  for (const block of plainBlocks) expect(bytes.includes(deflateRawSync(block.bytes))).toBe(true)
})

describe.each(codecs)('a container of codec %s', (codec) => {
  it.each<[string, readonly RecordValue[]]>([
    ['no rows', []],
    ['one row', [row('x')]],
    ['emoji, NUL, right to left', ['👩‍👩‍👧', 'a\u0000b', 'שלום', '\u{10ffff}', ''].map(row)],
    [
      'rows of many blocks',
      Array.from({ length: 3000 }, (_, index) => row(`row ${index} ${'x'.repeat(60)}`, index)),
    ],
    ['a row beyond the size of a block', [row('y'.repeat(300_000)), row('z')]],
  ])('gives back what was put in, to us and to avsc: %s', async (_, rows) => {
    const bytes = containerOf(spec({ codec }), rows)
    const expected = rows.map((item) => plain(type, item))
    expect(readAll(bytes).map((item) => plain(type, item))).toEqual(expected)
    expect((await peerRows(bytes)).map((item) => plain(type, item))).toEqual(expected)
  })

  it('has the same bytes each time', () => {
    const rows = Array.from({ length: 2000 }, (_, index) => row(`row ${index}`, index))
    expect(containerOf(spec({ codec }), rows)).toEqual(containerOf(spec({ codec }), rows))
  })

  it('is closed in blocks of about 64 KiB, each with the sync marker', () => {
    const rows = Array.from({ length: 3000 }, (_, index) => row(`row ${index} ${'x'.repeat(60)}`, index))
    const bytes = Buffer.from(containerOf(spec({ codec }), rows))
    const markers = bytes.toString('latin1').split(Buffer.from(sync).toString('latin1')).length - 1
    const rawBytes = Buffer.from(containerOf(spec({ codec: 'null' }), rows)).length
    expect(markers - 1).toBeGreaterThanOrEqual(Math.floor(rawBytes / 67_000))
    expect(markers - 1).toBeLessThanOrEqual(Math.ceil(rawBytes / 65_536))
  })

  it('says in its header what it is', () => {
    const metadata = new Map([
      ['dmd.stream', 'straße'],
      ['dmd.count', '1'],
    ])
    const container = readContainer(containerOf(spec({ codec, metadata }), [row('x')]), 'x')
    expect(container.schema).toEqual(schema)
    expect([...container.metadata]).toEqual([
      ['avro.schema', JSON.stringify(schema)],
      ['avro.codec', codec],
      ...metadata,
    ])
  })

  it('closes a block once its rows reach 64 KiB', () => {
    const long = 'x'.repeat(1_000)
    const bytes = containerOf(
      spec({ codec }),
      Array.from({ length: 200 }, (_, index) => row(long, index)),
    )
    const sizes = [...readContainer(bytes, 'x').blocks()].map((block) => block.bytes.length)
    expect(sizes.length).toBeGreaterThan(3)
    for (const size of sizes.slice(0, -1)) {
      expect(size).toBeGreaterThanOrEqual(65_536)
      expect(size).toBeLessThan(65_536 + 2_100)
    }
  })

  it('that is cut off is corrupt, or ends between two blocks', () => {
    const bytes = containerOf(
      spec({ codec }),
      Array.from({ length: 40 }, (_, index) => row(`r${index}`, index)),
    )
    let whole = 0
    for (let end = 0; end < bytes.length; end++) {
      try {
        expect(readAll(bytes.subarray(0, end))).toEqual([])
        whole += 1
      } catch (error) {
        expect(error).toMatchObject({
          code: 'CONTAINER_INVALID',
          message: expect.stringMatching(/^x, byte \d+: /),
        })
      }
    }
    expect(whole).toBe(1)
  })

  it('that is damaged is corrupt or decodes, and never hangs or crashes', () => {
    const bytes = containerOf(spec({ codec }), [row('one'), row('two', 1), row('three', 2)])
    fc.assert(
      fc.property(arbitraryDamage(bytes), (damaged) => {
        try {
          readAll(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(PipelineError)
          expect(error).toMatchObject({ code: 'CONTAINER_INVALID' })
        }
      }),
      { numRuns: 3000 },
    )
  })
})

describe('a container', () => {
  const file = (fields: JsonObject | string, blocks: readonly number[] = [], codec = 'null') => {
    const text = typeof fields === 'string' ? fields : JSON.stringify(fields)
    const header = [Buffer.from('Obj\u0001'), long(2), lengthed('avro.schema'), lengthed(text)]
    const rest = [lengthed('avro.codec'), lengthed(codec), long(0), sync, Uint8Array.from(blocks)]
    return Buffer.concat([...header, ...rest])
  }
  const long = (value: number) => {
    const writer = createWriter()
    writeLong(writer, value)
    return written(writer)
  }
  const lengthed = (text: string) => Buffer.concat([long(Buffer.byteLength(text)), Buffer.from(text)])
  const open = (bytes: Uint8Array) => () => readAll(bytes)
  const corrupt = (what: RegExp) =>
    expect.objectContaining({ code: 'CONTAINER_INVALID', message: expect.stringMatching(what) })
  const one: JsonObject = { type: 'record', name: 'r', fields: [{ name: 'a', type: 'boolean' }] }
  const list: Json = { type: 'array', items: 'int' }

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /beyond the end/],
    ['a JSON file', Buffer.from('{"a":1}'), /no Avro object container file/],
    ['another codec', file(one, [], 'snappy'), /the codec "snappy" is not supported/],
    ['a schema that is no JSON', file('{'), /holds no schema/],
    ['a schema that is no object', file('"string"'), /holds no schema/],
    [
      'a schema of another kind',
      file({ type: 'array', items: 'int' }),
      /is not supported: .*a schema is a record/,
    ],
    [
      'a schema with a type we do not know',
      file({ ...one, fields: [{ name: 'a', type: 'x' }] }),
      /not supported/,
    ],
    [
      'a schema nested beyond the stack',
      file(`${'{"type":'.repeat(50_000)}1${'}'.repeat(50_000)}`),
      /not supported/,
    ],
    ['a negative count of rows', file(one, [0x01, 0x00, ...sync]), /a block of -1 rows/],
    ['fewer rows than it says', file(one, [0x04, 0x02, 0x01, ...sync]), /beyond the end/],
    ['more bytes than rows', file(one, [0x02, 0x04, 0x01, 0x01, ...sync]), /more bytes than rows/],
    ['another sync marker', file(one, [0x02, 0x02, 0x01, ...sync.toReversed()]), /sync marker/],
    ['a block that says a huge size', file(one, [0x02, 0xfe, 0xff, 0xff, 0xff, 0x0f]), /beyond the end/],
    [
      'a list that says a huge count',
      file({ ...one, fields: [{ name: 'a', type: list }] }, [
        0x02,
        0x0c,
        0xfe,
        0xff,
        0xff,
        0xff,
        0x0f,
        0x00,
        ...sync,
      ]),
      /does not fit/,
    ],
    [
      'a number of eleven bytes',
      file(
        one,
        Array.from({ length: 11 }, () => 0xff),
      ),
      /more than 10 bytes/,
    ],
    ['a block that is not deflated', file(one, [0x02, 0x02, 0x01, ...sync], 'deflate'), /cannot be inflated/],
  ])('that holds %s is corrupt', (_, bytes, what) => {
    expect(open(bytes)).toThrowError(corrupt(what))
  })

  it('that inflates beyond reason is corrupt', () => {
    const bomb = deflateRawSync(Buffer.alloc(300 * 1024 * 1024))
    const bytes = Buffer.concat([file(one, [], 'deflate'), long(1), long(bomb.length), bomb, sync])
    expect(open(bytes)).toThrowError(corrupt(/cannot be inflated/))
  })

  it('may hold lists in several blocks, with their sizes or without', () => {
    // A block of -1 items in 1 byte, a block of 1 item, the end.
    const rows = [0x01, 0x02, 0x04, 0x02, 0x06, 0x00]
    const bytes = file({ ...one, fields: [{ name: 'a', type: list }] }, [
      0x02,
      rows.length * 2,
      ...rows,
      ...sync,
    ])
    expect(readAll(bytes)).toEqual([{ a: [2, 3] }])
  })

  it('written by avsc is read', async () => {
    const { default: avsc } = await import('avsc')
    const encoder = new avsc.streams.BlockEncoder(
      { type: 'record', name: 'r', fields: [{ name: 'a', type: ['null', 'string'] }] },
      { codec: 'deflate', writeHeader: true },
    )
    const chunks: Buffer[] = []
    encoder.on('data', (chunk: Buffer) => chunks.push(chunk))
    encoder.write({ a: 'x' })
    encoder.end({ a: null })
    await new Promise((resolve) => encoder.on('end', resolve))
    expect(readAll(Buffer.concat(chunks))).toEqual([{ a: 'x' }, { a: null }])
  })

  it('of every record type is read by avsc as it is by us', async () => {
    for (const item of Object.values(items)) {
      for (const operation of ['INSERT', 'REMOVE']) {
        const made = read({ image: toImage({ ...item, notes: { a: ['1', 2] } }), operation })
        if (!made.ok) throw new Error(made.rejection.message)
        const of = catalog.get(made.schema.type)
        if (!of) throw new Error('no schema')
        const bytes = containerOf(spec({ schema: of.avro, type: of.row }), [made.row])
        expect(readAll(bytes)).toEqual([made.row])
        expect((await peerRows(bytes)).map((theirs) => plain(of.row, theirs))).toEqual([
          plain(of.row, made.row),
        ])
      }
    }
  })
})

describe('a long', () => {
  it('is written and read back exactly, over all 64 bits', () => {
    const edges = [
      0n,
      1n,
      -1n,
      63n,
      64n,
      -64n,
      -65n,
      2n ** 31n - 1n,
      -(2n ** 31n),
      2n ** 48n,
      2n ** 49n - 1n,
      -(2n ** 49n),
      2n ** 53n - 1n,
      1n - 2n ** 53n,
      2n ** 53n,
      2n ** 63n - 1n,
      -(2n ** 63n),
    ]
    const any = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
    fc.assert(
      fc.property(any, (long) => {
        const writer = createWriter(0)
        writeLong(writer, long)
        const read = readLong({ buffer: written(writer), offset: 0, where: 'x' })
        // A number wherever that is exact.
        expect(read).toBe(Number.isSafeInteger(Number(long)) ? Number(long) : long)
        if (!Number.isSafeInteger(Number(long))) return
        const same = createWriter()
        writeLong(same, Number(long))
        expect(written(same)).toEqual(written(writer))
      }),
    )
  })
})
