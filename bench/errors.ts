// What operations wait for: 100,000 error files of some thirty causes, grouped by `dmd errors list`, each time in a new
// process, as a person runs it.
//   floor   a new process that lists the names of the folder, and nothing else
//   peer    one that reads and parses every file, which is what grouping costs without an index
//   ours    the first look; the next ones; the next after 1,000 errors more
// then a replay of 1,000 of them. Aim: a look after the first in 1 s. Read the ratios: times depend on the machine.
// `npm run bench:errors -- FILES` for another size.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadCatalog } from '../src/catalog.ts'
import { planBatch } from '../src/delivery/plan.ts'
import { toRules } from '../src/delivery/rules.ts'
import { badKinds } from '../src/sample/simulator/bad.ts'
import { simulate } from '../src/sample/simulator.ts'
import { readSettings } from '../src/settings.ts'
import { openDirectoryStore } from '../src/store/directory.ts'

const files = Number(process.argv[2] ?? 100_000)
const more = Math.ceil(files / 100)
const rounds = 5
const folder = mkdtempSync(join(tmpdir(), 'dmd-bench-'))
const archive = join(folder, 'archive')
const errors = join(archive, 'errors')
const env = { ...process.env, DMD_CACHE: join(folder, 'cache') }

/** Milliseconds of a process of its own, and what it printed. */
function run(args: readonly string[], status = 0): { readonly ms: number; readonly out: string } {
  const startedMs = performance.now()
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28, env })
  if (ran.status !== status) throw new Error(`${args.join(' ')} ended with ${ran.status}: ${ran.stderr}`)
  return { ms: performance.now() - startedMs, out: ran.stdout }
}

function median(work: () => number): number {
  const values = Array.from({ length: rounds }, work).sort((a, b) => a - b)
  return values[Math.floor(rounds / 2)] ?? Number.NaN
}

/** Puts so many error files there, as the worker names and writes them; not synced, since nobody cuts the power. */
async function fill(count: number, seed: string): Promise<void> {
  await openDirectoryStore(archive)
  await (await openDirectoryStore(archive)).put('errors/.first', Buffer.from(''))
  rmSync(join(errors, '.first'))
  const rules = toRules(loadCatalog(), readSettings({}))
  let n = 0
  for (const line of simulate({ fans: count * 2, minutes: 600, badPercent: 50, seed, badCount: count })) {
    if (line.expect.ok) continue
    const record = { payload: line.bytes, sequence: String(++n), arrivedMs: line.arrivedMs }
    const { errors: planned } = planBatch({ stream: seed, shard: '0', records: [record] }, rules)
    for (const { key, bytes } of planned) writeFileSync(join(archive, key), bytes)
  }
}

const list = () => run(['dist/main.js', 'errors', 'list', '--json', '--archive', archive])
const filesIn = (out: string) =>
  (JSON.parse(out) as { files: number }[]).reduce((total, group) => total + group.files, 0)

try {
  await fill(files, 'first')
  const made = readdirSync(errors).length
  const names = `const n = require('fs').readdirSync(process.argv[1]).length; if (n < ${made}) throw n`
  const parse = `const fs = require('fs'); for (const name of fs.readdirSync(process.argv[1])) JSON.parse(fs.readFileSync(process.argv[1] + '/' + name, 'utf8'))`
  const floor = median(() => run(['-e', names, errors]).ms)
  const peer = run(['-e', parse, errors]).ms
  const first = list()
  const groups = (JSON.parse(first.out) as object[]).length
  if (filesIn(first.out) !== made) throw new Error(`${filesIn(first.out)} of ${made} files are grouped`)
  const next = median(() => list().ms)
  await fill(more, 'more')
  const after = list()
  if (filesIn(after.out) !== readdirSync(errors).length)
    throw new Error('the files that came are not grouped')
  const rehearse = ['replay', '--all', '--max', '1000', '--dry-run', '--json', '--archive', archive]
  // As they are, all of them fail again: 3.
  const replay = run(['dist/main.js', ...rehearse], 3).ms
  const line = (what: string, ms: number) =>
    console.log(
      `${what.padEnd(34)} ${Math.round(ms).toLocaleString('en-US').padStart(8)} ms  ${(ms / floor).toFixed(2)} × floor`,
    )
  console.log(
    `${made.toLocaleString('en-US')} error files, ${badKinds.length} kinds of fault, ${groups} causes`,
  )
  line('floor: a process lists the names', floor)
  line('peer: reads and parses each file', peer)
  line('first look', first.ms)
  line(`next look, median of ${rounds}`, next)
  line(`next look, ${more.toLocaleString('en-US')} files more`, after.ms)
  line('rehearsal of 1,000', replay)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
