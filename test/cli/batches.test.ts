import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cutBatches, shardOf } from '../../src/cli/batches.ts'
import { type Input, openInput } from '../../src/cli/lines.ts'
import type { Batch } from '../../src/codec/lambda-event.ts'

import { PipelineError } from '../../src/record/error.ts'
import { change, kinesisEvent } from '../changes.ts'
import { stdinOf, testIo } from './io.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-batches-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function cut(
  bytes: Uint8Array,
  options: { chunkBytes?: number; batch?: number } = {},
): Promise<Batch[]> {
  const { io } = testIo({ stdin: stdinOf(bytes, options.chunkBytes ?? 11) })
  const input = await openInput('-', io)
  const batches: Batch[] = []
  for await (const batch of cutBatches(input, {
    stream: 's',
    shard: 'h',
    batchRecordsMax: options.batch ?? 1000,
  }))
    batches.push(batch)
  return batches
}

const lines = (batches: readonly Batch[]) =>
  batches.flatMap(({ records }) =>
    records.map(({ sequence, payload }) => [sequence, Buffer.from(payload).toString('latin1')]),
  )

test('lines become records with their line numbers, cut into batches', async () => {
  const batches = await cut(Buffer.from('a\n\n  \t\nb\nc'), { batch: 2 })
  expect(batches.map(({ records }) => records.length)).toEqual([2, 1])
  expect(lines(batches)).toEqual([
    ['1', 'a'],
    ['4', 'b'],
    ['5', 'c'],
  ])
})

test('any bytes come out line for line, whatever the chunks: none lost, none doubled, none changed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10))),
      ),
      fc.integer({ min: 1, max: 50 }),
      async (written, chunkBytes) => {
        const text = Buffer.concat(written.flatMap((line) => [line, Buffer.from('\n')]))
        const hasMagic = /^(1f8b|efbbbf|fffe|feff)/.test(text.subarray(0, 8).toString('hex'))
        // What opens a bracket may be joined with what follows: other tests tell of that.
        fc.pre(!hasMagic && !written.some((line) => /^[ \t\r]*[[{]/.test(line.toString('latin1'))))
        const expected = written.flatMap((line, index) =>
          /^[ \t\r]*$/.test(line.toString('latin1')) ? [] : [[String(index + 1), line.toString('latin1')]],
        )
        expect(lines(await cut(text, { chunkBytes, batch: 3 }))).toEqual(expected)
      },
    ),
    { numRuns: 300 },
  )
})

test('a line that begins like a document but is none comes out as lines', async () => {
  const good = change()
  const text = Buffer.concat([Buffer.from('{\n'), good, Buffer.from('\n]\n{"a":1}\n')])
  expect(lines(await cut(text)).map(([sequence]) => sequence)).toEqual(['1', '2', '3', '4'])
})

test('a Lambda event on one line, or printed over many, is a batch of its own', async () => {
  const event = kinesisEvent([change(), change()])
  const single = Buffer.concat([change(), Buffer.from(`\n${JSON.stringify(event)}\n`), change()])
  expect((await cut(single)).map(({ stream, shard, records }) => [stream, shard, records.length])).toEqual([
    ['s', 'h', 1],
    ['changes', 'shardId-000000000000', 2],
    ['s', 'h', 1],
  ])
  const printed = await cut(Buffer.from(JSON.stringify(event, null, 2)))
  expect(printed).toEqual(await cut(Buffer.from(JSON.stringify(event))))
})

test('an event is known by its content: Records may stand behind anything, and be of DynamoDB Streams', async () => {
  const behind = { invocationId: 'x'.repeat(1000), ...kinesisEvent([change(), change()]) }
  expect((await cut(Buffer.from(JSON.stringify(behind)))).map(({ shard }) => shard)).toEqual([
    'shardId-000000000000',
  ])
  for (const [name, found] of [
    ['kinesis-dynamodb-stream.json', [['shardId-000000000000', 2]]],
    [
      'dynamodb-streams.json',
      [
        ['dynamodb-streams', 1],
        ['dynamodb-streams', 1],
      ],
    ],
  ] as const) {
    const batches = await cut(readFileSync(new URL(`../events/${name}`, import.meta.url)))
    expect(batches.map((batch) => [batch.shard, batch.records.length])).toEqual(found)
  }
})

test('Records of another source make a line like any other', async () => {
  const text = Buffer.from('{"Records":[{"eventSource":"aws:sqs"}]}')
  expect(lines(await cut(text))).toEqual([['1', text.toString()]])
})

test('a byte-order mark at the start of a file is no part of its first record, gzipped or not', async () => {
  const text = Buffer.from('\ufeff{"a":1}\n\ufeff{"b":2}\n')
  for (const bytes of [text, gzipSync(text)])
    expect(lines(await cut(bytes)).map(([, line]) => Buffer.from(line ?? '', 'latin1').toString())).toEqual([
      '{"a":1}',
      '\ufeff{"b":2}',
    ])
})

test('a file of a format that has no lines is refused once, by name', async () => {
  for (const [text, format] of [
    [Buffer.from('\ufeff{"a":1}', 'utf16le'), /is UTF-16/],
    [Buffer.from('PK\u0003\u0004 and more'), /is a ZIP archive/],
    [Buffer.from('PAR1 and more'), /is Parquet/],
  ] as const)
    await expect(cut(text)).rejects.toThrow(format)
})

const printed = (value: unknown) => JSON.stringify(value, null, 2)

test('several documents, printed over lines or not, one behind the other, are each a record', async () => {
  const [a, b, c] = [{ n: 1, l: [{ m: '}{' }] }, { n: 2 }, { n: 3, t: 'x\\"{' }]
  for (const [text, starts] of [
    [`${printed(a)}\n${printed(b)}\n${printed(c)}\n`, ['1', '9', '12']],
    [`${printed(a)}\r\n\r\n${JSON.stringify(b)}\n${printed(c)}`, ['1', '10', '11']],
    [`${JSON.stringify(a)}${JSON.stringify(b)} ${JSON.stringify(c)}\n`, ['1', '1', '1']],
    [`${printed(a)}${printed(b)} ${printed(c)}`, ['1', '8', '10']],
  ] as const) {
    const found = lines(await cut(Buffer.from(text)))
    expect(found.map(([, line]) => JSON.parse(line ?? ''))).toEqual([a, b, c])
    expect(found.map(([number]) => number)).toEqual(starts)
  }
})

test('any documents, however each is printed and wherever lines break, come out as they went in', async () => {
  const indent = fc.constantFrom(0, 1, 2, '\t')
  const document = fc.tuple(fc.dictionary(fc.string(), fc.jsonValue()), indent)
  await fc.assert(
    fc.asyncProperty(
      fc.array(document, { maxLength: 6 }),
      fc.integer({ min: 1, max: 40 }),
      async (all, chunkBytes) => {
        const text = all.map(([value, space]) => `${JSON.stringify(value, null, space)}\n`).join('')
        const found = lines(await cut(Buffer.from(text), { chunkBytes }))
        const read = found.map(([, line]) => JSON.parse(Buffer.from(line ?? '', 'latin1').toString()))
        expect(read).toEqual(all.map(([value]) => JSON.parse(JSON.stringify(value))))
      },
    ),
    { numRuns: 300 },
  )
})

test('a broken document over many lines is one record, and what follows it is read', async () => {
  const good = JSON.parse(Buffer.from(change()).toString())
  const broken = printed(good).replace('"eventID":', '"eventID"')
  const found = lines(await cut(Buffer.from(`${broken}\n${printed(good)}\n${broken}\n`), { chunkBytes: 100 }))
  expect(found.map(([, line]) => line)).toEqual([broken, printed(good), broken])
})

test('a line that lacks its end does not take the next ones with it', async () => {
  for (const cutLine of ['{"a":{"b":1}', '{"a":', '{"a":[1,', '{"a":"x', '{"a":[{"b":2},']) {
    const found = lines(await cut(Buffer.from(`${cutLine}\n{"c":3}\n{"d":4}\n`)))
    expect(found).toEqual([
      ['1', cutLine],
      ['2', '{"c":3}'],
      ['3', '{"d":4}'],
    ])
  }
})

test('a document over several lines is one record as deep as 128 brackets, and lines beyond', async () => {
  const deep = (levels: number) => `${'{"a":\n'.repeat(levels)}1\n${'}'.repeat(levels)}`
  expect(lines(await cut(Buffer.from(`${deep(128)}\n{"b":2}\n`)))).toEqual([
    ['1', deep(128)],
    ['131', '{"b":2}'],
  ])
  const found = lines(await cut(Buffer.from(`${deep(129)}\n{"b":2}\n`)))
  expect(found.length).toBeGreaterThan(2)
  expect(found.map(([, line]) => line).join('\n')).toBe(`${deep(129)}\n{"b":2}`)
})

test('a batch is cut before it passes what Lambda takes', async () => {
  const big = Buffer.alloc(4 * 1024 * 1024, 'x')
  const newline = Buffer.from('\n')
  const batches = await cut(Buffer.concat([big, newline, big, newline, Buffer.from('y')]), {
    chunkBytes: 1 << 20,
  })
  expect(batches.map(({ records }) => records.length)).toEqual([1, 2])
})

test('gzipped files, also of several members, read like plain ones', async () => {
  const path = join(folder, 'changes.jsonl.gz')
  writeFileSync(path, Buffer.concat([gzipSync('a\nb'), gzipSync('c\n')]))
  const { io } = testIo()
  const input = await openInput(path, io)
  const found: Batch[] = []
  for await (const batch of cutBatches(input, { stream: 's', shard: 'h', batchRecordsMax: 10 }))
    found.push(batch)
  expect(lines(found)).toEqual([
    ['1', 'a'],
    ['2', 'bc'],
  ])
})

async function cutUntilFailure(input: Input): Promise<{ batches: Batch[]; message: string }> {
  const batches: Batch[] = []
  try {
    for await (const batch of cutBatches(input, { stream: 's', shard: 'h', batchRecordsMax: 100 }))
      batches.push(batch)
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error
    return { batches, message: error.message }
  }
  return { batches, message: '' }
}

test('a gzip that breaks off gives every whole line before the break, then names the file and the line', async () => {
  const path = join(folder, 'broken.gz')
  const all = Array.from({ length: 5000 }, (_, n) => `line ${n}`)
  const whole = gzipSync(Buffer.from(all.join('\n')))
  // The last one lacks the whole of its trailer, the others some of the data.
  for (const missing of [5000, 20, 9, 8, 1]) {
    const zipped = whole.subarray(0, whole.length - missing)
    const readable = gunzipSync(zipped, { finishFlush: constants.Z_SYNC_FLUSH })
      .toString()
      .split('\n')
      .slice(0, -1)
    writeFileSync(path, zipped)
    const { batches, message } = await cutUntilFailure(await openInput(path, testIo().io))
    expect(lines(batches).map(([, line]) => line)).toEqual(readable)
    expect(message).toBe(
      `${path}: unexpected end of file. Line ${readable.length + 1} is the first that was not read; ` +
        'nothing from it on was delivered.',
    )
  }
})

test('an input that ends inside a document gives what comes before it, then names its line', async () => {
  const text = `{"a":1}\n${printed({ b: { c: 2 } })}\n{"d":`
  const { batches, message } = await cutUntilFailure(
    await openInput('-', testIo({ stdin: stdinOf(Buffer.from(text)) }).io),
  )
  expect(lines(batches).map(([number]) => number)).toEqual(['1', '2'])
  expect(message).toMatch(
    /^standard input: the input ends inside a document\. Line 7 is the first that was not read; /,
  )
})

test('a file that goes away after it was opened is a failure of that file', async () => {
  const path = join(folder, 'gone.jsonl')
  writeFileSync(path, '{"a":1}\n')
  const input = await openInput(path, testIo().io)
  rmSync(path)
  const { batches, message } = await cutUntilFailure(input)
  expect(batches).toEqual([])
  expect(message).toMatch(
    /ENOENT.*Line 1 is the first that was not read; nothing from it on was delivered\.$/,
  )
})

test('a missing file and a directory are refused by name', async () => {
  const { io } = testIo()
  await expect(openInput(join(folder, 'none'), io)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  await expect(openInput(folder, io)).rejects.toThrow(/is a directory/)
})

test('a line beyond the bound is refused with its number', async () => {
  const chunk = Buffer.alloc(1 << 20, 'x')
  const endless = (async function* () {
    yield Buffer.from('fine\n')
    for (let n = 0; n < 80; n++) yield chunk
  })()
  const { io } = testIo({ stdin: endless })
  const read = async () => {
    for await (const _ of cutBatches(await openInput('-', io), {
      stream: 's',
      shard: 'h',
      batchRecordsMax: 10,
    }));
  }
  await expect(read()).rejects.toThrow(/line 2 is longer than 64 MiB/)
})

test('a file’s shard is its name without its endings', () => {
  expect([shardOf('/a/b/changes.jsonl.gz'), shardOf('x.json'), shardOf('plain'), shardOf('-')]).toEqual([
    'changes',
    'x',
    'plain',
    'stdin',
  ])
})
