import { open, stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { PipelineError } from '../record/error.ts'
import type { Io } from './io.ts'

/** One line of an input, byte for byte, without its line feed. Lines are counted from 1. */
export type InputLine = {
  readonly number: number
  readonly bytes: Uint8Array
  /** What ends the line: its line feed, the end of the input, or a failure to read further. */
  readonly end: 'line feed' | 'input' | 'failure'
}

export type Input = {
  /** For people and for errors. */
  readonly name: string
  /** Bytes of the file as it lies there; undefined for standard input. */
  readonly size?: number
  /** How many of those bytes were read so far. */
  readonly position: () => number
  /** The bytes, unzipped. Every byte that could be read comes before the error that ends the reading. */
  readonly chunks: AsyncIterable<Uint8Array>
}

/** The longest line that is read: a Lambda event of 6 MB of payloads takes 8 MB in base64. */
export const lineBytesMax = 64 * 1024 * 1024

const newline = 0x0a
const fileChunkBytes = 1024 * 1024

/**
 * Opens a file, or standard input for `-`; gzip is recognised by its first bytes, and a byte-order mark of UTF-8 is
 * skipped. Throws INPUT_INVALID when the file cannot be read or is of a format that has no lines; `chunks` throws it
 * too, when that shows later.
 */
export async function openInput(path: string, io: Io): Promise<Input> {
  let position = 0
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      position += chunk.length
      yield chunk
    }
  }
  const name = path === '-' ? 'standard input' : path
  const size = path === '-' ? undefined : await fileSize(path)
  const raw = counted(size === undefined ? io.stdin : readFile(path, size))
  return {
    name,
    ...(size === undefined ? {} : { size }),
    position: () => position,
    chunks: named(name, withoutMark(maybeGunzip(raw))),
  }
}

async function fileSize(path: string): Promise<number> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new PipelineError('INPUT_INVALID', `${path}: ${messageOf(cause)}`, { cause })
  })
  if (info.isDirectory())
    throw new PipelineError('INPUT_INVALID', `${path} is a directory: name the files in it`)
  return info.size
}

/** The bytes of a file. Throws when it cannot be read, or ends before the size that it had at first. */
async function* readFile(path: string, size: number): AsyncGenerator<Uint8Array> {
  const handle = await open(path, 'r')
  let position = 0
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(fileChunkBytes))
      if (bytesRead === 0) break
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
  if (position < size)
    throw new Error(`the file became shorter while it was read: ${position} of ${size} bytes`)
}

/** Gives the first `bytes` bytes in one piece (fewer where the input is shorter), and what follows as it comes. */
async function* withHead(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array()
  let failure: unknown
  try {
    for await (const chunk of chunks) {
      const whole: Uint8Array = head ? Buffer.concat([head, chunk]) : chunk
      head = head && whole.length < bytes ? whole : undefined
      if (!head) yield whole
    }
  } catch (error) {
    failure = error
  }
  if (head && head.length > 0) yield head
  if (failure) throw failure
}

async function* maybeGunzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let gunzip: Gunzip | undefined
  let isFirst = true
  try {
    for await (const chunk of withHead(chunks, 2)) {
      // RFC 1952: a gzip member starts with 1f 8b.
      if (isFirst && chunk[0] === 0x1f && chunk[1] === 0x8b) gunzip = startGunzip()
      isFirst = false
      if (gunzip) yield* gunzip.take(chunk)
      else yield chunk
    }
    if (gunzip) yield* gunzip.end()
  } finally {
    gunzip?.close()
  }
}

type Gunzip = {
  readonly close: () => void
  readonly take: (chunk: Uint8Array) => AsyncGenerator<Uint8Array>
  readonly end: () => AsyncGenerator<Uint8Array>
}

/** So many zipped bytes are unzipped at once: at deflate's best ratio of 1 : 1,032 they become 17 MB. */
const zippedBytes = 16_384

/** Unzips piece by piece. What a broken file gives before its break is given before the error; a stream would drop it. */
function startGunzip(): Gunzip {
  const gunzip = createGunzip()
  let ready: Uint8Array[] = []
  let failure: Error | undefined
  gunzip.on('data', (bytes: Uint8Array) => ready.push(bytes))
  const failed = new Promise<void>((resolve) => {
    gunzip.on('error', (error) => {
      failure = error
      resolve()
    })
  })
  const step = async function* (work: (done: () => void) => void): AsyncGenerator<Uint8Array> {
    await Promise.race([new Promise<void>((resolve) => work(() => resolve())), failed])
    const given = ready
    ready = []
    yield* given
    if (failure) throw failure
  }
  return {
    close: () => void gunzip.destroy(),
    take: async function* (chunk) {
      for (let at = 0; at < chunk.length; at += zippedBytes)
        yield* step((done) => void gunzip.write(chunk.subarray(at, at + zippedBytes), done))
    },
    end: () => step((done) => void gunzip.once('end', done).end()),
  }
}

/** Formats that have no lines, by the bytes they begin with: each line of one would become an error file. */
const otherFormats: readonly (readonly [bytes: string, format: string])[] = [
  ['fffe', 'UTF-16'],
  ['feff', 'UTF-16'],
  ['504b0304', 'a ZIP archive'],
  ['28b52ffd', 'Zstandard'],
  ['fd377a585a00', 'XZ'],
  ['425a6839', 'bzip2'],
  ['50415231', 'Parquet'],
  ['4f626a01', 'Avro'],
]
const headBytes = 8
const mark = 'efbbbf'

/** Skips the byte-order mark that some editors put before UTF-8. Throws for bytes of another format. */
async function* withoutMark(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFirst = true
  for await (const chunk of withHead(chunks, headBytes)) {
    const head = isFirst ? Buffer.from(chunk.subarray(0, headBytes)).toString('hex') : ''
    isFirst = false
    const other = otherFormats.find(([bytes]) => head.startsWith(bytes))
    if (other) throw new Error(`the input is ${other[1]}: give its records as JSON lines in UTF-8`)
    yield head.startsWith(mark) ? chunk.subarray(mark.length / 2) : chunk
  }
}

async function* named(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (cause) {
    throw new PipelineError('INPUT_INVALID', `${name}: ${messageOf(cause)}`, { cause })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * Splits an input at line feeds; lines of white space alone are given too. Memory is bounded by the longest line.
 *
 * When the input cannot be read to its end, or a line has more than 64 MiB, the last line that is given ends in
 * `failure`, and INPUT_INVALID is thrown after it.
 */
export async function* splitLines(input: Input): AsyncGenerator<InputLine> {
  let parts: Uint8Array[] = []
  let held = 0
  let number = 1
  let failure: unknown
  try {
    for await (const chunk of input.chunks) {
      let start = 0
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        const piece = chunk.subarray(start, end)
        const bytes = parts.length > 0 ? Buffer.concat([...parts, piece]) : piece
        parts = []
        held = 0
        start = end + 1
        yield { number, bytes, end: 'line feed' }
        number += 1
      }
      if (start === chunk.length) continue
      parts.push(chunk.subarray(start))
      held += chunk.length - start
      if (held > lineBytesMax) {
        parts = []
        throw new PipelineError(
          'INPUT_INVALID',
          `${input.name}: line ${number} is longer than 64 MiB: split it`,
        )
      }
    }
  } catch (error) {
    failure = error
  }
  const rest = Buffer.concat(parts)
  if (rest.length > 0 || failure) yield { number, bytes: rest, end: failure ? 'failure' : 'input' }
  if (failure) throw failure
}

/** True for a line of white space alone. */
export function isBlankLine(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === newline)
}
