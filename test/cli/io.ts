import type { Io } from '../../src/cli/io.ts'
import { runProgram } from '../../src/cli/program.ts'

/** What a command printed and how it ended. */
export type Ran = { readonly code: number; readonly out: string; readonly err: string }

/** Surroundings that keep what is written. */
export function testIo(over: Partial<Io> = {}): { io: Io; out: () => string; err: () => string } {
  const out: Buffer[] = []
  const err: Buffer[] = []
  let now = Date.UTC(2025, 1, 13, 18, 30)
  const io: Io = {
    stdin: (async function* () {})(),
    out: async (text) => void out.push(Buffer.from(text as string)),
    err: async (text) => void err.push(Buffer.from(text as string)),
    env: {},
    self: 'dmd',
    isWatched: false,
    isColored: false,
    isShown: false,
    clock: () => (now += 10),
    interrupt: new AbortController().signal,
    ...over,
  }
  return {
    io,
    out: () => Buffer.concat(out).toString('utf8'),
    err: () => Buffer.concat(err).toString('utf8'),
  }
}

/** Runs `dmd ARGS` in this process. */
export async function dmd(args: readonly string[], over: Partial<Io> = {}): Promise<Ran> {
  const { io, out, err } = testIo(over)
  const code = await runProgram(args, io)
  return { code, out: out(), err: err() }
}

/** Standard input that holds these bytes, in chunks. */
export async function* stdinOf(bytes: Uint8Array, chunkBytes = 7): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += chunkBytes)
    yield bytes.subarray(start, start + chunkBytes)
}
