import type { Operation } from '../../record/change.ts'

/** Where the changes of a table come from, as their envelopes say. */
export type Origin = { readonly tableName: string; readonly region: string }

/** A change of one item. Its key members and images are JSON text, the images with their keys and in braces. */
export type ItemChange = {
  readonly id: string
  readonly operation: Exclude<Operation, 'SNAPSHOT'>
  readonly micros: number
  readonly keys: string
  readonly before?: string
  readonly after?: string
  /** What DynamoDB counts of keys and images. */
  readonly sizeBytes: number
  /** True when the expiry deletes the item. */
  readonly isExpiry: boolean
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
const expiry = '{"type":"Service","principalId":"dynamodb.amazonaws.com"}'

/**
 * The envelope of Kinesis Data Streams for DynamoDB, with its members in the service's order
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html).
 */
export function toEnvelope(change: ItemChange, { tableName, region }: Origin): string {
  const { keys, before, after } = change
  return (
    `{"awsRegion":${JSON.stringify(region)},"eventID":${JSON.stringify(change.id)},"eventName":"${change.operation}",` +
    `"userIdentity":${change.isExpiry ? expiry : 'null'},"recordFormat":"application/json",` +
    `"tableName":${JSON.stringify(tableName)},"dynamodb":{"ApproximateCreationDateTime":${change.micros},` +
    `"ApproximateCreationDateTimePrecision":"MICROSECOND","Keys":{${keys}},` +
    `${after === undefined ? '' : `"NewImage":${after},`}${before === undefined ? '' : `"OldImage":${before},`}` +
    `"SizeBytes":${change.sizeBytes}},"eventSource":"aws:dynamodb"}`
  )
}
