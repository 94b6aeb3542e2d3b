import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cutBatches, shardOf } from '../../src/cli/batches.ts'
import { openInput } from '../../src/cli/lines.ts'
import type { Batch } from '../../src/delivery/plan.ts'
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
        const isGzip = text[0] === 0x1f && text[1] === 0x8b
        fc.pre(!isGzip)
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

test('Records that are no Kinesis records make a line like any other', async () => {
  const text = Buffer.from('{"Records":[{"eventSource":"aws:dynamodb"}]}')
  expect(lines(await cut(text))).toEqual([['1', text.toString()]])
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

test('a gzip that breaks off says which file, and what became of the rest', async () => {
  const path = join(folder, 'broken.gz')
  const whole = gzipSync(Buffer.from(Array.from({ length: 5000 }, (_, n) => `line ${n}`).join('\n')))
  writeFileSync(path, whole.subarray(0, whole.length - 20))
  const { io } = testIo()
  const read = async () => {
    for await (const _ of cutBatches(await openInput(path, io), {
      stream: 's',
      shard: 'h',
      batchRecordsMax: 10,
    }));
  }
  await expect(read()).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining(path),
  })
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
