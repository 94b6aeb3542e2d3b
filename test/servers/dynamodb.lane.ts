import { describe } from 'vitest'
import { openDynamoDBTable } from '../../src/local/table/dynamodb.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { tableContract } from '../contract/table.ts'
import { createTable } from './dynamodb.ts'

const endpoint = process.env.SERVERS_DYNAMODB_ENDPOINT ?? ''

describe.skipIf(endpoint === '')('over HTTP', () => {
  tableContract('DynamoDB', async () => {
    const name = await createTable(endpoint)
    // What the contract's items have, beside those at hand.
    const attributes = ['a', 'email', 'n', 'map']
    const table = await openDynamoDBTable(
      { name, endpoint, region: 'us-east-1', attributes },
      systemRuntime(),
    )
    return { table, close: () => table.close() }
  })
})
