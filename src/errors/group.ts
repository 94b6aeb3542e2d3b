import { isFailedKey, parseFailedBatch } from '../codec/failed-batch.ts'
import type { ErrorFile } from '../delivery/error-file.ts'
import type { Catalog } from '../record/schema.ts'
import type { JsonObject } from '../record/type.ts'
import type { ObjectStore } from '../store/store.ts'
import { type Explanation, explainRecord } from './explain.ts'
import { type Frequency, frequenciesOf } from './frequencies.ts'
import { isOpen, type Provenance, readProvenance, readTries } from './history.ts'
import { maskEnvelope } from './mask.ts'
import { envelopeOf, isErrorKey, parseErrorFile, payloadsOf } from './read.ts'
import type { ErrorGroup, Triage } from './triage.ts'

/** One error file. Personal values are masked. */
export type ErrorReport = {
  readonly key: string
  /** The size of its first record. */
  readonly bytes: number
  /** How often a replay of it failed. */
  readonly tries: number
  readonly replayed: Provenance | undefined
  /** The envelope of its first record; undefined where it is no JSON object. */
  readonly masked?: JsonObject
  /** Undefined for a batch that was discarded, as are the fields below. */
  readonly explanation?: Explanation
  readonly timestamp?: string
  readonly source?: ErrorFile['source']
  readonly attempt?: number
  readonly records?: number
} & Partial<ErrorFile['error']>

/** What the error files of a group have in common, and one of them in detail. Personal values are masked. */
export type GroupReport = ErrorGroup & {
  /** The first `keysMax` of its files. */
  readonly keys: readonly { readonly key: string; readonly tries: number; readonly open: boolean }[]
  /** How many files `frequencies` is over. */
  readonly sampledFiles: number
  readonly frequencies: { readonly records: number; readonly attributes: readonly Frequency[] }
  readonly error: ErrorReport
}

/** At most so many files of a group are read for its frequencies, evenly spread. */
export const sampledMax = 1_000

/** At most so many files of a group are listed. */
export const keysMax = 10_000

/**
 * Returns the group of this fingerprint with its earliest file, or the error file of this key with its group; undefined
 * when there is none.
 */
export function findGroup(
  { entries, groups }: Pick<Triage, 'entries' | 'groups'>,
  name: string,
): { readonly group: ErrorGroup; readonly key: string } | undefined {
  const isKey = isErrorKey(name)
  const fingerprint = isKey ? entries.find(({ key }) => key === name)?.fingerprint : name
  const group = groups.find((candidate) => candidate.fingerprint === fingerprint)
  return group && { group, key: isKey ? name : group.sample }
}

/**
 * Reads what the error files of a group have in common, and explains one of them. Reads `sampledMax` files at most, and
 * the history of replays. Throws as the store does.
 */
export async function describeGroup(
  store: ObjectStore,
  catalog: Catalog,
  { entries, history }: Pick<Triage, 'entries' | 'history'>,
  { group, key }: { readonly group: ErrorGroup; readonly key: string },
): Promise<GroupReport> {
  const keys = entries
    .filter(({ fingerprint }) => fingerprint === group.fingerprint)
    .map((entry) => entry.key)
  const step = Math.max(1, Math.ceil(keys.length / sampledMax))
  const sampled = keys.filter((_, index) => index % step === 0)
  const payloads: Uint8Array[] = []
  for (const one of sampled) {
    const object = await store.get(one)
    payloads.push(...((object && originalsIn(one, object.bytes)) ?? []))
  }
  const tries = await readTries(store, history)
  return {
    ...group,
    keys: keys
      .slice(0, keysMax)
      .map((one) => ({ key: one, tries: tries.get(one) ?? 0, open: isOpen(history, one) })),
    sampledFiles: sampled.length,
    frequencies: frequenciesOf(payloads, catalog),
    error: await describeError(store, catalog, key, tries.get(key) ?? 0),
  }
}

async function describeError(
  store: ObjectStore,
  catalog: Catalog,
  key: string,
  tries: number,
): Promise<ErrorReport> {
  const object = await store.get(key)
  const file = object && parseErrorFile(object.bytes)
  const [payload] = (object && originalsIn(key, object.bytes)) ?? []
  const envelope = payload && envelopeOf(payload)
  return {
    key,
    bytes: payload?.length ?? 0,
    ...(file ? aboutFile(file) : {}),
    tries,
    ...(envelope ? { masked: maskEnvelope(envelope, catalog) } : {}),
    ...(file ? { explanation: explainRecord(file, catalog) } : {}),
    replayed: await readProvenance(store, key),
  }
}

function aboutFile({ timestamp, error, source, attempt, events }: ErrorFile) {
  return { timestamp, ...error, source, attempt, records: events.length }
}

/**
 * Returns the original records of an error file, byte for byte, personal data included; the whole file where it is no
 * error file; undefined when there is no such file. Throws as the store does.
 */
export async function readOriginals(
  store: ObjectStore,
  key: string,
): Promise<readonly Uint8Array[] | undefined> {
  const object = await store.get(key)
  return object && (originalsIn(key, object.bytes) ?? [object.bytes])
}

function originalsIn(key: string, bytes: Uint8Array): readonly Uint8Array[] | undefined {
  if (!isFailedKey(key)) {
    const file = parseErrorFile(bytes)
    return file && payloadsOf(file)
  }
  const batch = parseFailedBatch(bytes)
  return batch?.batches.flatMap(({ records }) => records.map(({ payload }) => payload))
}

/**
 * How to replay a group: `as-is`, when its records are valid and only could not be written; `replace` the record, when its
 * bytes cannot be read; else `edit`.
 */
export function nextStep({
  stage,
  error,
}: Pick<GroupReport, 'stage' | 'error'>): 'as-is' | 'edit' | 'replace' {
  if (isFailedKey(error.key) || stage === 'deliver') return 'as-is'
  return error.explanation?.of === 'bytes' ? 'replace' : 'edit'
}
