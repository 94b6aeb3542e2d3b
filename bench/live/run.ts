import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Report, readReport } from '../../src/local/stack/report.ts'
import type { DriveReport } from '../../src/sample/drive.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A `dmd up` in a process and a folder of its own, to be measured. */
export type Measured = {
  readonly url: string
  readonly archive: string
  /** What it last told of itself. */
  readonly report: () => Promise<Report>
  /** Drains and ends it; gives the most memory that it ever held, in MB, and what it told at the end. */
  readonly end: () => Promise<{ readonly peakMb: number; readonly last: Report }>
  readonly remove: () => void
}

export async function startMeasured(args: readonly string[]): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'dmd-bench-live-'))
  const [archive, state] = [join(folder, 'archive'), join(folder, 'state')]
  const places = ['--archive', archive, '--state', state, '--port', '0', '--json']
  const child = spawn(
    process.execPath,
    ['--import', './bench/peak.mjs', 'dist/main.js', 'up', ...places, ...args],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const { out, err, ended } = collect(child)
  while (!out().includes('\n')) {
    if (child.exitCode !== null) throw new Error(`dmd up ended: ${err()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const first: Report = JSON.parse(out())
  return {
    url: first.url ?? '',
    archive,
    async report() {
      const found = await readReport(state)
      if (!found) throw new Error('dmd up reports nothing')
      return found
    },
    async end() {
      child.kill('SIGTERM')
      const code = await ended
      const peakKb = Number(/peak-kb (\d+)/.exec(err())?.[1])
      if (code !== 0 || !(peakKb > 0)) throw new Error(`dmd up ended with ${code}: ${err()}`)
      return { peakMb: peakKb / 1024, last: JSON.parse(out().trim().split('\n').at(-1) ?? '') }
    },
    remove() {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Runs `dmd simulate --to` in a process of its own, to its end. */
export async function simulateTo(url: string, args: readonly string[]): Promise<DriveReport> {
  const child = spawn(process.execPath, ['dist/main.js', 'simulate', '--to', url, '--json', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { out, err, ended } = collect(child)
  if ((await ended) !== 0) throw new Error(`dmd simulate ended badly: ${err()}${out()}`)
  return JSON.parse(out())
}

function collect(child: ChildProcess) {
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { out: () => out, err: () => err, ended }
}
