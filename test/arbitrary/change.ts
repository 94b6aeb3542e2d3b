import fc from 'fast-check'
import type { StreamRecord } from '../../src/codec/lambda-event.ts'

import type { RecordSchema } from '../../src/record/schema.ts'
import type { JsonObject } from '../../src/record/type.ts'
import { keyName } from './attribute.ts'
import { arbitraryItem, type Item } from './image.ts'

export type StreamOperation = 'INSERT' | 'MODIFY' | 'REMOVE'

/** A change record as it comes from the stream, and what is in it. */
export type ArbitraryChange = {
  readonly envelope: JsonObject
  readonly operation: StreamOperation
  /** The image that the row is made of, without the item's key. */
  readonly item: Item
  readonly changedMs: number
  readonly record: StreamRecord
}

/** The partition range in which every made-up change is placed. */
export const wideRange = { from: '2020-01-01', yearsAhead: 3 } as const

/** A valid change of an item of a record type. */
export function arbitraryChange(
  schema: RecordSchema,
  operation: fc.Arbitrary<StreamOperation> = fc.constantFrom('INSERT', 'MODIFY', 'REMOVE'),
): fc.Arbitrary<ArbitraryChange> {
  return fc
    .record({
      operation,
      item: arbitraryItem(schema),
      before: fc.option(arbitraryItem(schema)),
      micros: fc.integer({ min: Date.UTC(2024, 0, 1) * 1000, max: Date.UTC(2025, 11, 31) * 1000 }),
      isMicros: fc.boolean(),
      key: fc.string({ minLength: 1, maxLength: 8 }),
      isTtl: fc.boolean(),
      sequence: fc.bigInt({ min: 0n, max: 10n ** 56n }),
      arrivedAfterMs: fc.option(fc.nat(60_000), { nil: undefined }),
    })
    .map((parts) => {
      const { item, before, micros, isMicros, key, isTtl, sequence, arrivedAfterMs } = parts
      const Keys = { [keyName]: { S: key } }
      const image = { ...item.image, ...Keys }
      const changedMs = Math.floor(micros / 1000)
      const envelope: JsonObject = {
        awsRegion: 'eu-west-1',
        eventID: `e-${sequence}`,
        eventName: parts.operation,
        userIdentity: isTtl ? { type: 'Service', principalId: 'dynamodb.amazonaws.com' } : null,
        recordFormat: 'application/json',
        tableName: 'demand',
        dynamodb: {
          ApproximateCreationDateTime: isMicros ? micros : changedMs,
          ...(isMicros ? { ApproximateCreationDateTimePrecision: 'MICROSECOND' } : {}),
          Keys,
          ...(parts.operation === 'REMOVE' ? { OldImage: image } : { NewImage: image }),
          ...(parts.operation === 'MODIFY' && before ? { OldImage: { ...before.image, ...Keys } } : {}),
          SizeBytes: 1,
        },
        eventSource: 'aws:dynamodb',
      }
      return {
        envelope,
        operation: parts.operation,
        item,
        changedMs,
        record: {
          payload: Buffer.from(JSON.stringify(envelope), 'utf8'),
          sequence: String(sequence),
          ...(arrivedAfterMs === undefined ? {} : { arrivedMs: changedMs + arrivedAfterMs }),
        },
      }
    })
}
