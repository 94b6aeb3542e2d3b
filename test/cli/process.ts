import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The command as it is built and shipped. */
export const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** Runs the built command to its end. */
export function dmdProcess(
  args: readonly string[],
  options: { input?: string | Uint8Array; env?: NodeJS.ProcessEnv; cwd?: string } = {},
) {
  return spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
    env: { ...process.env, ...options.env },
  })
}

/**
 * Runs the built command, which kills itself with SIGKILL when it has written `lines` lines to standard error and then had
 * `turns` turns of its event loop. Gives whether it was killed.
 */
export function dmdKilled(args: readonly string[], lines: number, turns: number): boolean {
  const killed = new URL('killed.mjs', import.meta.url).href
  const env = { ...process.env, TEST_KILL_LINES: String(lines), TEST_KILL_TURNS: String(turns) }
  const ran = spawnSync(process.execPath, ['--import', killed, main, ...args], { stdio: 'ignore', env })
  return ran.signal === 'SIGKILL'
}

/** Starts the built command, or a copy of it, beside this process, which may be its server. */
export function dmdStarted(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = '.', entry = main) {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString('utf8')
  const done = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, out: text(out), err: text(err) })),
  )
  return { done, kill: (signal: NodeJS.Signals) => child.kill(signal) }
}
