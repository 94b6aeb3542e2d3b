// What an analyst waits for: 1,000,000 rows of demand in 1,000 files over 30 days, asked the first query of the use cases.
//   floor   reading and inflating every file, and nothing else
//   peer    avsc decoding every row into an object, which any loader written on it has to do first
//   ours    from nothing: every file into the cache, and the answer; by as many threads as the machine runs at once
// then the same query again in that process, in a new one, and in a new one without a cache about one day; and opening,
// a first and a further statement and loading, with statements in a process of their own and in the one that asks.
// Aims: 300,000 rows/s loaded, 100 ms for the query again, 1 s for one cold day. Read the ratios: the rates depend on
// the machine. `npm run bench:query -- FILES` for another size.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import avsc from 'avsc'
import { readContainer } from '../src/codec/container.ts'
import { fillArchive } from './query/archive.ts'

const files = Number(process.argv[2] ?? 1000)
const rowsPerFile = 1000
const days = 30
const rounds = 3
const folder = mkdtempSync(join(tmpdir(), 'dmd-bench-'))
const archive = join(folder, 'archive')
const total = files * rowsPerFile

type Asked = {
  openMs: number
  tookMs: number[]
  rows: number
  scan: { rows: number; files: number }
  peakKb: number
}

/** A process of its own, so that nothing is warm and its memory is its own. */
function ask(cache: string, sql: string, times: number, where = ''): Asked {
  const args = [
    '--import',
    'tsx',
    'bench/query/ask.ts',
    archive,
    join(folder, cache),
    sql,
    String(times),
    where,
  ]
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (ran.status !== 0) throw new Error(ran.stderr)
  return JSON.parse(ran.stdout)
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function timed(work: () => void): number {
  const startedMs = performance.now()
  work()
  return performance.now() - startedMs
}

const paths = () =>
  readdirSync(join(archive, 'data'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.avro'))
    .map((name) => join(archive, 'data', name))

function floor(): void {
  for (const path of paths())
    for (const { bytes } of readContainer(readFileSync(path), path).blocks()) sink(bytes.length)
}

function peer(): void {
  let type: avsc.Type | undefined
  for (const path of paths()) {
    const container = readContainer(readFileSync(path), path)
    type ??= avsc.Type.forSchema(container.schema as avsc.Schema)
    for (const { rows, bytes } of container.blocks()) {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      let offset = 0
      for (let row = 0; row < rows; row++) offset = type.decode(buffer, offset).offset
      sink(offset)
    }
  }
}

let sunk = 0
function sink(value: number): void {
  sunk += value
}

const number = (value: number) => Math.round(value).toLocaleString('en-US')
const rate = (ms: number) => `${number(total / (ms / 1000))} rows/s`

try {
  console.log(`${number(total)} rows in ${number(files)} files over ${days} days`)
  const fillMs = performance.now()
  await fillArchive(archive, { files, rowsPerFile, days })
  const bytes = paths().reduce((sum, path) => sum + statSync(path).size, 0)
  console.log(`filled in ${number((performance.now() - fillMs) / 1000)} s, ${number(bytes / 1e6)} MB of Avro`)
  const query = `SELECT eventid, COUNT(*) as demand_count
FROM demand
WHERE partition_date >= '2025-01-01' AND isdeleted = false
GROUP BY eventid
ORDER BY demand_count DESC
LIMIT 10`
  const floors: number[] = []
  const peers: number[] = []
  const loads: Asked[] = []
  for (let round = 0; round < rounds; round++) {
    floors.push(timed(floor))
    peers.push(timed(peer))
    loads.push(ask(`cache-${round}`, query, 6))
  }
  if (sunk === 0 || loads.some(({ scan }) => scan.rows !== total)) throw new Error('not all rows were read')
  const loadMs = median(loads.map(({ tookMs }) => tookMs[0] ?? Number.NaN))
  const [floorMs, peerMs] = [median(floors), median(peers)]
  const again = loads.flatMap(({ tookMs }) => tookMs.slice(1))
  const fresh = Array.from({ length: rounds }, () => ask('cache-0', query, 1))
  const day = query.replace("partition_date >= '2025-01-01'", "partition_date = '2025-02-01'")
  const cold = Array.from({ length: rounds }, (_, round) => ask(`cold-${round}`, day, 1))
  // In turns, so that what else the machine does is in both.
  const turns = Array.from({ length: rounds }, (_, round) => ({
    child: ask('cache-0', query, 11),
    inside: ask('cache-0', query, 11, 'in'),
    loadInside: ask(`inside-${round}`, query, 1, 'in'),
  }))
  const first = (asked: Asked) => asked.openMs + (asked.tookMs[0] ?? Number.NaN)
  const warm = (asked: Asked) => median(asked.tookMs.slice(1))
  const firstMs = {
    child: median(turns.map(({ child }) => first(child))),
    inside: median(turns.map(({ inside }) => first(inside))),
  }
  const warmMs = {
    child: median(turns.map(({ child }) => warm(child))),
    inside: median(turns.map(({ inside }) => warm(inside))),
  }
  const loadInsideMs = median(turns.map(({ loadInside }) => loadInside.tookMs[0] ?? Number.NaN))
  const cacheBytes = readdirSync(join(folder, 'cache-0')).reduce(
    (sum, name) => sum + statSync(join(folder, 'cache-0', name)).size,
    0,
  )
  console.log(`floor  read and inflate            ${rate(floorMs)}`)
  console.log(`peer   avsc decodes every row      ${rate(peerMs)}`)
  console.log(
    `ours   load and answer             ${rate(loadMs)}   ${(loadMs / floorMs).toFixed(2)} × floor, ${(loadMs / peerMs).toFixed(2)} × peer`,
  )
  console.log(`the query again, same process      ${median(again).toFixed(0)} ms`)
  console.log(
    `the query in a new process         ${median(fresh.map(({ tookMs }) => tookMs[0] ?? 0)).toFixed(0)} ms`,
  )
  console.log(
    `one cold day (${number(cold[0]?.scan.rows ?? 0)} rows, ${cold[0]?.scan.files} files)  ${median(cold.map(({ tookMs }) => tookMs[0] ?? 0)).toFixed(0)} ms`,
  )
  const compared = (name: string, childMs: number, insideMs: number) =>
    console.log(
      `${name} ${childMs.toFixed(0)} ms in a process of its own, ${insideMs.toFixed(0)} ms in this one: ${(childMs / insideMs).toFixed(2)} ×`,
    )
  compared('open and first statement          ', firstMs.child, firstMs.inside)
  compared('a further statement               ', warmMs.child, warmMs.inside)
  compared('load and answer                   ', loadMs, loadInsideMs)
  console.log(
    `peak memory of the one that asks    ${number(Math.max(...loads.map(({ peakKb }) => peakKb)) / 1024)} MB`,
  )
  console.log(`the cache                          ${number(cacheBytes / 1e6)} MB`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
