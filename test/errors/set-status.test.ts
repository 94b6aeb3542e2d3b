import { beforeEach, expect, test } from 'vitest'
import { noteProblem, setStatus } from '../../src/errors/set-status.ts'
import type { Status } from '../../src/errors/status.ts'
import { triage } from '../../src/errors/triage.ts'
import { PipelineError } from '../../src/record/error.ts'
import type { ObjectTag } from '../../src/store/store.ts'
import { addSale, catalog, type ErrorArchive, openErrorArchive, replayAll, withoutSale } from './archive.ts'

let archive: ErrorArchive
beforeEach(async () => {
  archive = openErrorArchive()
  await archive.deliver([withoutSale(1), withoutSale(2), withoutSale(3)])
})

/** Gives the one group a status; returns what came of it and the tags that were written. */
async function give(status: Status, fails = false) {
  const tags = new Map<string, string>()
  const store = {
    ...archive.store,
    tag: async (key: string, { value }: ObjectTag) => {
      if (fails) throw new PipelineError('STORE_UNAVAILABLE', 'tagging is denied')
      tags.set(key, value)
    },
  }
  const found = await triage(store, catalog)
  const change = await setStatus(store, found, found.groups[0]!, { status, by: 'ops', note: 'OPS-1' }, 1_000)
  return { change, tags }
}

test('a status is added to the log, and the group has it', async () => {
  const { change, tags } = await give('acknowledged')
  expect(change).toEqual({ key: expect.stringMatching(/^triage\//), before: 'new', untagged: 0 })
  expect(tags.size).toBe(0)
  const [group] = (await triage(archive.store, catalog)).groups
  expect(group).toMatchObject({
    state: 'acknowledged',
    said: [{ by: 'ops', note: 'OPS-1', covers: { files: 3 } }],
  })
})

test('the open files of an ignored group expire, and stay once it is taken up again', async () => {
  const [replayed, ...open] = await archive.keys('errors/')
  await replayAll(archive.store, addSale(), { keys: [replayed!] })
  expect(open.length).toBeGreaterThan(0)
  const ignored = await give('ignored')
  expect([...ignored.tags.keys()].sort()).toEqual(open)
  const again = await give('new')
  expect(again.change.before).toBe('ignored')
  expect([...again.tags.keys()].sort()).toEqual(open)
  for (const key of open) expect(again.tags.get(key)).not.toBe(ignored.tags.get(key))
})

test('files that cannot be tagged are counted, and the status holds all the same', async () => {
  expect((await give('ignored', true)).change.untagged).toBe(3)
  expect((await triage(archive.store, catalog)).groups[0]?.state).toBe('ignored')
})

test('a note is one short line that looks like no address and no telephone number', () => {
  for (const note of ['OPS-12: an upstream deploy', '', 'x'.repeat(200)])
    expect(noteProblem(note)).toBeUndefined()
  for (const note of ['two\nlines', 'x'.repeat(201)])
    expect(noteProblem(note)).toBe('takes one line of up to 200 characters')
  for (const note of ['ask fan@example.com', 'call +1 202 555-0100'])
    expect(noteProblem(note)).toMatch(/address or a telephone number/)
})
