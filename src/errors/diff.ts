import type { Catalog } from '../record/schema.ts'
import { isObject, type Json } from '../record/type.ts'
import { maskPointer } from './edit.ts'
import { maskEnvelope } from './mask.ts'
import { envelopeOf } from './read.ts'

/** One place in which two envelopes differ. Values are masked as `dmd errors show` masks them. */
export type Difference = {
  /** A JSON Pointer into the envelope. */
  readonly path: string
  /** The value before, as JSON; undefined where there was none. */
  readonly before?: string
  readonly after?: string
}

/**
 * Where two payloads differ. Payloads that are no JSON objects, or are nested too deeply to be compared, differ as a whole,
 * and only their sizes are told.
 */
export function diffPayloads(before: Uint8Array, after: Uint8Array, catalog: Catalog): readonly Difference[] {
  if (Buffer.compare(before, after) === 0) return []
  const whole = [{ path: '', before: `${before.length} bytes`, after: `${after.length} bytes` }]
  const [one, other] = [envelopeOf(before), envelopeOf(after)]
  if (!one || !other) return whole
  const [shownOne, shownOther] = [maskEnvelope(one, catalog), maskEnvelope(other, catalog)]
  try {
    return [...differences('', one, other, shownOne, shownOther)]
  } catch (error) {
    // The stack's end.
    if (error instanceof RangeError) return whole
    throw error
  }
}

/** Walks the values and what is shown of them side by side: a masked value may have changed. */
function* differences(
  path: string,
  before: Json | undefined,
  after: Json | undefined,
  shownBefore: Json | undefined,
  shownAfter: Json | undefined,
): Generator<Difference> {
  if (isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      yield* differences(
        `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        own(before, name),
        own(after, name),
        own(shownBefore, name),
        own(shownAfter, name),
      )
    return
  }
  // Only where there is nothing below to be walked: what is compared here is compared once.
  if (JSON.stringify(before) === JSON.stringify(after)) return
  yield {
    path: maskPointer(path),
    ...(before === undefined ? {} : { before: shown(shownBefore) }),
    ...(after === undefined ? {} : { after: shown(shownAfter) }),
  }
}

function own(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** What stands under another name when it is shown, or not at all, is hidden. */
function shown(value: Json | undefined): string {
  return value === undefined ? '•••' : JSON.stringify(value)
}
