import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldStream } from '../../local/table/script.ts'
import { openApi } from './api.ts'

type Request = { readonly fan: number; readonly sale: number } & (
  | { readonly what: 'ask'; readonly email: number; readonly dated?: string | undefined }
  | { readonly what: 'cancel' | 'repeat' }
  | { readonly what: 'message'; readonly group: number; readonly isSent: boolean }
)
type Dates = { requested: string; triggered?: string; notified?: string }
type Expected = { readonly email: string; readonly date: Dates }

/** Long before the clock's time, some seconds after its start, and after all that the test sends. */
const dated = fc.constantFrom(
  undefined,
  undefined,
  '2025-01-01T00:00:00.000Z',
  '2025-02-13T18:30:09.000Z',
  '2025-02-20T00:00:00.000Z',
)
const requests = fc.array(
  fc
    .record({ fan: fc.nat(2), sale: fc.nat(1) })
    .chain((base) =>
      fc
        .oneof(
          fc.record({ what: fc.constant('ask' as const), email: fc.nat(2), dated }),
          fc.record({ what: fc.constantFrom('cancel' as const, 'repeat' as const) }),
          fc.record({ what: fc.constant('message' as const), group: fc.nat(1), isSent: fc.boolean() }),
        )
        .map((more): Request => ({ ...base, ...more })),
    ),
  { minLength: 1, maxLength: 40 },
)

const about = { fan: 1, sale: 0 }
const ask: Request = { ...about, what: 'ask', email: 0 }
const step = (isSent: boolean): Request => ({ ...about, what: 'message', group: 0, isSent })
/** A request that is cancelled and made anew, and the next step of the first one's message. */
const askedAnew: readonly Request[] = [
  ask,
  step(true),
  { ...about, what: 'cancel' },
  ask,
  step(false),
  step(true),
]
/** A message that was there before the first request. Found by chance, with path 3:2:8:8:9:8:12 of this seed. */
const askedBefore: readonly Request[] = [step(true), ask, step(false), step(true)]

test('any requests leave the table that a model says, emit a change for each that changed something, and the stream folds to the table', async () => {
  await fc.assert(
    fc.asyncProperty(requests, async (sequence) => {
      const { send, changes, clock, opened } = await openApi()
      const model = new Map<string, Expected>()
      const messages = new Map<string, { created: string; sent?: string }>()
      let last: (() => Promise<{ status: number }>) | undefined
      for (const request of sequence) {
        clock.nowMs += 1000
        const now = new Date(clock.nowMs).toISOString()
        const ids = { fanId: `fan-${request.fan}`, eventId: 'e', saleId: `s-${request.sale}` }
        const path = `/demands/e/${ids.saleId}/${ids.fanId}`
        const before = model.get(path)
        if (request.what === 'ask') {
          const email = `${request.email}@example.com`
          const body = {
            ...ids,
            email,
            ...(request.dated && { date: { requested: request.dated } }),
          }
          last = () => send('POST', '/demands', body)
          const requested = request.dated ?? before?.date.requested ?? now
          const { triggered, notified } = before?.date ?? {}
          // What was noted for an earlier request is not kept for a later one.
          const date: Dates = { requested }
          if (triggered !== undefined && triggered >= requested) date.triggered = triggered
          if (notified !== undefined && notified >= requested) date.notified = notified
          const after = { email, date }
          model.set(path, after)
          expect((await last()).status).toBe(before ? 200 : 201)
          expect((await changes()).map(({ operation }) => operation)).toEqual(
            before === undefined
              ? ['INSERT']
              : JSON.stringify(before) === JSON.stringify(after)
                ? []
                : ['MODIFY'],
          )
        } else if (request.what === 'cancel') {
          last = () => send('DELETE', path)
          model.delete(path)
          expect((await last()).status).toBe(204)
          expect((await changes()).map(({ operation }) => operation)).toEqual(before ? ['REMOVE'] : [])
        } else if (request.what === 'message') {
          const groupId = `g-${request.group}`
          const date = { triggered: '2025-02-01T00:00:00.000Z', ...(request.isSent && { sent: now }) }
          last = () => send('POST', '/notifications', { ...ids, groupId, date })
          const name = `${path}/${groupId}`
          const stored = messages.get(name)
          expect((await last()).status).toBe(stored ? 200 : 201)
          const message = { created: now, ...stored, ...(request.isSent && { sent: now }) }
          messages.set(name, message)
          if (before && message.created >= before.date.requested) {
            const noted: Dates = { ...before.date }
            noted.triggered ??= date.triggered >= noted.requested ? date.triggered : message.created
            if (message.sent !== undefined) noted.notified ??= message.sent
            model.set(path, { ...before, date: noted })
          }
          await changes()
        } else if (last) {
          // The same request again, whatever it was, right after.
          expect([200, 204]).toContain((await last()).status)
          expect(await changes()).toEqual([])
        }
      }
      const folded = await foldStream(opened)
      for (let fan = 0; fan < 3; fan++) {
        for (let sale = 0; sale < 2; sale++) {
          const path = `/demands/e/s-${sale}/fan-${fan}`
          const expected = model.get(path)
          const got = await send('GET', path)
          expect(got.status).toBe(expected ? 200 : 404)
          if (expected) expect(got.body).toMatchObject({ email: expected.email, date: expected.date })
          if (expected) expect(Object.keys(got.body.date).sort()).toEqual(Object.keys(expected.date).sort())
          const key = { PK: `FAN#fan-${fan}`, SK: `DEMAND#e#s-${sale}` }
          expect(folded.get(`${key.PK} ${key.SK}`)).toEqual(await opened.table.get(key))
        }
      }
    }),
    { numRuns: 25, seed: 736792751, examples: [[askedAnew], [askedBefore]] },
  )
})
