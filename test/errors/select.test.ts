import { beforeEach, expect, test } from 'vitest'
import { describeSelection, type SelectionRequest, selectErrors } from '../../src/errors/select.ts'
import { setStatus } from '../../src/errors/set-status.ts'
import { triage } from '../../src/errors/triage.ts'
import { change, eventItem } from '../changes.ts'
import { addSale, catalog, type ErrorArchive, openErrorArchive, replayAll, withoutSale } from './archive.ts'

let archive: ErrorArchive
beforeEach(async () => {
  archive = openErrorArchive()
  const { id: _, ...withoutId } = eventItem
  await archive.deliver([
    withoutSale(1),
    withoutSale(2),
    change({ item: withoutId as never, at: '2025-02-13T20:00:00Z' }),
    Buffer.from('{'),
  ])
})

const select = async (request: SelectionRequest) =>
  selectErrors(await triage(archive.store, catalog), request)
const count = async (request: SelectionRequest) => (await select(request))?.keys.length
const saleGroup = async () => {
  const found = await triage(archive.store, catalog)
  return { found, group: found.groups.find(({ path }) => path === '/saleId')! }
}

test('without a name all open errors are selected, in the order of their keys', async () => {
  const selected = await select({})
  expect(selected).toEqual({ keys: await archive.keys('errors/'), replayedBefore: 0 })
  expect(selected?.keys).toHaveLength(4)
})

test('code, type and time narrow the selection, alone and together', async () => {
  expect(await count({ code: 'NOT_JSON' })).toBe(1)
  expect(await count({ type: 'demand' })).toBe(2)
  expect(await count({ type: '-' })).toBe(1)
  const sinceMs = Date.parse('2025-02-13T20:00:00Z')
  expect(await count({ sinceMs })).toBe(1)
  expect(await count({ sinceMs: sinceMs + 1 })).toBe(0)
  expect(await count({ type: 'demand', sinceMs })).toBe(0)
  expect(await count({ code: 'FIELD_MISSING', type: 'event' })).toBe(1)
})

test('a name selects the files of one group, or one file, and nothing when it is unknown', async () => {
  const { group } = await saleGroup()
  expect(await count({ name: group.fingerprint })).toBe(2)
  expect(await select({ name: group.sample })).toEqual({ keys: [group.sample], replayedBefore: 0 })
  expect(await select({ name: '00000000' })).toBeUndefined()
  expect(await select({ name: 'errors/20250213T183000000Z-none.json' })).toBeUndefined()
})

test('replayed errors are left out and counted; by their name they are selected again when none is open', async () => {
  const { found, group } = await saleGroup()
  const own = found.entries.flatMap(({ key, fingerprint }) =>
    fingerprint === group.fingerprint ? [key] : [],
  )
  await replayAll(archive.store, addSale(), { keys: own.slice(0, 1) })
  expect(await select({ name: group.fingerprint })).toEqual({ keys: own.slice(1), replayedBefore: 1 })
  await replayAll(archive.store, addSale(), { keys: own.slice(1) })
  expect(await select({ name: group.fingerprint })).toEqual({ keys: own, replayedBefore: 2 })
  expect(await select({ name: own[0] })).toEqual({ keys: own.slice(0, 1), replayedBefore: 1 })
  expect(await select({ type: 'demand' })).toEqual({ keys: [], replayedBefore: 2 })
  expect(await count({})).toBe(2)
})

test('an ignored group is selected by its name only', async () => {
  const { found, group } = await saleGroup()
  await setStatus(archive.store, found, group, { status: 'ignored', by: 'ops' }, 0)
  expect(await count({})).toBe(2)
  expect(await count({ type: 'demand' })).toBe(0)
  expect(await count({ name: group.fingerprint })).toBe(2)
  expect(await count({ name: group.sample })).toBe(1)
})

test('a selection is described by its name and its filters, else as all', () => {
  expect(describeSelection({})).toBe('all')
  expect(describeSelection({ name: 'a1b2c3d4' })).toBe('a1b2c3d4')
  expect(describeSelection({ type: 'demand', since: '24h' })).toBe('type demand, since 24h')
  expect(describeSelection({ name: 'a1b2c3d4', code: 'NOT_JSON' })).toBe('a1b2c3d4, code NOT_JSON')
})
