import { createHash } from 'node:crypto'
import type { ErrorFile } from '../delivery/error-file.ts'
import type { Catalog } from '../record/schema.ts'
import { isObject } from '../record/type.ts'
import { envelopeOf, imagesOf, payloadsOf } from './read.ts'

/** What errors of one group have in common. No part of it holds a value of a record. */
export type Cause = {
  readonly stage: string
  readonly code: string
  /** The record type, `-` where the record names none that is known. */
  readonly type: string
  /** Where in the record, a JSON Pointer; the number of a list's item is written `#`, a name that none would choose `•••`. */
  readonly path: string
}

/** What makes an error file one cause with others: never the message, which may change with a release. */
export function causeOf(file: ErrorFile, catalog: Catalog): Cause {
  const { stage, code, path = '' } = file.error
  return { stage, code, type: typeOf(file, catalog), path: path.split('/').map(generalize).join('/') }
}

/** The fingerprint of a cause: eight hexadecimal digits over stage, code, type and path. */
export function fingerprintOf({ stage, code, type, path }: Cause): string {
  return createHash('sha256')
    .update(JSON.stringify([stage, code, type, path]))
    .digest('hex')
    .slice(0, 8)
}

/** A name in a map may be personal, and each would make a group of its own. */
function generalize(part: string): string {
  if (part === '') return part
  return /^\d+$/.test(part) ? '#' : /^[A-Za-z][\w.:~-]{0,127}$/.test(part) ? part : '•••'
}

function typeOf(file: ErrorFile, catalog: Catalog): string {
  const [payload] = payloadsOf(file)
  const envelope = payload && envelopeOf(payload)
  for (const image of envelope ? imagesOf(envelope).values() : []) {
    const name = isObject(image.type) ? image.type.S : undefined
    if (typeof name === 'string' && catalog.has(name)) return name
  }
  return '-'
}
