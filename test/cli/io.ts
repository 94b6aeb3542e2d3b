import type { Io } from '../../src/cli/io.ts'
import { runProgram } from '../../src/cli/program.ts'
import type { Clock } from '../../src/runtime.ts'
import { runtimeWith } from '../support/runtime.ts'

/** What a command printed and how it ended. */
export type Ran = { readonly code: number; readonly out: string; readonly err: string }

/** Other surroundings than the usual ones; `clock` is that of the runtime. */
export type Over = Partial<Io> & { readonly clock?: Clock }

/** Surroundings that keep what is written. */
export function testIo(over: Over = {}): { io: Io; out: () => string; err: () => string } {
  const out: Buffer[] = []
  const err: Buffer[] = []
  let now = Date.UTC(2025, 1, 13, 18, 30)
  const { clock = () => (now += 10), ...more } = over
  const io: Io = {
    stdin: (async function* () {})(),
    out: async (text) => void out.push(Buffer.from(text as string)),
    err: async (text) => void err.push(Buffer.from(text as string)),
    env: {},
    self: 'dmd',
    isWatched: false,
    isColored: false,
    isShown: false,
    runtime: runtimeWith({ clock }),
    interrupt: new AbortController().signal,
    ...more,
  }
  return {
    io,
    out: () => Buffer.concat(out).toString('utf8'),
    err: () => Buffer.concat(err).toString('utf8'),
  }
}

/** Runs `dmd ARGS` in this process. */
export async function dmd(args: readonly string[], over: Over = {}): Promise<Ran> {
  const { io, out, err } = testIo(over)
  const code = await runProgram(args, io)
  return { code, out: out(), err: err() }
}

/** Standard input that holds these bytes, in chunks. */
export async function* stdinOf(bytes: Uint8Array, chunkBytes = 7): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += chunkBytes)
    yield bytes.subarray(start, start + chunkBytes)
}
