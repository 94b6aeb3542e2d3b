import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect } from 'vitest'
import { useChild } from '../child.ts'

let script: () => string
const running = new Set<ChildProcess>()

/** Bundles `child.ts` for the tests of a file. */
export function useChildren(): void {
  script = useChild(new URL('child.ts', import.meta.url))
  // A test that failed may have left one, stopped even.
  afterAll(() => {
    for (const child of running) child.kill('SIGKILL')
  })
}

export type Child = {
  readonly process: ChildProcess
  /** The lines said so far. */
  readonly lines: string[]
  /** Resolves with the first line that starts so; rejects when the child ends without it. */
  readonly said: (start: string) => Promise<string>
  /** Resolves when the child has ended and all it said was heard. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>
  readonly kill: () => Promise<unknown>
}

export function startChild(...args: string[]): Child {
  const child = spawn(process.execPath, [script(), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  running.add(child)
  child.on('close', () => running.delete(child))
  child.stdin.on('error', () => undefined)
  const lines: string[] = []
  const listeners = new Set<() => void>()
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    for (const listener of listeners) listener()
  })
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  const said = (start: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const line = lines.find((candidate) => candidate.startsWith(start))
        if (line !== undefined) resolve(line)
      }
      listeners.add(look)
      look()
      void ended.then(() => reject(new Error(`the child ended and never said ${start}`)))
    })
  const kill = () => {
    child.kill('SIGKILL')
    return ended
  }
  return { process: child, lines, said, ended, kill }
}

/** Runs a child to its end; its exit code is 0, or null when it was killed. */
export async function runChild(...args: string[]): Promise<{ lines: string[]; killed: boolean }> {
  const child = startChild(...args)
  const { code, signal } = await child.ended
  if (code !== 0 && signal !== 'SIGKILL')
    throw new Error(`child ${args.join(' ')} ended with ${code ?? signal}`)
  return { lines: child.lines, killed: signal === 'SIGKILL' }
}

/** Runs `work` with an empty directory, removed afterwards. */
export async function withRoot<T>(work: (root: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'dmd-'))
  try {
    return await work(root)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** The store has left nothing of its own behind. */
export async function expectClean(root: string): Promise<void> {
  for (const folder of ['tmp', 'locks'])
    expect(await readdir(join(root, '.dmd', folder)).catch(() => []), folder).toEqual([])
}
