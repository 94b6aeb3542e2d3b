// Peak memory of delivering a stream of n and of 10 n records: the second must not need more than 1.25 × the first,
// because memory is bounded by the batch. Prints both and their ratio; exits 1 beyond the bound.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const records = Number(process.argv[2] ?? 100_000)
const ratioMax = 1.25

type Measured = { readonly peakMb: number; readonly seconds: number; readonly records: number }

/** Pipes a simulated stream of about so many records into `dmd deliver` and measures the latter. */
async function deliver(fans: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'dmd-memory-'))
  try {
    const simulate = spawn(
      process.execPath,
      ['dist/main.js', 'simulate', '--fans', String(fans), '--bad-percent', '0.1'],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const started = performance.now()
    const worker = spawn(
      process.execPath,
      ['--import', './bench/peak.mjs', 'dist/main.js', 'deliver', '-', '--archive', folder, '--json'],
      { cwd: root, stdio: [simulate.stdout, 'pipe', 'pipe'] },
    )
    let out = ''
    let err = ''
    worker.stdout?.on('data', (chunk) => {
      out += chunk
    })
    worker.stderr?.on('data', (chunk) => {
      err += chunk
    })
    const code = await new Promise((resolve) => worker.on('close', resolve))
    const peakKb = Number(/peak-kb (\d+)/.exec(err)?.[1])
    if (code !== 0 || !(peakKb > 0)) throw new Error(`delivery ended with ${code}: ${err}`)
    const result: { records: number; delivered: number; errored: number } = JSON.parse(out)
    if (result.records < fans || result.records !== result.delivered + result.errored)
      throw new Error(`lost records: ${out}`)
    return { peakMb: peakKb / 1024, seconds: (performance.now() - started) / 1000, records: result.records }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const small = await deliver(records)
const large = await deliver(records * 10)
for (const run of [small, large]) {
  console.log(
    `${run.records.toLocaleString('en-US')} records: peak ${run.peakMb.toFixed(0)} MB, ${run.seconds.toFixed(1)} s with the simulator`,
  )
}
const ratio = large.peakMb / small.peakMb
console.log(`peak memory ratio ${ratio.toFixed(2)}, at most ${ratioMax}`)
process.exitCode = ratio <= ratioMax ? 0 : 1
