import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readContainer } from '../../src/codec/container.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { athenaDdl } from '../../src/derive/ddl.ts'
import { deriveFields } from '../../src/record/rules.ts'
import { toCatalog } from '../../src/record/schema.ts'
import { canary, keyName } from '../arbitrary/attribute.ts'
import { arbitraryChange, wideRange } from '../arbitrary/change.ts'
import { arbitrarySchema } from '../arbitrary/schema.ts'
import { peerRows, plain } from './peer.ts'

const arbitraryCase = arbitrarySchema.chain((schema) =>
  fc.record({
    schema: fc.constant(schema),
    changes: fc.array(arbitraryChange(schema), { minLength: 1, maxLength: 4 }),
    codec: fc.constantFrom('null' as const, 'deflate' as const),
  }),
)

describe('any record type', () => {
  it('goes from its schema file through the plan into containers that avsc reads alike', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryCase, async ({ schema, changes, codec }) => {
        const rules = { catalog: toCatalog([schema]), range: wideRange, isKeyAttribute: () => false, codec }
        const batch = { stream: 's', shard: '0', records: changes.map(({ record }) => record) }
        const plan = planBatch(batch, rules)
        expect(plan.errors.map(({ rejection }) => rejection)).toEqual([])
        let rowCount = 0
        for (const object of plan.objects) {
          const ours = [...readContainer(object.bytes, object.key).rows()]
          const theirs = await peerRows(object.bytes)
          expect(ours.map((row) => plain(schema.row, row))).toEqual(
            theirs.map((row) => plain(schema.row, row)),
          )
          for (const [index, row] of ours.entries()) {
            const change = changes.find(({ record }) => record === object.records[index])
            if (change?.operation === 'REMOVE') continue
            const { extra, ...own } = row
            expect(plain(schema.own, own)).toEqual(
              plain(schema.own, deriveFields(change?.item.record ?? {}, schema)),
            )
            expect(extra).toEqual(change?.item.extra)
          }
          rowCount += ours.length
        }
        expect(rowCount).toBe(changes.length)
      }),
      { numRuns: 200 },
    )
  })

  it('keeps no personal value in the row of a delete, and loses none of what is not personal', () => {
    fc.assert(
      fc.property(
        arbitrarySchema.chain((schema) =>
          fc.record({
            schema: fc.constant(schema),
            change: arbitraryChange(schema, fc.constant('REMOVE' as const)),
          }),
        ),
        ({ schema, change }) => {
          const rules = {
            catalog: toCatalog([schema]),
            range: wideRange,
            isKeyAttribute: () => false,
            codec: 'null' as const,
          }
          const [object] = planBatch({ stream: 's', shard: '0', records: [change.record] }, rules).objects
          expect(Buffer.from(object?.bytes ?? []).includes(canary)).toBe(false)
          const [row] = [...readContainer(object?.bytes ?? new Uint8Array(), 'delete').rows()]
          expect(row?.isDeleted).toBe(true)
          const whole = deriveFields(change.item.record, schema)
          for (const field of schema.own.fields) {
            if (field.pii || schema.deletedAt?.[0] === field.name) continue
            if (field.type.kind === 'optional' || field.type.kind === 'record') continue
            if (field.type.kind === 'array' || field.type.kind === 'map') continue
            expect(plain(field.type, row?.[field.name])).toEqual(plain(field.type, whole[field.name]))
          }
          const extra = row?.extra as ReadonlyMap<string, string>
          expect([...extra.values()].every((text) => text === '[redacted]')).toBe(true)
          expect(extra.size === 0).toBe(change.item.extra.size === 0)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('has a DDL statement whose columns can be read back', () => {
    fc.assert(
      fc.property(arbitrarySchema, (schema) => {
        const ddl = athenaDdl(schema, { ...wideRange, location: 's3://bucket/archive' })
        expect(readColumns(ddl)).toEqual(schema.row.fields.map((field) => field.name.toLowerCase()))
        expect(ddl).not.toContain(';')
      }),
      { numRuns: 200 },
    )
  })

  it('never takes the key of an item for data', () => {
    fc.assert(
      fc.property(arbitrarySchema.chain(arbitraryChange), ({ item }) => {
        expect(item.extra.has(`/${keyName}`)).toBe(false)
      }),
      { numRuns: 20 },
    )
  })
})

/** The names of the columns of a CREATE TABLE, its quotes and brackets checked for balance. */
function readColumns(ddl: string): readonly string[] {
  const bare = ddl
    .replace(/'(?:[^'\\]|\\.)*'/g, '')
    .replace(/`([^`]*)`/g, (_, name: string) => `\u00ab${name}\u00bb`)
  expect(bare).not.toMatch(/['`\\]/)
  for (const [open, close] of ['()', '<>', '\u00ab\u00bb'].map((pair) => [...pair])) {
    const count = (mark: string | undefined) => bare.split(mark ?? '').length
    expect(count(open)).toBe(count(close))
  }
  const list = bare.slice(bare.indexOf('(') + 1, bare.indexOf('\n)'))
  return list
    .trim()
    .split('\n')
    .map(
      (line) =>
        /^\s*\u00ab([a-z0-9_]+)\u00bb [a-z<>(),:\u00ab\u00bb_0-9]+ *(?:COMMENT *)?,?$/.exec(line)?.[1] ??
        line,
    )
}
