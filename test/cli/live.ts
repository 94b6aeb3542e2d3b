import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Report } from '../../src/local/stack/report.ts'
import { eventually } from '../eventually.ts'
import { dmd } from './io.ts'
import { main } from './process.ts'

/** A `dmd up` or `dmd worker` in a process of its own, killed with the test. */
export type Live = {
  readonly child: ChildProcess
  readonly err: () => string
  /** What it printed as JSON, line by line. */
  readonly lines: () => readonly Report[]
  /** Waits for the end: the exit code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals>
  readonly end: (signal: NodeJS.Signals) => Promise<number | NodeJS.Signals>
}

/** A folder with an archive and a state, removed with the test. */
export async function makePlace(): Promise<{ folder: string; archive: string; state: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'dmd-live-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return { folder, archive: join(folder, 'archive'), state: join(folder, 'state') }
}

/** Starts the built command with `--json`. */
export function startLive(args: readonly string[], env: NodeJS.ProcessEnv = {}): Live {
  const child = spawn(process.execPath, [main, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    child,
    err: () => err,
    lines: () =>
      out
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    ended,
    end: (signal) => {
      child.kill(signal)
      return ended
    },
  }
}

/** Starts `dmd up` and waits until it takes requests. */
export async function startUp(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Live & { url: string }> {
  const live = startLive(['up', ...args], env)
  await eventually(() => live.lines().length > 0 || live.child.exitCode !== null)
  const url = live.lines()[0]?.url
  if (url === undefined) throw new Error(`dmd up did not start: ${live.err()}`)
  return { ...live, url }
}

/** The rows of a query. */
// biome-ignore lint/suspicious/noExplicitAny: rows of any form are looked into
export async function sql(archive: string, statement: string): Promise<readonly any[]> {
  const ran = await dmd(['query', statement, '--archive', archive, '--format', 'json'])
  if (ran.code !== 0) throw new Error(ran.err)
  return JSON.parse(ran.out)
}

/** Sends a request with a JSON body; gives the status. */
export async function send(url: string, method: string, path: string, body?: object): Promise<number> {
  const response = await fetch(url + path, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  await response.arrayBuffer()
  return response.status
}
