import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { decodeUtf8 } from '../../codec/envelope.ts'
import { isObject, type Json } from '../../record/type.ts'
import type { Runtime } from '../../runtime.ts'
import type { Bounds } from './bounds.ts'
import type { FieldError, Problem } from './problem.ts'

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem }

const close = { connection: 'close' }
// A sender that is in the middle of a large body reads no answer before it is through with it.
const discardFactor = 32

/** The JSON in the body of a request that says it has some. */
export async function readJsonBody(
  incoming: IncomingMessage,
  bounds: Bounds,
  runtime: Runtime,
): Promise<Read<Json>> {
  const mediaType = incoming.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') return refuse({ problem: 'media-type-unsupported', headers: close })
  const read = await readBytes(incoming, bounds, runtime)
  if (!read.ok) return read
  const text = decodeUtf8(read.value)
  if (text === undefined) return refuse({ problem: 'body-not-json', detail: 'The body is not UTF-8.' })
  if (isTooDeep(text, bounds.depthMax))
    return refuse({
      problem: 'body-invalid',
      detail: `The body is nested deeper than ${bounds.depthMax} levels.`,
    })
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    // The parser's own message quotes the body.
    return refuse({ problem: 'body-not-json' })
  }
}

function readBytes(incoming: IncomingMessage, bounds: Bounds, { timer }: Runtime): Promise<Read<Buffer>> {
  const { bodyBytesMax, bodyWaitMs } = bounds
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const finish = (read: Read<Buffer>) => {
      stop()
      incoming.off('data', take).off('end', end).off('close', lost).off('error', lost)
      resolve(read)
    }
    const slow: Problem = { problem: 'request-slow', headers: close }
    const large: Problem = {
      problem: 'body-too-large',
      detail: `A body has ${bodyBytesMax} bytes at most.`,
      headers: close,
    }
    const stop = timer(bodyWaitMs, () => finish(refuse(bytes > bodyBytesMax ? large : slow)))
    const take = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bodyBytesMax) chunks.push(chunk)
      else if (bytes > bodyBytesMax * discardFactor) finish(refuse(large))
    }
    const end = () =>
      finish(bytes > bodyBytesMax ? refuse(large) : { ok: true, value: Buffer.concat(chunks) })
    const lost = () => finish(refuse(slow))
    if (Number(incoming.headers['content-length'] ?? 0) > bodyBytesMax * discardFactor) finish(refuse(large))
    else incoming.on('data', take).on('end', end).on('close', lost).on('error', lost)
  })
}

/** Whether brackets outside of texts are nested deeper than so. */
function isTooDeep(text: string, depthMax: number): boolean {
  let depth = 0
  let isText = false
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]
    if (isText) {
      if (unit === '\\') at += 1
      else if (unit === '"') isText = false
    } else if (unit === '"') {
      isText = true
    } else if (unit === '{' || unit === '[') {
      depth += 1
      if (depth > depthMax) return true
    } else if (unit === '}' || unit === ']') {
      depth -= 1
    }
  }
  return false
}

/** The body as its schema says, or a problem that names every field that is wrong. */
export function checkBody<T>(schema: z.ZodType<T>, body: Json): Read<T> {
  const result = schema.safeParse(body)
  if (result.success) return { ok: true, value: result.data }
  const errors = result.error.issues.flatMap((issue) => toErrors(issue, body)).slice(0, errorsMax)
  return refuse({ problem: 'body-invalid', errors })
}

const errorsMax = 50
const nameLengthMax = 64

function toErrors(issue: z.core.$ZodIssue, body: Json): FieldError[] {
  const pointer = toPointer(issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => ({
      pointer: `${pointer}${toPointer([name])}`,
      detail: 'is no field that can be given here',
    }))
  return [{ pointer, detail: detailOf(issue, valueAt(body, issue.path)) }]
}

/** What is wrong, without a word of what was given. */
function detailOf(issue: z.core.$ZodIssue, given: Json | undefined): string {
  if (given === undefined) return 'is required'
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${issue.expected === 'int' ? 'a whole number' : `of type ${issue.expected}`}`
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : `must be at least ${issue.minimum}`
    case 'too_big': {
      const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : ''
      return unit ? `must have ${issue.maximum}${unit} at most` : `must be at most ${issue.maximum}`
    }
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`
    case 'custom':
    case 'invalid_format':
      return issue.message
    default:
      return 'is not what the field takes'
  }
}

/** A JSON Pointer; names that a caller made up are cut short. */
function toPointer(path: readonly PropertyKey[]): string {
  return path
    .map((step) => {
      const name = String(step).toWellFormed().slice(0, nameLengthMax)
      return `/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`
    })
    .join('')
}

function valueAt(body: Json, path: readonly PropertyKey[]): Json | undefined {
  let value: Json | undefined = body
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)]
    else value = isObject(value) && Object.hasOwn(value, String(step)) ? value[String(step)] : undefined
  }
  return value
}

function refuse(problem: Problem): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem }
}
