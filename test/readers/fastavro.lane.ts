import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { readContainer } from '../../src/codec/container.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { toCatalog } from '../../src/record/schema.ts'
import type { RecordValue, Type, Value } from '../../src/record/type.ts'
import { simulate } from '../../src/sample/simulator.ts'
import { readSettings } from '../../src/settings.ts'
import { arbitraryChange, wideRange } from '../arbitrary/change.ts'
import { arbitrarySchema } from '../arbitrary/schema.ts'
import { change, demandItem, records } from '../changes.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-readers-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Our rows in the neutral form of decode.py. */
function neutral(type: Type, value: Value): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'optional':
      return neutral(type.of, value)
    case 'int':
    case 'long':
    case 'instant':
    case 'date':
      return { integer: String(value) }
    case 'float':
    case 'double': {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleBE(value as number)
      return { double: bytes.toString('hex') }
    }
    case 'bytes':
      return { bytes: Buffer.from(value as Uint8Array).toString('hex') }
    case 'array':
      return (value as readonly Value[]).map((item) => neutral(type.items, item))
    case 'map':
      return pairs(
        [...(value as ReadonlyMap<string, Value>)].map(([name, item]) => [name, neutral(type.values, item)]),
      )
    case 'record':
      return pairs(
        type.fields.map(({ name, type: inner }) => [
          name,
          neutral(inner, (value as RecordValue)[name] ?? null),
        ]),
      )
    default:
      return value
  }
}

function pairs(entries: [string, unknown][]): unknown {
  return { pairs: entries.sort(([a], [b]) => (a < b ? -1 : 1)) }
}

/** Compares what fastavro reads in the containers to what we read. */
function expectEqualRows(containers: readonly Uint8Array[]): number {
  const paths = containers.map((bytes, index) => {
    const path = join(folder, `${index}.avro`)
    writeFileSync(path, bytes)
    return path
  })
  const script = fileURLToPath(new URL('./decode.py', import.meta.url))
  const python = process.env.READERS_PYTHON ?? 'python3'
  const run = spawnSync(python, [script], { input: paths.join('\n'), encoding: 'utf8', maxBuffer: 1 << 30 })
  expect(run.stderr).toBe('')
  const theirs = run.stdout.trimEnd().split('\n')
  expect(theirs).toHaveLength(containers.length)
  let rows = 0
  for (const [index, bytes] of containers.entries()) {
    const container = readContainer(bytes, String(index))
    const ours = [...container.rows()].map((row) => neutral(container.type, row))
    expect(JSON.parse(theirs[index] ?? ''), `container ${index}`).toEqual(ours)
    rows += ours.length
  }
  return rows
}

/** A random schema and some changes of its items. */
const arbitraryBatch = arbitrarySchema.chain((schema) =>
  fc.record({
    schema: fc.constant(schema),
    changes: fc.array(arbitraryChange(schema), { minLength: 1, maxLength: 8 }),
  }),
)

const rules = toRules(loadCatalog(), readSettings({}))

test.each(['deflate', 'null'] as const)(
  'fastavro reads every container of a simulated stream as we do: %s',
  (codec) => {
    const payloads = [...simulate({ fans: 3000, minutes: 5, badPercent: 1, seed: 'readers' })].map(
      ({ bytes }) => bytes,
    )
    const plan = planBatch({ stream: 's', shard: '0', records: records(payloads) }, { ...rules, codec })
    expect(plan.objects.length).toBeGreaterThan(3)
    expect(expectEqualRows(plan.objects.map(({ bytes }) => bytes))).toBe(payloads.length - plan.errors.length)
  },
)

test('emoji, NUL and right-to-left text survive', () => {
  const texts = ['🎟️👩‍👩‍👧', 'a\u0000b', 'שלום עולם', 'مرحبا', 'İstanbul ı', '\ufeffbom', '日本']
  const payloads = texts.map((name, n) =>
    change({ item: { ...demandItem, SK: String(n), eventName: name, odd: { [name]: name } } }),
  )
  const plan = planBatch({ stream: 's', shard: '0', records: records(payloads) }, rules)
  expect(expectEqualRows(plan.objects.map(({ bytes }) => bytes))).toBe(texts.length)
})

test('fastavro reads the containers of 200 random schemas as we do', () => {
  const containers = fc
    .sample(arbitraryBatch, { numRuns: 200, seed: 7 })
    .flatMap(({ schema, changes }, index) => {
      const batch = { stream: 's', shard: '0', records: changes.map(({ record }) => record) }
      const codec = index % 2 === 0 ? 'deflate' : 'null'
      return planBatch(batch, { ...rules, codec, range: wideRange, catalog: toCatalog([schema]) }).objects
    })
    .map(({ bytes }) => bytes)
  expect(containers.length).toBeGreaterThan(200)
  expect(expectEqualRows(containers)).toBeGreaterThan(500)
})

test('fastavro reads the golden archives of every release as we do', () => {
  const folder = new URL('../golden/', import.meta.url)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.avro'),
  )
  expect(files.length).toBeGreaterThanOrEqual(4)
  expect(expectEqualRows(files.map((name) => readFileSync(new URL(name, folder))))).toBeGreaterThan(4)
})
