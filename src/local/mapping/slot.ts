import { createHash } from 'node:crypto'
import type { JsonObject } from '../../record/type.ts'
import type { SourceRecord } from '../source.ts'

/** A time of arrival has so many digits at most. */
const timeBytes = 14

/** Makes the function that tells how many bytes a record of a shard takes in the event that carries it, at most. */
export function eventSizer(arn: string, shard: string): (record: SourceRecord) => number {
  const empty = { bytes: new Uint8Array(0), sequence: '', partitionKey: '', arrivedMs: 0 }
  const frame = JSON.stringify(toKinesisEvent([empty], arn, shard)).length + timeBytes
  return ({ bytes, sequence, partitionKey }) => {
    const payload = Math.ceil(bytes.length / 3) * 4
    return frame + payload + 2 * sequence.length + Buffer.byteLength(JSON.stringify(partitionKey))
  }
}

/**
 * The event in which Lambda hands records of a shard to a function
 * (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html).
 */
export function toKinesisEvent(
  records: readonly SourceRecord[],
  arn: string,
  shard: string,
): { readonly Records: readonly JsonObject[] } {
  const [, , , awsRegion = '', account = ''] = arn.split(':')
  return {
    Records: records.map(({ bytes, sequence, partitionKey, arrivedMs }) => ({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey,
        sequenceNumber: sequence,
        data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
        approximateArrivalTimestamp: arrivedMs / 1000,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${shard}:${sequence}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: `arn:aws:iam::${account}:role/local`,
      awsRegion,
      eventSourceARN: arn,
    })),
  }
}

/** Which of so many lanes a partition key falls to: always the same one. */
export function laneOf(partitionKey: string, lanes: number): number {
  if (lanes === 1) return 0
  return createHash('md5').update(partitionKey).digest().readUInt32BE(0) % lanes
}
