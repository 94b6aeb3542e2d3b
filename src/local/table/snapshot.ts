import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { syncFolder } from '../../store/folder.ts'
import { CorruptLog } from '../stream/segment.ts'
import type { StreamState } from '../stream/source.ts'

/** An item as the table keeps it. */
export type Stored = {
  /** JSON, beginning with the key members. */
  readonly text: string
  /** The time of its last change, in microseconds since 1970. */
  readonly micros: number
  /** After this time, in epoch seconds, it may be deleted. */
  readonly expirySeconds?: number
}

/** All that a table is, but for the changes from `index` on. */
export type Snapshot = StreamState & {
  readonly index: number
  readonly floor: number
  /** By key members: when the item was deleted. */
  readonly tombstones: Iterable<readonly [string, number]>
  /** By key members. */
  readonly items: Iterable<readonly [string, Stored]>
}

// A snapshot is lines of UTF-8: a header in JSON; an item each, as `I{bytes of its key members} {micros} {expiry or -}
// {JSON}`; a tombstone each, as `T{micros} {key members}`; and at the end `E{CRC-32 of all before}`.
const namePattern = /^(\d{16})\.snapshot$/
const format = 1
const chunkLength = 512 * 1024

/** Writes a snapshot beside the ones before, durably, and then removes those. Other work may go on meanwhile. */
export async function writeSnapshot(folder: string, snapshot: Snapshot): Promise<void> {
  const temp = join(folder, 'next.tmp')
  const handle = await open(temp, 'w', 0o600)
  let crc = 0
  try {
    for (const chunk of chunks(snapshot)) {
      const bytes = Buffer.from(chunk, 'utf8')
      crc = crc32(bytes, crc)
      await handle.writeFile(bytes)
    }
    await handle.writeFile(`E${crc}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temp, join(folder, `${String(snapshot.index).padStart(16, '0')}.snapshot`))
  await syncFolder(folder)
  for (const { name, index } of await list(folder))
    if (index < snapshot.index) await rm(join(folder, name), { force: true })
}

function* chunks({ items, tombstones, ...header }: Snapshot): Generator<string> {
  let chunk = `${JSON.stringify({ format, ...header })}\n`
  for (const [key, { text, micros, expirySeconds }] of items) {
    chunk += `I${key.length} ${micros} ${expirySeconds ?? '-'} ${text}\n`
    if (chunk.length < chunkLength) continue
    yield chunk
    chunk = ''
  }
  for (const [key, micros] of tombstones) {
    chunk += `T${micros} ${key}\n`
    if (chunk.length < chunkLength) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}

/** The newest snapshot, or undefined where there is none. @throws CorruptLog */
export async function readSnapshot(folder: string): Promise<Snapshot | undefined> {
  const newest = (await list(folder)).at(-1)
  if (newest === undefined) return undefined
  const path = join(folder, newest.name)
  const bytes = await readFile(path)
  const end = bytes.lastIndexOf('\nE') + 1
  if (end === 0 || bytes.toString('latin1', end) !== `E${crc32(bytes.subarray(0, end))}\n`)
    throw new CorruptLog(path, 'the snapshot is damaged')
  const items = new Map<string, Stored>()
  const tombstones = new Map<string, number>()
  const lines = linesOf(bytes.subarray(0, end))
  const header = JSON.parse(lines.next().value ?? '')
  if (header.format !== format) throw new CorruptLog(path, 'it was written by another version')
  for (const line of lines) readLine(line, items, tombstones)
  const { index, floor, shards, trimmed } = header
  return { index, floor, shards, trimmed, items, tombstones }
}

function readLine(line: string, items: Map<string, Stored>, tombstones: Map<string, number>): void {
  const [head = '', second = '', third = ''] = line.split(' ', 3)
  const number = Number(head.slice(1))
  if (line.startsWith('T')) {
    tombstones.set(line.slice(head.length + 1), number)
    return
  }
  const text = line.slice(head.length + second.length + third.length + 3)
  const stored = { text, micros: Number(second) }
  // The key members follow the brace.
  items.set(text.slice(1, 1 + number), third === '-' ? stored : { ...stored, expirySeconds: Number(third) })
}

function* linesOf(bytes: Buffer): Generator<string, undefined> {
  let start = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    yield bytes.toString('utf8', start, end)
    start = end + 1
  }
}

async function list(folder: string): Promise<{ name: string; index: number }[]> {
  return (await readdir(folder))
    .sort()
    .flatMap((name) => (namePattern.test(name) ? [{ name, index: Number(name.slice(0, 16)) }] : []))
}
