import { decodeUtf8 } from '../codec/envelope.ts'
import { PipelineError } from '../record/error.ts'
import { isObject, type Json } from '../record/type.ts'
import { applyOperation, operands, type PatchOperation } from './patch.ts'
import { type ReadFile, readSources, type ValueSource, ValuesInvalid } from './values.ts'

/** How the records of error files are changed before they are delivered. */
export type Edit = {
  /** The payload as it is to be delivered, or why the edit cannot be applied to it. */
  readonly apply: (payload: Uint8Array) => Edited
  /** What it changes, and no value: it may be kept and shown. */
  readonly summary: {
    readonly kind: 'none' | 'patch' | 'replacement'
    readonly operations?: readonly { readonly op: string; readonly path: string; readonly from?: string }[]
    /** Where values of the operations are taken from, and their names. */
    readonly values?: readonly { readonly from: string; readonly names: readonly string[] }[]
  }
}

export type Edited =
  | { readonly ok: true; readonly payload: Uint8Array }
  /** The message holds no value of the record or of the edit. */
  | { readonly ok: false; readonly message: string }

/** Delivers the records as they are: their cause is mended elsewhere. */
export const noEdit: Edit = { apply: (payload) => ({ ok: true, payload }), summary: { kind: 'none' } }

/** Puts these bytes in the place of a payload, whatever that is. */
export function replaceBy(bytes: Uint8Array): Edit {
  return { apply: () => ({ ok: true, payload: bytes }), summary: { kind: 'replacement' } }
}

const operationsMax = 1_000

/** Stands in a suggested edit for a value that a person has to fill in; an edit that still holds it is refused. */
export const placeholder = '…'

/**
 * A JSON Patch (RFC 6902) on the envelope: all of its operations, in order, or none. What it leaves alone keeps its
 * value and place; white space of the original is not kept. Instead of the list of operations there may be an object
 * `{"values": [...], "patch": [...]}`: `values` takes texts out of each record, as `readSources` says, and `${name}` in a
 * value of the patch stands for such a text.
 *
 * `readFile` reads a table that the edit names.
 *
 * @throws PipelineError INPUT_INVALID, naming the operation, when the bytes are no patch, or when a value of it is
 * still the placeholder of a suggested edit.
 */
export function parsePatch(bytes: Uint8Array, name: string, readFile: ReadFile = noFiles): Edit {
  const { operations, sources } = readEdit(bytes, name, readFile)
  const values = sources.map(({ from, names }) => ({ from: maskPointer(from), names }))
  return {
    summary: {
      kind: 'patch',
      operations: operations.map(({ op, path, from }) => ({
        op,
        path: maskPointer(path),
        ...(from === undefined ? {} : { from: maskPointer(from) }),
      })),
      ...(values.length === 0 ? {} : { values }),
    },
    apply: (payload) => {
      const text = decodeUtf8(payload)
      if (text === undefined) return cannot('the record is not UTF-8: replace it whole, with --with')
      let envelope: Json
      try {
        envelope = JSON.parse(text) as Json
      } catch {
        return cannot('the record is not JSON: replace it whole, with --with')
      }
      const texts = new Map<string, string>()
      for (const { take } of sources) {
        const taken = take(envelope)
        if (typeof taken === 'string') return cannot(taken)
        for (const [one, value] of taken) texts.set(one, value)
      }
      for (const [index, operation] of operations.entries()) {
        const patched = applyOperation(envelope, withTexts(operation, texts))
        if (!patched.ok) return cannot(`${nameOf(operation, index)}: ${patched.why}`)
        envelope = patched.document
      }
      try {
        return { ok: true, payload: Buffer.from(JSON.stringify(envelope), 'utf8') }
      } catch {
        // Reading takes no stack, writing does.
        return cannot('the record is nested too deeply to be written again: replace it whole, with --with')
      }
    },
  }
}

const noFiles: ReadFile = () => {
  throw new ValuesInvalid('a table cannot be read here')
}

const textPattern = /\$\{(\w+)\}/g

/** The operation with the texts in the places of their names. */
function withTexts(operation: PatchOperation, texts: ReadonlyMap<string, string>): PatchOperation {
  if (texts.size === 0 || operation.value === undefined) return operation
  const value = JSON.stringify(operation.value).replace(textPattern, (_, name: string) =>
    JSON.stringify(texts.get(name) ?? '').slice(1, -1),
  )
  return { ...operation, value: JSON.parse(value) as Json }
}

function cannot(message: string): Edited {
  return { ok: false, message }
}

/** An operation as messages name it, with no value: `operation 2, move /a to /b`. */
function nameOf({ op, path, from }: PatchOperation, index: number): string {
  return `operation ${index + 1}, ${op} ${from === undefined ? '' : `${maskPointer(from)} to `}${maskPointer(path)}`
}

type Read = { readonly operations: readonly PatchOperation[]; readonly sources: readonly ValueSource[] }

function readEdit(bytes: Uint8Array, name: string, readFile: ReadFile): Read {
  let edit: Json
  try {
    edit = JSON.parse(decodeUtf8(bytes) ?? '') as Json
  } catch {
    throw new PipelineError('INPUT_INVALID', `${name} is no JSON Patch (RFC 6902): it is not JSON`)
  }
  if (!isObject(edit)) return { operations: readPatch(edit, name), sources: [] }
  const bad = (why: string, cause?: unknown) =>
    new PipelineError('INPUT_INVALID', `${name} is no edit: ${why}`, { cause })
  const unknown = Object.keys(edit).find((member) => member !== 'values' && member !== 'patch')
  if (unknown !== undefined)
    throw bad('it has to be a JSON Patch, or an object of "values" and "patch" alone')
  const operations = readPatch(edit.patch ?? null, `"patch" of ${name}`)
  try {
    const sources = readSources(edit.values, readFile)
    const names = new Set(sources.flatMap((source) => source.names))
    for (const [index, operation] of operations.entries())
      for (const [, used = ''] of JSON.stringify(operation.value ?? null).matchAll(textPattern))
        if (!names.has(used)) throw bad(`${nameOf(operation, index)}: "values" takes no ${used}`)
    return { operations, sources }
  } catch (cause) {
    if (cause instanceof ValuesInvalid) throw bad(cause.message, cause)
    // JSON is read without a stack, and is not written without one.
    if (cause instanceof RangeError) throw bad('a value is nested too deeply', cause)
    throw cause
  }
}

function readPatch(patch: Json, name: string): readonly PatchOperation[] {
  const bad = (why: string): never => {
    throw new PipelineError('INPUT_INVALID', `${name} is no JSON Patch (RFC 6902): ${why}`)
  }
  if (!Array.isArray(patch)) return bad('it has to be a list of operations')
  if (patch.length === 0) return bad('it has no operation')
  if (patch.length > operationsMax) return bad(`it has more than ${operationsMax} operations`)
  return patch.map((operation: Json, index): PatchOperation => {
    const at = `operation ${index + 1}`
    if (!isObject(operation)) return bad(`${at} is no object`)
    const { op, path, from } = operation
    if (typeof op !== 'string' || !Object.hasOwn(operands, op))
      return bad(`${at}: "op" has to be one of ${Object.keys(operands).join(', ')}`)
    const operand = operands[op as PatchOperation['op']]
    for (const member of ['path', ...(operand === 'from' ? ['from'] : [])])
      if (!isPointer(operation[member]))
        return bad(`${at}: "${member}" has to be a JSON Pointer such as /dynamodb/NewImage/id`)
    if (operand === 'value' && !Object.hasOwn(operation, 'value')) return bad(`${at}: "value" is missing`)
    const read: PatchOperation = {
      op: op as PatchOperation['op'],
      path: path as string,
      ...(operand === 'from' ? { from: from as string } : {}),
      ...(operand === 'value' ? { value: operation.value as Json } : {}),
    }
    if (read.value !== undefined && holdsPlaceholder(read.value))
      throw new PipelineError(
        'INPUT_INVALID',
        `${name} is not filled in: ${nameOf(read, index)}: write the right value in the place of "${placeholder}"`,
      )
    return read
  })
}

/** True when a text in the value is the placeholder. A loop: the value may be nested deeply. */
function holdsPlaceholder(value: Json): boolean {
  const values: Json[] = [value]
  for (let one = values.pop(); one !== undefined; one = values.pop()) {
    if (one === placeholder) return true
    if (typeof one === 'object' && one !== null) for (const inner of Object.values(one)) values.push(inner)
  }
  return false
}

// RFC 6901; a name that would reach into JavaScript's own objects is no attribute.
function isPointer(text: Json | undefined): boolean {
  return (
    typeof text === 'string' && /^(\/([^~]|~[01])*)?$/.test(text) && !text.split('/').includes('__proto__')
  )
}

/** A pointer in which names that a program would not choose are hidden: they may be personal. */
export function maskPointer(pointer: string): string {
  return pointer
    .split('/')
    .map((part) => (part === '' || /^(\d{1,4}|-|[A-Za-z][\w.:~-]{0,127})$/.test(part) ? part : '•••'))
    .join('/')
}
