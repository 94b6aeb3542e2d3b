import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readContainer } from '../../src/codec/container.ts'
import type { StreamRecord } from '../../src/codec/lambda-event.ts'
import type { ErrorFile } from '../../src/delivery/error-file.ts'
import { type Plan, planBatch } from '../../src/delivery/plan.ts'
import { readRow } from '../../src/delivery/row.ts'
import { codes } from '../../src/record/error.ts'
import { toCatalog } from '../../src/record/schema.ts'
import type { JsonObject } from '../../src/record/type.ts'
import { canary } from '../arbitrary/attribute.ts'
import { arbitraryChange } from '../arbitrary/change.ts'
import { arbitraryDamage, arbitraryJson, mangle } from '../arbitrary/mangled.ts'
import { arbitrarySchema } from '../arbitrary/schema.ts'
import { catalog, rules } from './example.ts'

const schemas = [...catalog.values()]
const soundChange = fc.constantFrom(...schemas).chain((schema) => arbitraryChange(schema))

/** A change of a built-in or a made-up record type; the names of personal maps' entries hold the canary too. */
const anyChange = fc
  .oneof(fc.constantFrom(...schemas), arbitrarySchema)
  .chain((schema) => arbitraryChange(schema).map((change) => ({ schema, change })))

/** A payload of any kind: valid, mangled as JSON, damaged as bytes, or nothing of the sort. */
const arbitraryPayload: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 2, arbitrary: soundChange.map(({ record }) => record.payload) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(soundChange, fc.nat(), arbitraryJson)
      .map(([{ envelope }, pick, json]) => Buffer.from(JSON.stringify(mangle(envelope, pick, json)))),
  },
  { weight: 2, arbitrary: soundChange.chain(({ record }) => arbitraryDamage(record.payload)) },
  { weight: 1, arbitrary: arbitraryJson.map((json) => Buffer.from(JSON.stringify(json))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
)
const arbitraryBatch = fc.record({
  stream: fc.constant('stream'),
  shard: fc.constant('shard-0'),
  records: fc
    .array(fc.tuple(arbitraryPayload, fc.option(fc.integer({ min: 1, max: 9e12 }), { nil: undefined })), {
      maxLength: 8,
    })
    .map((list) =>
      list.map(
        ([payload, arrivedMs], index): StreamRecord => ({
          payload,
          sequence: String(1000 + index),
          ...(arrivedMs === undefined ? {} : { arrivedMs }),
        }),
      ),
    ),
})

describe('a batch of any payloads', () => {
  it('has each record in exactly one object or one error, and plans the same again', () => {
    const seen = { rows: 0, codes: new Set<string>() }
    fc.assert(
      fc.property(arbitraryBatch, (batch) => {
        const planRules = { ...rules, codec: 'null' as const }
        const plan = planBatch(batch, planRules)
        const placed = plan.objects.flatMap(({ records }) => records.map(({ sequence }) => sequence))
        const errored = plan.errors.map(({ sequence }) => sequence)
        expect([...placed, ...errored].sort()).toEqual(batch.records.map(({ sequence }) => sequence))
        for (const object of plan.objects) {
          const rows = [...readContainer(object.bytes, object.key).rows()]
          expect(rows.map((row) => (row.change as JsonObject).sequence)).toEqual(
            object.records.map(({ sequence }) => sequence.padStart(60, '0')),
          )
        }
        for (const error of plan.errors) {
          const record = batch.records.find(({ sequence }) => sequence === error.sequence)
          expect(original(error.bytes)).toEqual(Buffer.from(record?.payload ?? []))
          seen.codes.add(error.rejection.code)
          expect(error.rejection.stage).toBe(codes[error.rejection.code].stage)
          expect(error.rejection.code).not.toBe('INTERNAL')
        }
        const keys = [...plan.objects, ...plan.errors].map(({ key }) => key)
        expect(new Set(keys).size).toBe(keys.length)
        expect(files(planBatch(batch, planRules))).toEqual(files(plan))
        seen.rows += placed.length
      }),
      { numRuns: 300 },
    )
    expect(seen.rows).toBeGreaterThan(100)
    expect([...seen.codes]).toEqual(
      expect.arrayContaining(['NOT_UTF8', 'NOT_JSON', 'NOT_A_CHANGE', 'FIELD_TYPE', 'ATTRIBUTE_MALFORMED']),
    )
  })

  it('never tells a value in a rejection', () => {
    const secret = 'S3CR3T'
    const arbitrarySecrets = fc.oneof(
      fc.constantFrom(
        { S: secret },
        { N: secret },
        secret,
        { [secret]: secret },
        { M: { [secret]: secret } },
      ),
      fc.constantFrom({ L: [{ S: secret }] }, { SS: [secret] }, { S: `2025-${secret}` }, { BOOL: secret }, [
        secret,
      ]),
    )
    let rejections = 0
    fc.assert(
      fc.property(anyChange, fc.nat(), arbitrarySecrets, ({ schema, change }, pick, json) => {
        const payload = Buffer.from(JSON.stringify(mangle(change.envelope, pick, json)))
        const row = readRow({ payload, sequence: '1' }, { ...rules, catalog: toCatalog([schema]) })
        if (row.ok) return
        rejections += 1
        expect(JSON.stringify(row.rejection)).not.toContain(secret)
        // Nor any text of the record that is personal, or that the schema does not model.
        expect(JSON.stringify(row.rejection)).not.toContain(canary)
      }),
      { numRuns: 1000 },
    )
    expect(rejections).toBeGreaterThan(100)
  })
})

function original(file: Uint8Array): Buffer {
  const { events, encoding }: ErrorFile = JSON.parse(Buffer.from(file).toString('utf8'))
  expect(events).toHaveLength(1)
  return Buffer.from(events[0] ?? '', encoding === 'base64' ? 'base64' : 'utf8')
}

function files(plan: Plan): readonly [string, string][] {
  return [...plan.objects, ...plan.errors].map(({ key, bytes }) => [key, Buffer.from(bytes).toString('hex')])
}
