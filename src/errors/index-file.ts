import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { failedPrefixes, isFailedKey, parseFailedBatch } from '../codec/failed-batch.ts'
import { parseInstant } from '../record/date.ts'
import type { Catalog } from '../record/schema.ts'
import { replaceFile } from '../store/atomic-file.ts'
import { eachBounded } from '../store/bounded.ts'
import { compareKeys } from '../store/key.ts'
import { makeFolders } from '../store/newfolder.ts'
import type { ObjectStore } from '../store/store.ts'
import { type Cause, causeOf, fingerprintOf } from './cause.ts'
import { errorsPrefix, parseErrorFile } from './read.ts'

/** What is known of one error file without reading it again. */
export type ErrorEntry = {
  readonly key: string
  readonly cause: Cause
  readonly fingerprint: string
  readonly records: number
  /** When its first record arrived, else changed, in milliseconds since 1970; 0 where it tells no time. */
  readonly timestampMs: number
}

export type ErrorIndex = {
  /** In the order of their keys. */
  readonly entries: readonly ErrorEntry[]
  /** How many files lie among the error files and are none. */
  readonly foreign: number
}

export type IndexOptions = {
  /** The file that keeps what was read, for its owner alone; nothing is kept without one. It holds no value of a record. */
  readonly file?: string
  /** Names this process among those that write the file. */
  readonly owner?: string
  /** Is told how many files have been read, of how many that have to be. */
  readonly onRead?: (done: number, total: number) => Promise<void>
  readonly signal?: AbortSignal
}

/** An error file is one of ours by its name, which is made from its contents: it need not be read twice. */
const ownName = /-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.json)?$/
const readsAtOnce = 32

/**
 * Every error file of an archive by its cause: those in `errors/`, and the batches that were given up. A file that was read
 * before is only listed. Holds about 200 bytes of memory a file. Throws as the store does; a file of its own that
 * cannot be read is made anew, and one that cannot be written is left.
 */
export async function readErrorIndex(
  store: ObjectStore,
  catalog: Catalog,
  { file, owner = 'reader', onRead = async () => {}, signal }: IndexOptions = {},
): Promise<ErrorIndex> {
  const before = file === undefined ? [] : await load(file, catalog)
  const listed: string[] = []
  for (const prefix of prefixes)
    for await (const page of store.keys(prefix, signal ? { signal } : {})) listed.push(...page)
  const entries = join(listed, before)
  const unread = [...entries.keys()].filter((place) => entries[place] === undefined)
  const causes = new Map<string, Shared>()
  let done = 0
  try {
    await eachBounded(unread, readsAtOnce, async (place) => {
      signal?.throwIfAborted()
      const key = listed[place] as string
      const object = await store.get(key, signal ? { signal } : {})
      entries[place] = object ? summarize(key, object.bytes, catalog, causes) : 'gone'
      done += 1
      await onRead(done, unread.length)
    })
  } finally {
    // What was read before an interruption need not be read again. A few are read again sooner than all are written.
    const news = unread.length + Math.max(0, before.length - listed.length)
    if (file !== undefined && news > before.length / 200)
      await save(file, owner, entries.filter(isEntry), catalog).catch(() => {})
  }
  return {
    entries: entries.filter(isEntry),
    foreign: entries.filter((entry) => entry === undefined).length,
  }
}

type Shared = Pick<ErrorEntry, 'cause' | 'fingerprint'>
/** Undefined: it was not read, or it is no error file. */
type Found = ErrorEntry | 'gone' | undefined

function isEntry(found: Found): found is ErrorEntry {
  return typeof found === 'object'
}

/** For each key of a listing the entry that is known of it; both are in the order of the keys. */
function join(listed: readonly string[], before: readonly ErrorEntry[]): Found[] {
  let next = 0
  return listed.map((key) => {
    while (next < before.length && before[next]!.key !== key && isBefore(before[next]!.key, key)) next += 1
    return before[next]?.key === key ? before[next] : undefined
  })
}

/** In this order they are listed, and each in the order of its keys. */
const prefixes = [errorsPrefix, ...failedPrefixes]
const rank = (key: string) => prefixes.findIndex((prefix) => key.startsWith(prefix))

function isBefore(a: string, b: string): boolean {
  return rank(a) === rank(b) ? compareKeys(a, b) < 0 : rank(a) < rank(b)
}

function summarize(
  key: string,
  bytes: Uint8Array,
  catalog: Catalog,
  causes: Map<string, Shared>,
): ErrorEntry | undefined {
  const read = isFailedKey(key) ? summarizeBatch(bytes) : summarizeFile(bytes, catalog)
  if (!read) return undefined
  const { cause, records, timestampMs } = read
  const fingerprint = fingerprintOf(cause)
  // Shared, so that a hundred thousand errors of one cause do not hold it as often.
  const shared = causes.get(fingerprint) ?? { cause, fingerprint }
  causes.set(fingerprint, shared)
  return { key, ...shared, records, timestampMs }
}

type Summary = Pick<ErrorEntry, 'cause' | 'records' | 'timestampMs'>

function summarizeFile(bytes: Uint8Array, catalog: Catalog): Summary | undefined {
  const file = parseErrorFile(bytes)
  if (!file) return undefined
  const timestampMs = parseInstant(file.timestamp) ?? 0
  return { cause: causeOf(file, catalog), records: file.events.length, timestampMs }
}

function summarizeBatch(bytes: Uint8Array): Summary | undefined {
  const batch = parseFailedBatch(bytes)
  return batch && { cause: batchCause, records: batch.records, timestampMs: batch.timestampMs }
}

/** The cause of every batch that was given up: its records may be sound. */
export const batchCause: Cause = { stage: 'invoke', code: 'BATCH_GIVEN_UP', type: '-', path: '' }

/**
 * One line of JSON, then a line a file:
 *
 *     {"format": 1, "types": digest, "causes": [{stage, code, type, path}]}
 *     {key} TAB {number of its cause} TAB {records} TAB {timestamp in ms}
 */
async function save(
  file: string,
  owner: string,
  entries: readonly ErrorEntry[],
  catalog: Catalog,
): Promise<void> {
  const numbers = new Map<string, number>()
  const causes: Cause[] = []
  const lines: string[] = []
  for (const { key, cause, fingerprint, records, timestampMs } of entries) {
    if (!ownName.test(key)) continue
    let number = numbers.get(fingerprint)
    if (number === undefined) {
      number = causes.push(cause) - 1
      numbers.set(fingerprint, number)
    }
    lines.push(`${key}\t${number}\t${records}\t${timestampMs}\n`)
  }
  const header = JSON.stringify({ format, types: digestOf(catalog), causes })
  await makeFolders(dirname(file))
  await replaceFile(file, `${header}\n${lines.join('')}`, { part: `${file}.${owner}.part` })
}

const format = 1

async function load(file: string, catalog: Catalog): Promise<readonly ErrorEntry[]> {
  const entries: ErrorEntry[] = []
  try {
    const text = (await readFile(file)).toString('utf8')
    const first = text.indexOf('\n')
    const header = JSON.parse(text.slice(0, first)) as Header
    if (header.format !== format || header.types !== digestOf(catalog)) return []
    const causes = header.causes.map((cause) => ({ cause, fingerprint: fingerprintOf(cause) }))
    for (let start = first + 1, end: number; start < text.length; start = end + 1) {
      end = text.indexOf('\n', start)
      if (end < 0) return []
      // A hundred thousand lines: taken apart without an array for each.
      const one = text.indexOf('\t', start)
      const two = text.indexOf('\t', one + 1)
      const three = text.indexOf('\t', two + 1)
      const shared = causes[Number(text.slice(one + 1, two))]
      if (one < start || two < 0 || three < 0 || three > end || !shared) return []
      entries.push({
        key: text.slice(start, one),
        cause: shared.cause,
        fingerprint: shared.fingerprint,
        records: Number(text.slice(two + 1, three)),
        timestampMs: Number(text.slice(three + 1, end)),
      })
    }
    return entries
  } catch {
    return []
  }
}

type Header = { readonly format: number; readonly types: string; readonly causes: readonly Cause[] }

/** Which types are known decides on the type in a cause. */
function digestOf(catalog: Catalog): string {
  return createHash('sha256')
    .update(JSON.stringify([...catalog.keys()].sort()))
    .digest('hex')
    .slice(0, 16)
}
