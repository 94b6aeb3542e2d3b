// What planning a batch costs, beside a floor and a peer, in one process and in turn:
//   floor   JSON.parse of the payloads and nothing else
//   ours    planBatch: decode, validate, enrich, group, encode, compress, name
//   encode  encodeValue and writeContainer of the same rows, against avsc's encoder (the peer), both without compression
// Prints the median of the rounds; read the ratios, the rates depend on the machine.
import avsc from 'avsc'
import { loadCatalog } from '../src/catalog.ts'
import { encodeValue } from '../src/codec/avro.ts'
import { writeContainer } from '../src/codec/container.ts'
import { planBatch } from '../src/delivery/plan.ts'
import { readRow } from '../src/delivery/row.ts'
import { toRules } from '../src/delivery/rules.ts'
import type { RecordValue } from '../src/record/type.ts'
import { simulate } from '../src/sample/simulator.ts'
import { readSettings } from '../src/settings.ts'

const rounds = 7
const batchSize = 1000
const rules = toRules(loadCatalog(), readSettings({}))
const payloads = [...simulate({ fans: 20_000, minutes: 5, badPercent: 0, seed: 'bench' })].map(
  ({ bytes }) => bytes,
)
const records = payloads.map((payload, index) => ({ payload, sequence: String(index) }))
const batches = Array.from({ length: Math.ceil(records.length / batchSize) }, (_, n) => ({
  stream: 's',
  shard: '0',
  records: records.slice(n * batchSize, (n + 1) * batchSize),
}))

const demands = records.flatMap((record) => {
  const row = readRow(record, rules)
  return row.ok && row.schema.type === 'demand' ? [row] : []
})
const schema = demands[0]?.schema
if (!schema) throw new Error('the simulation has no demand')
const peerType = avsc.Type.forSchema(schema.avro as avsc.Schema)
const peerRows = demands.map(({ row }) => ({
  ...row,
  extra: Object.fromEntries(row.extra as ReadonlyMap<string, string>),
}))
const rows: RecordValue[] = demands.map(({ row }) => row)
const spec = {
  schema: schema.avro,
  codec: 'null',
  metadata: new Map(),
  sync: new Uint8Array(16),
} as const

const works: { readonly [name: string]: { readonly items: number; readonly run: () => void } } = {
  'JSON.parse (floor)': {
    items: payloads.length,
    run: () => {
      for (const payload of payloads) JSON.parse(Buffer.from(payload).toString('utf8'))
    },
  },
  'plan (ours)': {
    items: payloads.length,
    run: () => {
      for (const batch of batches) planBatch(batch, rules)
    },
  },
  'encode (ours)': {
    items: rows.length,
    run: () =>
      void writeContainer(
        spec,
        rows.map((row) => encodeValue(schema.row, row)),
      ),
  },
  'encode (avsc)': {
    items: rows.length,
    run: () => {
      for (const row of peerRows) peerType.toBuffer(row)
    },
  },
}

const times = new Map(Object.keys(works).map((name) => [name, [] as number[]]))
for (let round = 0; round <= rounds; round++) {
  for (const [name, { run }] of Object.entries(works)) {
    const started = performance.now()
    run()
    // The first round warms up.
    if (round > 0) times.get(name)?.push(performance.now() - started)
  }
}

const median = (name: string) =>
  [...(times.get(name) ?? [])].sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN
for (const [name, { items }] of Object.entries(works)) {
  const ms = median(name)
  console.log(
    `${name.padEnd(20)} ${ms.toFixed(0).padStart(6)} ms  ${Math.round(items / (ms / 1000)).toLocaleString('en-US')} records/s`,
  )
}
const ratio = (a: string, b: string) => (median(a) / median(b)).toFixed(2)
console.log(`planning takes ${ratio('plan (ours)', 'JSON.parse (floor)')} × the time of JSON.parse alone`)
console.log(`encoding takes ${ratio('encode (ours)', 'encode (avsc)')} × the time of avsc`)
