import type { StreamDescriptionSummary } from '@aws-sdk/client-kinesis'
import { loadSdk } from '../../aws/sdk.ts'

/** What Kinesis says of a stream, without its shards. Throws what the SDK throws where there is none. */
export async function describeStream(
  which: { readonly StreamName: string; readonly StreamARN?: string },
  region?: string,
): Promise<StreamDescriptionSummary> {
  const code = 'SETTING_INVALID'
  const [{ KinesisClient, DescribeStreamSummaryCommand }, { NodeHttpHandler }] = await Promise.all([
    loadSdk(code, '@aws-sdk/client-kinesis', () => import('@aws-sdk/client-kinesis')),
    loadSdk(code, '@smithy/node-http-handler', () => import('@smithy/node-http-handler')),
  ])
  // Emulators do not speak HTTP/2.
  const client = new KinesisClient({ requestHandler: new NodeHttpHandler(), ...(region && { region }) })
  try {
    const { StreamDescriptionSummary: summary } = await client.send(new DescribeStreamSummaryCommand(which))
    if (!summary) throw new Error('Kinesis says nothing of the stream')
    return summary
  } finally {
    client.destroy()
  }
}
