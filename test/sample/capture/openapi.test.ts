import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadCatalog } from '../../../src/catalog.ts'
import { problems } from '../../../src/sample/capture/problem.ts'
import { openApi } from './api.ts'

const page = readFileSync(new URL('../../../docs/capture.md', import.meta.url), 'utf8')

test('the OpenAPI document describes every route, its body and its answers', async () => {
  const { send } = await openApi()
  const { status, body: document } = await send('GET', '/openapi.json')
  expect(status).toBe(200)
  expect(document.openapi).toBe('3.1.1')
  const operations = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      ...operation,
    })),
  )
  expect(operations.map(({ name }) => name).sort()).toEqual([
    'DELETE /demands/{eventId}/{saleId}/{fanId}',
    'DELETE /events/{id}',
    'DELETE /sales/{eventId}/{id}',
    'GET /demands/{eventId}/{saleId}/{fanId}',
    'GET /health',
    'POST /demands',
    'POST /notifications',
    'PUT /events/{id}',
    'PUT /sales/{eventId}/{id}',
  ])
  for (const { name } of operations) expect(page, name).toContain(name)
  const { Demand, Problem } = document.components.schemas
  expect(Demand).toMatchObject({
    type: 'object',
    additionalProperties: false,
    required: ['fanId', 'eventId', 'saleId'],
    properties: { fanId: { type: 'string', description: 'The fan who asks.' } },
  })
  expect(document.paths['/demands'].post.requestBody.content['application/json'].schema.$ref).toBe(
    '#/components/schemas/Demand',
  )
  expect(Object.keys(document.paths['/demands'].post.responses).map(Number)).toEqual([
    200, 201, 400, 403, 408, 413, 415, 431, 500, 503,
  ])
  expect(document.paths['/demands'].post.description).toContain('no Idempotency-Key is needed')
  expect(Problem.properties.type.enum.length).toBe(Object.keys(problems).length)
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) =>
    match[1]!.split('/'),
  )
  for (const steps of references) {
    let value = document
    for (const step of steps) value = value?.[step]
    expect(value, steps.join('/')).toBeDefined()
  }
})

test('the root points to the OpenAPI document, for people and for programs', async () => {
  const { send } = await openApi()
  const { status, headers, body } = await send('GET', '/')
  expect([status, body.openapi, headers.get('link')]).toEqual([
    200,
    '/openapi.json',
    '</openapi.json>; rel="service-desc"',
  ])
  expect((await send('GET', body.openapi)).status).toBe(200)
  const refused = await send('DELETE', '/')
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

test('every field of the record types that a body takes is in its schema', async () => {
  const { send } = await openApi()
  const { schemas } = (await send('GET', '/openapi.json')).body.components
  for (const [name, type] of [
    ['Demand', 'demand'],
    ['Notification', 'notification'],
    ['Event', 'event'],
    ['Sale', 'sale'],
  ] as const) {
    const fields = loadCatalog()
      .get(type)!
      .own.fields.filter((field) => !field.derive)
    const missing = fields
      .filter((field) => !(field.name in schemas[name].properties))
      .map((field) => field.name)
    expect(missing).toEqual(type === 'sale' ? ['date'] : [])
  }
})

test('the page for developers lists every problem', () => {
  for (const [name, { status }] of Object.entries(problems))
    expect(page, name).toMatch(new RegExp(`\\| ${status} \\| \`${name}\` \\|`))
})
