import { afterAll, describe, expect, test } from 'vitest'
import { canaries, demandChange, toEvent } from './events.ts'
import { startFunction } from './function.ts'
import { endpoint, makeArchive, nodes, readObjects, unzip } from './lane.ts'

// The largest batches that an event source mapping may be told to make: 10,000 records, and 6 MB of event. Both at once
// there cannot be, with changes of DynamoDB: the ten thousand are 14 MB here.

const taskRoot = unzip()
const eventBytesMax = 6_000_000
const many = toEvent(Array.from({ length: 10_000 }, (_, index) => demandChange(index, 7)))
const dates = 1_000
const scattered = toEvent(Array.from({ length: dates }, (_, index) => demandChange(index, dates)))
const batches = [
  ['of 10,000 records', many, 7],
  ['of 6 MB in records of 2 kB', upTo(eventBytesMax, 300), 7],
  ['of 6 MB in records of 350 kB', upTo(eventBytesMax, 350_000), 7],
  ['of 1,000 records, each of a date of its own', scattered, dates],
] as const
const memoriesMb = [512, 1024]

const told: string[] = []
afterAll(() => void process.stderr.write(`${told.join('\n')}\n`))

describe.each(nodes)('the function on Node %s', (major, node) => {
  test.each(memoriesMb.flatMap((memoryMb) => batches.map((batch) => [memoryMb, ...batch] as const)))(
    'takes in %i MB a batch %s, three times',
    async (memoryMb, what, event, objects) => {
      const { url, store } = await makeArchive()
      const env = { DMD_ARCHIVE: url, AWS_ENDPOINT_URL_S3: endpoint }
      const worker = await startFunction({ node, major, taskRoot, memoryMb, env })
      const tookMs: number[] = []
      for (let time = 0; time < 3; time++) {
        const outcome = await worker.invoke(event)
        expect(outcome).toMatchObject({ ok: true })
        tookMs.push(outcome.tookMs)
      }
      const peakMb = worker.peakMb()
      const log = await worker.end()
      const { length } = event.Records
      const delivered = log.match(/"batch delivered".*?"errored":0/g) ?? []
      expect(delivered).toHaveLength(3)
      expect(log.match(new RegExp(`"records":${length},"delivered":${length}`, 'g'))).toHaveLength(3)
      for (const canary of canaries) expect(log).not.toContain(canary)
      const found = await readObjects(store)
      expect(found.size).toBe(objects)
      expect([...found.keys()].every((key) => key.startsWith('data/demand/'))).toBe(true)
      if (peakMb !== undefined) expect(peakMb).toBeLessThan(memoryMb)
      const megabytes = (JSON.stringify(event).length / 1e6).toFixed(1)
      const times = tookMs.map((ms) => Math.round(ms)).join(', ')
      told.push(
        `Node ${major}, ${memoryMb} MB, a batch ${what}: ${length} records, ${megabytes} MB, ${objects} objects; init ${Math.round(worker.initMs)} ms; took ${times} ms; peak ${peakMb?.toFixed(0)} MB`,
      )
    },
  )
})

/** As many records, each with a text so long, as an event of so many bytes can hold. */
function upTo(bytesMax: number, textLength: number) {
  const sizeOf = (count: number) =>
    JSON.stringify(toEvent(Array.from({ length: count }, (_, n) => demandChange(n, 7, text)))).length
  const text = 'x'.repeat(textLength)
  const each = sizeOf(2) - sizeOf(1)
  // The later ones have longer numbers in them: a hundredth is left for those.
  const count = Math.floor((bytesMax * 0.99) / each)
  return toEvent(Array.from({ length: count }, (_, n) => demandChange(n, 7, text)))
}
