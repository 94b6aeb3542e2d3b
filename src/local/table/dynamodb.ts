import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { explainFailure } from '../../aws/failure.ts'
import { loadSdk } from '../../aws/sdk.ts'
import type { Json, JsonObject } from '../../record/type.ts'
import type { Runtime } from '../../runtime.ts'
import type { Condition, Item, ItemKey, Table, WriteOutcome } from '../table.ts'
import { tableUnavailable } from './failure.ts'
import { checkItem, checkItemKey } from './item.ts'

export type DynamoDBOptions = {
  readonly name: string
  readonly region?: string
  /** Another than the service's own, such as that of DynamoDB Local. */
  readonly endpoint?: string
  /**
   * Every attribute that writers of this table use, beside those of the item at hand: a put upon an unchanged item
   * sees that one of these was added meanwhile.
   */
  readonly attributes: readonly string[]
  /** After how long a call counts as failed; the SDK tries three times before that. */
  readonly timeoutMs?: number
}

type Image = Record<string, AttributeValue>

/**
 * The table in DynamoDB, with keys PK and SK. Reads are consistent. Credentials come the SDK's usual ways. The changes
 * come out of the Kinesis stream that the table is connected to, not from here.
 *
 * @throws PipelineError TABLE_UNAVAILABLE when the SDK is not installed; `get`, `put` and `delete` when DynamoDB is
 *   out of reach or refuses.
 */
export async function openDynamoDBTable(options: DynamoDBOptions, runtime: Runtime): Promise<Table> {
  const sdk = await loadSdk(
    'TABLE_UNAVAILABLE',
    '@aws-sdk/client-dynamodb',
    () => import('@aws-sdk/client-dynamodb'),
  )
  const { name, region, endpoint, attributes, timeoutMs = 10_000 } = options
  const client = new sdk.DynamoDBClient({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    maxAttempts: 3,
  })
  const place = `${name}${endpoint ? ` at ${endpoint}` : ''}`
  const call = <T>(right: string, work: (abort: { abortSignal: AbortSignal }) => Promise<T>) =>
    work({ abortSignal: runtime.timeout(timeoutMs) }).catch((error: unknown) => {
      throw error instanceof sdk.ConditionalCheckFailedException ? error : toTableError(error, place, right)
    })

  async function get(key: ItemKey): Promise<Item | undefined> {
    checkItemKey(key)
    const input = { TableName: name, Key: toImage(keyItem(key)), ConsistentRead: true }
    const { Item: image } = await call('GetItem', (abort) =>
      client.send(new sdk.GetItemCommand(input), abort),
    )
    return image && fromImage(image)
  }

  async function write(
    key: ItemKey,
    send: () => Promise<{ Attributes?: Image | undefined }>,
  ): Promise<WriteOutcome> {
    try {
      const { Attributes: image } = await send()
      return { outcome: 'done', ...(image && { before: fromImage(image) }) }
    } catch (error) {
      if (!(error instanceof sdk.ConditionalCheckFailedException)) throw error
      const current = error.Item ? fromImage(error.Item) : await get(key)
      return { outcome: 'unmet', ...(current && { current }) }
    }
  }

  const common = (names: readonly string[], condition: Condition | undefined) => ({
    TableName: name,
    ReturnValues: 'ALL_OLD' as const,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    ...toExpression(condition, [...attributes, ...names]),
  })

  return {
    name,
    get,
    async put(item, condition) {
      const key = checkItem(item)
      const input = { ...common(Object.keys(item), condition), Item: toImage(item) }
      return write(key, () => call('PutItem', (abort) => client.send(new sdk.PutItemCommand(input), abort)))
    },
    async delete(key, condition) {
      checkItemKey(key)
      const input = { ...common([], condition), Key: toImage(keyItem(key)) }
      return write(key, () =>
        call('DeleteItem', (abort) => client.send(new sdk.DeleteItemCommand(input), abort)),
      )
    },
    async close() {
      client.destroy()
    },
  }
}

function keyItem({ PK, SK }: ItemKey): Item {
  return { PK: { S: PK }, SK: { S: SK } }
}

/**
 * A condition as DynamoDB's expression
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html). That an
 * item is unchanged is that each attribute has its value, and that none of the others is there.
 */
function toExpression(condition: Condition | undefined, known: readonly string[]) {
  if (condition === undefined) return {}
  if ('ifAbsent' in condition) return { ConditionExpression: 'attribute_not_exists(PK)' }
  const before = condition.ifUnchanged
  const names = [...new Set([...Object.keys(before), ...known])]
  const parts = names.map((name, n) =>
    Object.hasOwn(before, name) ? `#${n}=:${n}` : `attribute_not_exists(#${n})`,
  )
  const values = names.flatMap((name, n) =>
    Object.hasOwn(before, name) ? [[`:${n}`, toValue(before[name] ?? null)] as const] : [],
  )
  return {
    ConditionExpression: parts.join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(names.map((name, n) => [`#${n}`, name])),
    ExpressionAttributeValues: Object.fromEntries(values),
  }
}

// The SDK has bytes where JSON has base64; all else is the same.

function toImage(item: Item): Image {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toValue(value)]))
}

function toValue(attribute: Json): AttributeValue {
  return mapBytes(attribute, (text) => Buffer.from(text as string, 'base64')) as AttributeValue
}

function fromImage(image: Image): Item {
  return Object.fromEntries(
    Object.entries(image).map(([name, value]) => [
      name,
      mapBytes(value as unknown as Json, (bytes) =>
        Buffer.from(bytes as Uint8Array).toString('base64'),
      ) as Json,
    ]),
  )
}

function mapBytes(attribute: Json, change: (value: unknown) => unknown): unknown {
  const [tag, value] = Object.entries(attribute as JsonObject)[0] as [string, Json]
  if (tag === 'B') return { B: change(value) }
  if (tag === 'BS') return { BS: (value as Json[]).map(change) }
  if (tag === 'L') return { L: (value as Json[]).map((item) => mapBytes(item, change)) }
  if (tag !== 'M') return { [tag]: value }
  const entries = Object.entries(value as JsonObject).map(([name, item]) => [name, mapBytes(item, change)])
  return { M: Object.fromEntries(entries) }
}

const capacity = 'Raise the table’s capacity, or make it on-demand'
const fixes = { missing: 'Create the table, or correct its name or region', throttled: capacity } as const

/** Names the error and what to do, and never quotes it: a message of the service may quote the request. */
function toTableError(error: unknown, place: string, right: string): unknown {
  const rights = `dynamodb:${right} on the table`
  const { name, fix } = explainFailure(error, { service: 'DynamoDB', rights, fixes })
  return tableUnavailable(`DynamoDB could not use the table ${place} (${name}). ${fix}`, error)
}
