import { createHash } from 'node:crypto'
import type { ObjectStore } from '../../src/store/store.ts'

/** Bytes that carry their own checksum, so that a part of them, or parts of two, are told from a whole object. */
export function sealed(label: string, size = 1000): Uint8Array {
  const body = `${label}\n${'.'.repeat(size)}`
  return Buffer.from(`${createHash('sha256').update(body).digest('hex')}\n${body}`)
}

/** The label of sealed bytes; throws when they are not whole. */
export function unsealed(bytes: Uint8Array): string {
  const content = Buffer.from(bytes).toString()
  const body = content.slice(65)
  if (createHash('sha256').update(body).digest('hex') !== content.slice(0, 64)) throw new Error('torn')
  return body.slice(0, body.indexOf('\n'))
}

/** Makes the archive that the steps start from. */
export async function prepare(store: ObjectStore): Promise<void> {
  await store.put('old', sealed('old'))
  await store.put('gone', sealed('gone'))
}

/** One change of each kind. Doing one again, after it was done or half done, ends in the same state. */
export const steps = {
  create: (store: ObjectStore) =>
    store.put('new/folder/key', sealed('new'), { condition: { ifAbsent: true } }),
  overwrite: (store: ObjectStore) => store.put('old', sealed('new')),
  replace: async (store: ObjectStore) =>
    store.put('old', sealed('new'), { condition: { ifMatch: (await store.head('old'))!.etag } }),
  delete: (store: ObjectStore) => store.delete('gone'),
} as const

export type Step = keyof typeof steps

/** The object that a step changes, as its label; undefined when there is none. */
export async function stateOf(store: ObjectStore, step: Step): Promise<string | undefined> {
  const key = { create: 'new/folder/key', overwrite: 'old', replace: 'old', delete: 'gone' }[step]
  const got = await store.get(key)
  return got === undefined ? undefined : unsealed(got.bytes)
}

/** That label before and after the step. */
export const states: Record<Step, readonly [string | undefined, string | undefined]> = {
  create: [undefined, 'new'],
  overwrite: ['old', 'new'],
  replace: ['old', 'new'],
  delete: ['gone', undefined],
}
