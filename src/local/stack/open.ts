import { join } from 'node:path'
import { expiryAttribute } from '../../defaults.ts'
import { PipelineError } from '../../record/error.ts'
import type { Catalog } from '../../record/schema.ts'
import type { Runtime } from '../../runtime.ts'
import type { Settings } from '../../settings.ts'
import { type Bridge, startBridge } from '../bridge.ts'
import { openKinesisSource } from '../kinesis.ts'
import type { ChangeSource } from '../source.ts'
import { openDynamoDBTable } from '../table/dynamodb.ts'
import { openEmbeddedTable } from '../table/embedded.ts'
import type { Table } from '../table.ts'

/** Where changes are made, and where they come from. */
export type Upstream = {
  /** None where others write it. */
  readonly table?: Table
  readonly source: ChangeSource
  /** Brings into the stream what is on its way there; resolves at once where nothing is. */
  settle(): Promise<void>
  close(): Promise<void>
}

export type OriginParts = {
  readonly catalog: Catalog
  readonly runtime: Runtime
}

const sweepMs = 5_000

/**
 * Opens the table and the stream of its changes: the embedded ones in the state folder, or those in DynamoDB and
 * Kinesis where the settings name them.
 *
 * @throws PipelineError SETTING_INVALID when they name one of the two; else as the table and the source.
 */
export async function openOrigin(settings: Settings, parts: OriginParts): Promise<Upstream> {
  const { table: name, stream } = settings
  if (name === undefined && stream === undefined && !settings.bridge) return openEmbedded(settings, parts)
  if (name === undefined || stream === undefined)
    throw new PipelineError(
      'SETTING_INVALID',
      'table and stream go together: the table in DynamoDB, and the Kinesis stream that it sends its changes to',
    )
  const source = await openKinesisSource({ stream }, parts.runtime)
  const closing = [() => source.close()]
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  try {
    const attributes = [...parts.catalog.values()].flatMap(({ own }) => own.fields.map((field) => field.name))
    const table = await openDynamoDBTable(
      { name, attributes: [...new Set([...attributes, expiryAttribute])] },
      parts.runtime,
    )
    closing.push(() => table.close())
    const bridge = settings.bridge ? await openBridge(name, stream, settings, parts) : undefined
    if (bridge) closing.push(() => bridge.stop())
    return { table, source, settle: async () => bridge?.drain(), close }
  } catch (error) {
    await close()
    throw error
  }
}

function openBridge(
  table: string,
  stream: string,
  { state }: Settings,
  { runtime }: OriginParts,
): Promise<Bridge> {
  const folder = join(state, 'bridge')
  return startBridge({ from: { table }, to: { stream }, folder, runtime })
}

/** Opens the stream alone. @throws PipelineError SETTING_INVALID when no stream is named; else as the source. */
export async function openStream({ stream }: Settings, runtime: Runtime): Promise<Upstream> {
  if (stream === undefined)
    throw new PipelineError(
      'SETTING_INVALID',
      'a worker reads a Kinesis stream: name it with --stream or DMD_STREAM. Without Kinesis, dmd up has a worker of its own',
    )
  const source = await openKinesisSource({ stream }, runtime)
  return { source, settle: async () => {}, close: () => source.close() }
}

async function openEmbedded(settings: Settings, { runtime }: OriginParts): Promise<Upstream> {
  const { table, source, sweep, close } = await openEmbeddedTable({
    folder: join(settings.state, 'table'),
    runtime,
  })
  const stopSweeping = runtime.every(sweepMs, () => {
    sweep().catch((error: unknown) => {
      const code = error instanceof PipelineError ? error.code : 'unknown'
      runtime.log({ level: 'error', message: 'table not swept', code })
    })
  })
  return {
    table,
    source,
    settle: async () => {},
    async close() {
      stopSweeping()
      await close()
    },
  }
}
