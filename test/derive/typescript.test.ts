import { describe, expect, it } from 'vitest'
import { rowTypes } from '../../src/derive/typescript.ts'
import { compileSchema, toCatalog } from '../../src/record/schema.ts'
import type { Json } from '../../src/record/type.ts'
import type { DemandRow, EventRow, Rows } from '../../src/schemas/records.ts'
import { addedSchema } from '../arbitrary/schema.ts'
import { catalog, items, read, toImage } from '../codec/example.ts'

describe('the row types', () => {
  it('say of each kind of value how it is decoded', () => {
    const types: readonly Json[] = [
      'bytes',
      'long',
      ['null', 'long'],
      { type: 'array', items: ['null', 'string'] },
      { type: 'array', items: 'double' },
      { type: 'map', values: { type: 'array', items: 'long' } },
      { type: 'enum', name: 'e', symbols: ['A', 'B'] },
      { type: 'array', items: 'e' },
      { type: 'long', logicalType: 'timestamp-millis' },
      { type: 'int', logicalType: 'date' },
    ]
    const schema = compileSchema(
      {
        type: 'record',
        name: 'gift_card',
        doc: 'Ends */ early.',
        reference: '{type}',
        timestamp: ['change.timestamp'],
        partition: ['change.timestamp'],
        fields: [
          { name: 'type', type: 'string' },
          ...types.map((type, index) => ({ name: `f${index}`, type })),
        ],
      },
      addedSchema,
      'gift_card.avsc',
    )
    const text = rowTypes(toCatalog([schema]))
    expect(text).toContain('/** Ends *\\/ early. */\nexport type GiftCardRow = {')
    expect([...text.matchAll(/readonly (f\d+: .*)/g)].map(([, line]) => line)).toEqual([
      'f0: Uint8Array',
      'f1: number | bigint',
      'f2: number | bigint | null',
      'f3: readonly (string | null)[]',
      'f4: readonly number[]',
      'f5: ReadonlyMap<string, readonly (number | bigint)[]>',
      "f6: 'A' | 'B'",
      "f7: readonly ('A' | 'B')[]",
      'f8: number',
      'f9: number',
    ])
  })

  it('are the types of the rows that the archive holds', () => {
    const rows = Object.fromEntries(
      Object.entries(items).map(([type, item]) => {
        const made = read({ image: toImage({ ...item, notes: 'x' }) })
        return [type, made.ok ? made.row : undefined]
      }),
    ) as unknown as Rows
    const demand: DemandRow = rows.demand
    const event: EventRow = rows.event
    expect(demand.date.requested).toBe(Date.parse('2025-02-13T18:30:00.123Z'))
    expect(demand.extra.get('/notes')).toBe('"x"')
    expect(event.eventDate?.start?.localDate).toBe(20_240)
    expect(event.venues[0]?.latitude).toBe(52.5052)
    expect(Object.keys(rows).sort()).toEqual([...catalog.keys()])
  })
})
