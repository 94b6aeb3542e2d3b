import { createHash } from 'node:crypto'
import type { ErrorFile } from '../delivery/errorfile.ts'
import type { Catalog } from '../record/schema.ts'
import { isObject } from '../record/type.ts'
import type { ObjectStore } from '../store/store.ts'
import { envelopeOf, errorsPrefix, imagesOf, parseErrorFile, payloadsOf } from './read.ts'

/** Error files of one cause. No part of it holds a value of a record. */
export type ErrorGroup = {
  /** Names the cause: eight hexadecimal digits over stage, code, type and path. */
  readonly fingerprint: string
  readonly stage: string
  readonly code: string
  /** The record type, `-` where the record names none that is known. */
  readonly type: string
  /** Where in the record; the number of a list's item is written `#`. */
  readonly path: string
  readonly message: string
  readonly files: number
  readonly records: number
  /** ISO-8601 UTC. */
  readonly firstSeen: string
  readonly lastSeen: string
  /** The key of the earliest file. */
  readonly sample: string
}

/** What makes two errors one cause: never the message, which may change with a release. */
function causeOf(file: ErrorFile, catalog: Catalog): Pick<ErrorGroup, 'stage' | 'code' | 'type' | 'path'> {
  const { stage, code, path = '' } = file.error
  return { stage, code, type: typeOf(file, catalog), path: path.replace(/\/\d+(?=\/|$)/g, '/#') }
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

/** The fingerprint of an error file's cause. */
export function fingerprintOf(file: ErrorFile, catalog: Catalog): string {
  const { stage, code, type, path } = causeOf(file, catalog)
  return createHash('sha256')
    .update(JSON.stringify([stage, code, type, path]))
    .digest('hex')
    .slice(0, 8)
}

/**
 * Groups all error files of an archive by cause, the largest group first. `onFile` is told how many files were
 * read. Files in `errors/` that are no error files are counted in `foreign`. Throws as the store does.
 */
export async function groupErrors(
  store: ObjectStore,
  catalog: Catalog,
  onFile: (files: number) => Promise<void> = async () => {},
): Promise<{ readonly groups: readonly ErrorGroup[]; readonly foreign: number }> {
  const groups = new Map<string, ErrorGroup>()
  let foreign = 0
  let files = 0
  for await (const { key } of store.list(errorsPrefix)) {
    const object = await store.get(key)
    if (!object) continue
    await onFile(++files)
    const file = parseErrorFile(object.bytes)
    if (!file) foreign += 1
    else {
      const fingerprint = fingerprintOf(file, catalog)
      groups.set(fingerprint, join(groups.get(fingerprint), file, key, fingerprint, catalog))
    }
  }
  const sorted = [...groups.values()].sort(
    (a, b) => b.records - a.records || (a.fingerprint < b.fingerprint ? -1 : 1),
  )
  return { groups: sorted, foreign }
}

function join(
  group: ErrorGroup | undefined,
  file: ErrorFile,
  key: string,
  fingerprint: string,
  catalog: Catalog,
): ErrorGroup {
  const seen = file.timestamp
  if (!group) {
    const { message } = file.error
    const records = file.events.length
    return {
      fingerprint,
      ...causeOf(file, catalog),
      message,
      files: 1,
      records,
      firstSeen: seen,
      lastSeen: seen,
      sample: key,
    }
  }
  return {
    ...group,
    files: group.files + 1,
    records: group.records + file.events.length,
    firstSeen: seen < group.firstSeen ? seen : group.firstSeen,
    lastSeen: seen > group.lastSeen ? seen : group.lastSeen,
    sample: seen < group.firstSeen ? key : group.sample,
  }
}
