import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { PipelineError } from '../record/error.ts'
import type { Io } from './io.ts'

/** One line of an input, byte for byte, without its line feed. Lines are counted from 1. */
export type Line = { readonly number: number; readonly bytes: Uint8Array }

export type Input = {
  /** For people and for errors. */
  readonly name: string
  /** Bytes of the file as it lies there; undefined for standard input. */
  readonly size?: number
  /** How many of those bytes were read so far. */
  readonly position: () => number
  readonly chunks: AsyncIterable<Uint8Array>
}

/** The longest line that is read: a Lambda event of 6 MB of payloads takes 8 MB in base64. */
export const lineBytesMax = 64 * 1024 * 1024

const newline = 0x0a

/**
 * Opens a file, or standard input for `-`; gzip is recognised by its first bytes. Throws INPUT_INVALID when the
 * file cannot be read, now or later.
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
  const raw = counted(path === '-' ? io.stdin : createReadStream(path, { highWaterMark: 1 << 20 }))
  return {
    name,
    ...(size === undefined ? {} : { size }),
    position: () => position,
    chunks: named(name, maybeGunzip(raw)),
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

async function* maybeGunzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  let head: Uint8Array = new Uint8Array()
  let ended = false
  while (head.length < 2 && !ended) {
    const { value, done } = await iterator.next()
    ended = done === true
    if (value) head = Buffer.concat([head, value])
  }
  const whole = (async function* () {
    if (head.length > 0) yield head
    if (!ended) yield* { [Symbol.asyncIterator]: () => iterator }
  })()
  // RFC 1952: a gzip member starts with 1f 8b.
  if (head[0] === 0x1f && head[1] === 0x8b) yield* Readable.from(whole).pipe(createGunzip())
  else yield* whole
}

async function* named(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (cause) {
    const fix = 'what came before is delivered; mend the file and run the same command again'
    throw new PipelineError('INPUT_INVALID', `${name}: ${messageOf(cause)}; ${fix}`, { cause })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * Splits an input at line feeds; lines of white space alone are left out, but counted. Memory is bounded by the
 * longest line. Throws INPUT_INVALID, naming the line, for one of more than 64 MiB.
 */
export async function* splitLines(input: Input): AsyncGenerator<Line> {
  let parts: Uint8Array[] = []
  let held = 0
  let number = 0
  for await (const chunk of input.chunks) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      number += 1
      const piece = chunk.subarray(start, end)
      const bytes = parts.length > 0 ? Buffer.concat([...parts, piece]) : piece
      parts = []
      held = 0
      start = end + 1
      if (!isBlank(bytes)) yield { number, bytes }
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start))
      held += chunk.length - start
      if (held > lineBytesMax) {
        throw new PipelineError(
          'INPUT_INVALID',
          `${input.name}: line ${number + 1} is longer than 64 MiB: split it`,
        )
      }
    }
  }
  const rest = Buffer.concat(parts)
  if (!isBlank(rest)) yield { number: number + 1, bytes: rest }
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === newline)
}
