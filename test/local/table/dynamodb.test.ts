import { expect, test } from 'vitest'
import { openDynamoDBTable } from '../../../src/local/table/dynamodb.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { itemOf, keyOf } from './items.ts'

test('a DynamoDB that is out of reach is an error that can be tried again, names the fix and quotes no item', async () => {
  const before = { ...process.env }
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' })
  try {
    const endpoint = 'http://127.0.0.1:9'
    const table = await openDynamoDBTable(
      { name: 'requests', region: 'eu-west-1', endpoint, attributes: [] },
      systemRuntime(),
    )
    for (const call of [
      () => table.get(keyOf('ada@example.com')),
      () => table.put(itemOf('ada@example.com')),
      () => table.delete(keyOf('ada@example.com'), { ifUnchanged: itemOf('ada@example.com') }),
    ]) {
      const error = await call().catch((caught) => caught)
      expect(error).toMatchObject({ code: 'TABLE_UNAVAILABLE', retryable: true })
      expect(error.message).toBe(
        'DynamoDB could not use the table requests at http://127.0.0.1:9 (ECONNREFUSED). Check the endpoint and the network.',
      )
    }
    await expect(table.put({ PK: { S: 'x' } })).rejects.toThrow(TypeError)
    await table.close()
  } finally {
    process.env = before
  }
})
