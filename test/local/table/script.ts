import type { EmbeddedTable } from '../../../src/local/table/embedded.ts'
import type { Item } from '../../../src/local/table.ts'
import { itemOf, keyOf } from './items.ts'

/** What a script does to one item: its number makes its bytes, `undefined` deletes it. */
export type Step = { readonly key: number; readonly n: number; readonly item: Item | undefined }

export const scriptKeys = 7

/** The steps of a seed: each key has its own order, and sizes vary. */
export function scriptOf(seed: number, count: number): Step[] {
  let state = seed
  const below = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  return Array.from({ length: count }, (_, n) => {
    const key = below(scriptKeys)
    const isDelete = below(5) === 0
    const text = `${n}é`.repeat(1 + below(below(4) === 0 ? 4000 : 40))
    return { key, n, item: isDelete ? undefined : itemOf(key, { n: { N: String(n) }, text: { S: text } }) }
  })
}

/** Does the steps of each key in order, the keys side by side, and says each that is acknowledged. */
export async function runScript(
  { table, sweep }: EmbeddedTable,
  steps: readonly Step[],
  say: (n: number) => void,
): Promise<void> {
  const lanes = Array.from({ length: scriptKeys }, async (_, key) => {
    for (const step of steps) {
      if (step.key !== key) continue
      if (step.item) await table.put(step.item)
      else await table.delete(keyOf(key))
      say(step.n)
      if (step.n % 9 === 0) await sweep()
    }
  })
  await Promise.all(lanes)
}

/** All items by folding the stream, of whatever shard, in the order of its sequence numbers. */
export async function foldStream({ source }: EmbeddedTable): Promise<Map<string, Item>> {
  const records = []
  for (const { id } of await source.listShards()) {
    for (let position: Parameters<typeof source.read>[1] = 'oldest'; ; ) {
      const read = await source.read(id, position, { recordsMax: 1000 })
      records.push(...read.records)
      position = read.next
      if (read.isEnded || (read.records.length === 0 && read.behindMs === 0)) break
    }
  }
  records.sort((a, b) => (a.sequence < b.sequence ? -1 : 1))
  const items = new Map<string, Item>()
  for (const { bytes } of records) {
    const { Keys, NewImage, OldImage } = JSON.parse(Buffer.from(bytes).toString('utf8')).dynamodb
    const key = `${Keys.PK.S} ${Keys.SK.S}`
    const before = items.get(key)
    if (JSON.stringify(before) !== JSON.stringify(OldImage))
      throw new Error(`${key}: the old image is another`)
    if (NewImage) items.set(key, NewImage)
    else items.delete(key)
  }
  return items
}
