import { type AwsCall, AwsFault, type AwsServer, startAws } from './aws.ts'

export type Destination = {
  readonly StreamArn: string
  DestinationStatus: string
  ApproximateCreationDateTimePrecision?: string
}

export const streamArn = (name: string, region = 'eu-west-1') =>
  `arn:aws:kinesis:${region}:123456789012:stream/${name}`

/**
 * The table `items` in DynamoDB, as far as it sends its changes to streams, and one stream in Kinesis. What is asked for
 * is begun, and is so after `looks` more looks at it, as what is under way is after one; meanwhile DynamoDB refuses to
 * change it.
 */
export async function startTable(
  stream: string,
  destinations: Destination[],
  looks = 0,
): Promise<AwsServer & { readonly orders: readonly AwsCall['body'][] }> {
  const orders: AwsCall['body'][] = []
  const coming = new Map<Destination, { looks: number; precision?: string }>()
  for (const one of destinations)
    if (/^(?:ENABL|UPDAT)ING$/.test(one.DestinationStatus)) coming.set(one, { looks: 1 })

  const describe = () => {
    for (const [one, left] of coming)
      if (--left.looks < 0) {
        coming.delete(one)
        one.DestinationStatus = 'ACTIVE'
        if (left.precision !== undefined) one.ApproximateCreationDateTimePrecision = left.precision
      }
    return { TableName: 'items', KinesisDataStreamDestinations: destinations }
  }
  const change = (status: 'ENABLING' | 'UPDATING', { StreamArn, ...asked }: AwsCall['body']) => {
    const live = destinations.find(
      (one) => one.StreamArn === StreamArn && !/DISABL|FAILED/.test(one.DestinationStatus),
    )
    const isFree = status === 'ENABLING' ? !live : live?.DestinationStatus === 'ACTIVE'
    if (!isFree) throw new AwsFault('ResourceInUseException', `it is ${live?.DestinationStatus}`)
    const options = asked[`${status === 'ENABLING' ? 'Enable' : 'Update'}KinesisStreamingConfiguration`]
    const precision = (options as Partial<Destination> | undefined)?.ApproximateCreationDateTimePrecision
    const one = live ?? { StreamArn: String(StreamArn), DestinationStatus: status }
    if (!live) destinations.push(one)
    one.DestinationStatus = status
    coming.set(one, { looks, ...(precision && { precision }) })
    return { TableName: 'items', StreamArn, DestinationStatus: status }
  }
  const server = await startAws(({ operation, region, body }) => {
    if (operation === 'DescribeStreamSummary') {
      if (body.StreamName !== stream) throw new AwsFault('ResourceNotFoundException', 'there is no stream')
      return { StreamDescriptionSummary: { StreamName: stream, StreamARN: streamArn(stream, region) } }
    }
    if (body.TableName !== 'items') throw new AwsFault('ResourceNotFoundException', 'there is no table')
    if (operation === 'DescribeKinesisStreamingDestination') return describe()
    orders.push({ operation, ...body })
    return change(/^Enable/.test(operation) ? 'ENABLING' : 'UPDATING', body)
  })
  return { ...server, orders }
}
