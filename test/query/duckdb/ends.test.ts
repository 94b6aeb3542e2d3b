import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { useChild } from '../../child.ts'
import { eventually } from '../../eventually.ts'
import { isRunning, untilBusy } from './running.ts'

const worker = useChild(new URL('../../../src/query/duckdb/child.ts', import.meta.url))
const parent = useChild(new URL('./parent.ts', import.meta.url))

let folder: string
let asking: ChildProcess
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-ends-'))
})
afterEach(() => {
  asking.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Keeps one vector of DuckDB busy for long, and hears no interrupt. */
const stubborn = "SELECT levenshtein(repeat('a', 150000), repeat('b', 150000)) AS n"
/** Puts what it sorts on the disk, for minutes. */
const spilling =
  'SELECT * FROM (SELECT i, md5(CAST(i AS VARCHAR)) AS h FROM range(200000000) AS t(i)) ORDER BY h LIMIT 1 OFFSET 199999999'

/** Starts a process that asks; gives the one that runs its statement. */
async function start(sql: string, graceMs: number): Promise<number> {
  asking = spawn(process.execPath, [parent(), worker(), folder, String(graceMs), sql], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [line] = await once(asking.stdout as NodeJS.ReadableStream, 'data')
  const [pid] = JSON.parse(String(line)) as [number]
  return pid
}

test('the process of a statement ends when the one that asked is killed, and leaves nothing in the cache', async () => {
  const pid = await start(spilling, 1000)
  await eventually(() =>
    readdirSync(folder, { recursive: true }).some((name) => /duckdb_temp/.test(String(name))),
  )
  asking.kill('SIGKILL')
  await eventually(() => !isRunning(pid))
  expect(readdirSync(folder)).toEqual([])
})

test('a second Ctrl-C ends the command at once, and the statement with it', async () => {
  const pid = await start(stubborn, 10_000)
  const ended = once(asking, 'exit')
  await untilBusy(pid)
  asking.kill('SIGINT')
  await eventually(() => hasTaken(asking, 'SIGINT'))
  asking.kill('SIGINT')
  expect(await ended).toEqual([null, 'SIGKILL'])
  await eventually(() => !isRunning(pid))
})

test('the first Ctrl-C ends the statement, which has its grace, and the command goes on', async () => {
  const pid = await start(stubborn, 50)
  let said = ''
  asking.stderr?.on('data', (text) => {
    said += text
  })
  const ended = once(asking, 'close')
  await untilBusy(pid)
  // A Ctrl-C reaches every process in front; the one of the statement leaves it to the other.
  process.kill(pid, 'SIGINT')
  await untilBusy(pid)
  asking.kill('SIGINT')
  expect(await ended).toEqual([0, null])
  expect(said).toBe('the query was ended before it was done')
  expect(isRunning(pid)).toBe(false)
})

/** Two signals of a kind that come together are one: waits until the first was handed over. */
function hasTaken({ pid }: ChildProcess, _signal: 'SIGINT'): boolean {
  // proc(5): SigPnd and ShdPnd are masks of the signals that wait; SIGINT is number 2.
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)].every(
    ([, mask]) => (Number.parseInt(mask ?? '', 16) & 2) === 0,
  )
}
