import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadCatalog } from '../../../src/catalog.ts'
import { planBatch } from '../../../src/delivery/plan.ts'
import { toRules } from '../../../src/delivery/rules.ts'
import { demands, events, notifications, type Resource, sales } from '../../../src/sample/capture/resource.ts'
import { readSettings } from '../../../src/settings.ts'
import { openApi } from './api.ts'
import { arbitraryBody } from './body.ts'

const catalog = loadCatalog()
const rules = toRules(catalog, readSettings({}))

const routes: readonly (readonly [string, string, Resource, readonly string[]])[] = [
  ['POST', '/demands', demands, []],
  ['POST', '/notifications', notifications, []],
  ['PUT', '/events/event-1', events, ['id']],
  ['PUT', '/sales/event-1/sale-1', sales, ['id', 'eventId']],
]

test.each(routes)('whatever %s %s accepts becomes a valid record', async (method, path, resource, inPath) => {
  const { send, changes, clock } = await openApi()
  const own = catalog.get(resource.type)!.own
  const bodies = arbitraryBody(own, resource.ids, [...resource.omit, ...inPath, 'type'])
  const statuses: { [status: string]: number } = {}
  await fc.assert(
    fc.asyncProperty(bodies, fc.boolean(), async (body, isDeleted) => {
      clock.nowMs += 1000
      const answer = await send(method, path, body)
      expect([200, 201, 400]).toContain(answer.status)
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
      if (answer.status === 400) expect(answer.body.errors.length).toBeGreaterThan(0)
      const records = (await changes()).map(({ bytes, sequence }) => ({ payload: bytes, sequence }))
      if (answer.status === 201) expect(records.length).toBeGreaterThan(0)
      if (answer.status === 400) expect(records).toEqual([])
      const plan = planBatch({ stream: 's', shard: 'x', records }, rules)
      expect(plan.errors.map(({ rejection }) => rejection)).toEqual([])
      expect(plan.repairedTexts).toBe(0)
      // What the API answers is what it stored: sent back, it changes nothing.
      if (answer.status === 400) return
      const { expiresAt: _, date, ...fields } = answer.body
      const again = await send(method, path, {
        ...fields,
        ...(resource === demands && { date: { requested: date.requested } }),
        ...(resource === notifications && { date }),
      })
      expect(again.status).toBe(200)
      expect(await changes()).toEqual([])
      // The row of a delete comes from the same image.
      if (!isDeleted || resource !== demands) return
      await send('DELETE', `/demands/${fields.eventId}/${fields.saleId}/${fields.fanId}`)
      const removed = (await changes()).map(({ bytes, sequence }) => ({ payload: bytes, sequence }))
      expect(planBatch({ stream: 's', shard: 'x', records: removed }, rules)).toMatchObject({
        objects: [{ deletes: 1 }],
        errors: [],
      })
    }),
    { numRuns: 150 },
  )
  expect((statuses[200] ?? 0) + (statuses[201] ?? 0)).toBeGreaterThan(20)
  expect(statuses[400]).toBeGreaterThan(5)
})
