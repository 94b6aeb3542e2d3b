import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { PipelineError } from '../../record/error.ts'
import type { JsonObject } from '../../record/type.ts'
import type { Runtime } from '../../runtime.ts'
import { checkBody, readJsonBody } from './body.ts'
import type { Bounds } from './bounds.ts'
import { idPattern } from './fields.ts'
import { type Problem, problemHeaders, problems, toProblemBody } from './problem.ts'
import type { Ids } from './resource.ts'
import type { Reply, Route } from './routes.ts'

export type AppOptions = {
  readonly routes: readonly Route[]
  readonly document: object
  readonly bounds: Bounds
  readonly runtime: Runtime
  /** Why a request is not even looked at: the connection is one too many, the server closes, the caller is a foreign page. */
  readonly refuse: (bindings: HttpBindings) => Problem | undefined
}

type App = { Bindings: HttpBindings; Variables: { requestId: string } }

const requestIdPattern = /^[\w-]{1,64}$/

/** The API as a function from request to response. Nothing in it knows of sockets but `refuse`. */
export function createApp(options: AppOptions): Hono<App> {
  const { routes, document, runtime, refuse } = options
  const { log, clock, newId } = runtime
  const app = new Hono<App>()
  app.use(async (context, next) => {
    const startedMs = clock()
    const given = context.req.header('x-request-id') ?? ''
    const requestId = requestIdPattern.test(given) ? given : newId()
    context.set('requestId', requestId)
    const refused = refuse(context.env)
    if (refused) context.res = toResponse(context, refused)
    else await next()
    context.res.headers.set('x-request-id', requestId)
    // The path holds identifiers: the log names the route.
    const route = context.req.routePath
    const { status } = context.res
    log({
      level: 'info',
      message: 'request',
      requestId,
      method: context.req.method,
      route,
      status,
      ms: clock() - startedMs,
    })
  })
  app.get('/openapi.json', (context) => context.json(document))
  // Whoever opens the printed address in a browser is told where to read on.
  app.get('/', (context) =>
    context.json(
      { title: 'Capture API', openapi: '/openapi.json', health: '/health' },
      { headers: { link: '</openapi.json>; rel="service-desc"' } },
    ),
  )
  for (const route of routes)
    app.on(route.method, honoPath(route.path), async (context) =>
      toResponse(context, await answer(context, route, options)),
    )
  for (const [path, methods] of methodsOf(routes))
    app.all(honoPath(path), (context) =>
      toResponse(context, { problem: 'method-not-allowed', headers: { allow: methods.join(', ') } }),
    )
  app.notFound((context) => toResponse(context, { problem: 'route-unknown' }))
  app.onError((error, context) => {
    const requestId = context.get('requestId')
    if (error instanceof PipelineError && error.code === 'TABLE_UNAVAILABLE') {
      log({ level: 'error', message: error.message, code: error.code, requestId })
      return toResponse(context, { problem: 'table-unavailable' })
    }
    // Its message may hold anything.
    log({ level: 'error', message: 'a request met a defect', error: error.name, requestId })
    return toResponse(context, { problem: 'internal' })
  })
  return app
}

async function answer(
  context: Context<App>,
  route: Route,
  { bounds, runtime }: AppOptions,
): Promise<Reply | Problem> {
  const ids = context.req.param() as Ids
  const wrong = Object.keys(ids).filter((name) => !idPattern.test(ids[name] ?? ''))
  if (wrong.length > 0) return { problem: 'path-invalid', detail: `In the path: ${wrong.join(', ')}.` }
  if (route.body === undefined) return route.handle(ids, {})
  const json = await readJsonBody(context.env.incoming, bounds, runtime)
  if (!json.ok) return json.problem
  const body = checkBody<JsonObject>(route.body.schema, json.value)
  return body.ok ? route.handle(ids, body.value) : body.problem
}

function toResponse(context: Context<App>, reply: Reply | Problem): Response {
  if ('problem' in reply) {
    const body = JSON.stringify(toProblemBody(reply, context.get('requestId')))
    return new Response(body, { status: problems[reply.problem].status, headers: problemHeaders(reply) })
  }
  const { status, body, headers } = reply
  const own = { 'cache-control': 'no-store', ...headers }
  if (body === undefined) return new Response(null, { status, headers: own })
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...own },
  })
}

function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

function methodsOf(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>([
    ['/openapi.json', ['GET', 'HEAD']],
    ['/', ['GET', 'HEAD']],
  ])
  for (const { path, method } of routes) {
    const more = method === 'GET' ? ['GET', 'HEAD'] : [method]
    methods.set(path, [...(methods.get(path) ?? []), ...more])
  }
  return methods
}
