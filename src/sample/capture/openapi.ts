import * as z from 'zod'
import { idPattern } from './fields.ts'
import { type ProblemName, problems, problemType } from './problem.ts'
import type { Route } from './routes.ts'

type Document = { readonly [name: string]: unknown }

/** What any request may be answered with. */
const common: readonly ProblemName[] = [
  'request-malformed',
  'origin-refused',
  'request-slow',
  'headers-too-large',
  'internal',
  'too-busy',
  'closing',
]

/** The OpenAPI 3.1 document of the routes (https://spec.openapis.org/oas/v3.1.1.html), their schemas included. */
export function openApi(routes: readonly Route[], version: string): Document {
  const paths: { [path: string]: { [method: string]: Document } } = {}
  const schemas: { [name: string]: unknown } = { Problem: problemSchema }
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) }
    if (route.body) schemas[route.body.name] = toSchema(route.body.schema)
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Demand capture',
      version,
      summary: 'Takes fans’ requests, and what becomes of them, into the table.',
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas },
  }
}

function operation(route: Route): Document {
  const { operationId, summary, description, body } = route
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
  const parameters = names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', pattern: idPattern.source },
  }))
  const stored = { content: { 'application/json': { schema: { type: 'object' } } } }
  const replies = Object.entries(route.replies).map(([status, text]) => [
    status,
    { description: text, ...(status !== '204' && stored) },
  ])
  const content = body && { 'application/json': { schema: { $ref: `#/components/schemas/${body.name}` } } }
  return {
    operationId,
    summary,
    description,
    ...(parameters.length > 0 && { parameters }),
    ...(content && { requestBody: { required: true, content } }),
    responses: { ...Object.fromEntries(replies), ...problemReplies([...route.problems, ...common]) },
  }
}

/** One reply for each status, whatever its problems are. */
function problemReplies(names: readonly ProblemName[]): Document {
  const titles = new Map<number, Set<string>>()
  for (const name of names) {
    const { status, title } = problems[name]
    titles.set(status, (titles.get(status) ?? new Set()).add(title))
  }
  const content = { [problemType]: { schema: { $ref: '#/components/schemas/Problem' } } }
  return Object.fromEntries(
    [...titles].map(([status, each]) => [status, { description: `${[...each].join('; ')}.`, content }]),
  )
}

/** JSON Schema of the body as it is sent; what no schema can say is in the descriptions. */
function toSchema(schema: z.ZodType): unknown {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return plain
}

const problemSchema = {
  type: 'object',
  description: 'RFC 9457. It names fields and never holds their values.',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string', enum: Object.keys(problems).map((name) => `urn:dmd:problem:${name}`) },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: { type: 'string', format: 'json-pointer' },
          detail: { type: 'string' },
        },
      },
    },
  },
}
