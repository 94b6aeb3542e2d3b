import { describe, expect, test } from 'vitest'
import { demand, demandPath, openApi } from './api.ts'

const key = 'FAN#fan-1 DEMAND#event-1#sale-1'
const operations = (changes: readonly { operation: string; key: string }[]) =>
  changes.map(({ operation, key }) => `${operation} ${key}`)

describe('a request', () => {
  test('is stored, dated by the clock, and comes out of the stream', async () => {
    const { send, changes } = await openApi()
    const posted = await send('POST', '/demands', demand)
    expect(posted.status).toBe(201)
    expect(posted.headers.get('location')).toBe(demandPath)
    const stored = {
      type: 'demand',
      ...demand,
      requestedDateTime: '2025-02-13T18:30:00.000Z',
      date: { requested: '2025-02-13T18:30:00.000Z' },
      // 180 days.
      expiresAt: 1_739_471_400 + 180 * 86_400,
    }
    expect(posted.body).toEqual(stored)
    expect((await send('GET', demandPath)).body).toEqual(stored)
    const [change] = await changes()
    expect(change).toMatchObject({ operation: 'INSERT', key, image: { email: { S: 'ada@example.com' } } })
  })

  test('sent again changes nothing, at whatever time', async () => {
    const { send, changes, clock } = await openApi()
    const first = await send('POST', '/demands', demand)
    for (let again = 0; again < 3; again++) {
      clock.nowMs += 86_400_000
      const answer = await send('POST', '/demands', demand)
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual(first.body)
    }
    expect(operations(await changes())).toEqual([`INSERT ${key}`])
  })

  test('sent a hundred times at once is stored once', async () => {
    const { send, changes } = await openApi()
    const answers = await Promise.all(Array.from({ length: 100 }, () => send('POST', '/demands', demand)))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(99).fill(200), 201])
    expect((await changes()).length).toBe(1)
  })

  test('over an existing one is an update, which keeps the date', async () => {
    const { send, changes, clock } = await openApi()
    await send('POST', '/demands', demand)
    clock.nowMs += 60_000
    const { email: _, ...rest } = demand
    const answer = await send('POST', '/demands', { ...rest, phoneNumber: '+1 202 555 0199' })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      phoneNumber: '+1 202 555 0199',
      date: { requested: '2025-02-13T18:30:00.000Z' },
    })
    expect(answer.body.email).toBeUndefined()
    expect(operations(await changes())).toEqual([`INSERT ${key}`, `MODIFY ${key}`])
  })

  test('that was cancelled is gone, and is a new one when it is sent again', async () => {
    const { send, changes, clock } = await openApi()
    await send('POST', '/demands', demand)
    expect((await send('DELETE', demandPath)).status).toBe(204)
    expect((await send('DELETE', demandPath)).status).toBe(204)
    expect(await send('GET', demandPath)).toMatchObject({
      status: 404,
      body: { type: 'urn:dmd:problem:not-found' },
    })
    clock.nowMs += 1000
    const again = await send('POST', '/demands', demand)
    expect(again).toMatchObject({ status: 201, body: { date: { requested: '2025-02-13T18:30:01.000Z' } } })
    expect(operations(await changes())).toEqual([`INSERT ${key}`, `REMOVE ${key}`, `INSERT ${key}`])
  })

  test('takes its date from the body, in any form of ISO-8601, which is one date', async () => {
    const { send, changes } = await openApi()
    const dated = (requested: string) => ({ ...demand, date: { requested } })
    const first = await send('POST', '/demands', dated('2025-02-13T12:30:00-05:00'))
    expect(first.body.date.requested).toBe('2025-02-13T17:30:00.000Z')
    expect((await send('POST', '/demands', dated('20250213T173000Z'))).status).toBe(200)
    expect((await changes()).length).toBe(1)
  })

  test('takes null for a field that is not there', async () => {
    const { send } = await openApi()
    const answer = await send('POST', '/demands', { ...demand, artistId: null, date: null })
    expect(answer.status).toBe(201)
    expect('artistId' in answer.body).toBe(false)
    expect((await send('POST', '/demands', demand)).status).toBe(200)
  })

  test('expires after its sale, and then is deleted as DynamoDB does', async () => {
    const { send, changes, clock, opened } = await openApi({ demandDays: 7 })
    await send('PUT', '/sales/event-1/sale-1', { saleStartDateTime: '2025-03-01T10:00:00Z' })
    const { body } = await send('POST', '/demands', demand)
    expect(body.expiresAt).toBe(Date.parse('2025-03-08T10:00:00Z') / 1000)
    clock.nowMs = Date.parse('2025-03-08T10:00:01Z')
    await opened.sweep()
    expect((await send('GET', demandPath)).status).toBe(404)
    const last = (await changes()).at(-1)!
    expect(JSON.parse(Buffer.from(last.bytes).toString())).toMatchObject({
      eventName: 'REMOVE',
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
    })
  })
})

describe('a message', () => {
  const message = { fanId: 'fan-1', eventId: 'event-1', saleId: 'sale-1', contactMethod: 'SMS' }

  test('is stored, and dates the request by its steps, the first ones for good', async () => {
    const { send, changes, clock } = await openApi()
    await send('POST', '/demands', demand)
    await changes()
    clock.nowMs += 15_000
    expect((await send('POST', '/notifications', { ...message, status: { id: 'QUEUED' } })).status).toBe(201)
    expect((await send('GET', demandPath)).body.date).toEqual({
      requested: '2025-02-13T18:30:00.000Z',
      triggered: '2025-02-13T18:30:15.000Z',
    })
    clock.nowMs += 30_000
    const sent = {
      ...message,
      status: { id: 'SENT' },
      sendAttempts: 1,
      date: { sent: '2025-02-13T18:30:45Z' },
    }
    expect(await send('POST', '/notifications', sent)).toMatchObject({
      status: 200,
      body: {
        date: {
          created: '2025-02-13T18:30:15.000Z',
          sent: '2025-02-13T18:30:45.000Z',
          updated: '2025-02-13T18:30:45.000Z',
        },
      },
    })
    const second = { ...message, groupId: 'group-2', date: { sent: '2025-02-14T09:00:00Z' } }
    expect((await send('POST', '/notifications', second)).status).toBe(201)
    for (let again = 0; again < 2; again++) {
      clock.nowMs += 1000
      expect((await send('POST', '/notifications', second)).status).toBe(200)
    }
    expect((await send('GET', demandPath)).body.date).toEqual({
      requested: '2025-02-13T18:30:00.000Z',
      triggered: '2025-02-13T18:30:15.000Z',
      notified: '2025-02-13T18:30:45.000Z',
    })
    expect(operations(await changes())).toEqual([
      'INSERT FAN#fan-1 NOTIFICATION#event-1#sale-1#1',
      `MODIFY ${key}`,
      'MODIFY FAN#fan-1 NOTIFICATION#event-1#sale-1#1',
      `MODIFY ${key}`,
      'INSERT FAN#fan-1 NOTIFICATION#event-1#sale-1#group-2',
    ])
  })

  test('is stored also where the request is gone', async () => {
    const { send, changes } = await openApi()
    expect((await send('POST', '/notifications', message)).status).toBe(201)
    expect((await changes()).length).toBe(1)
  })

  test('made before a request does not date it: it is about an earlier one that was cancelled', async () => {
    const { send, clock } = await openApi()
    await send('POST', '/demands', demand)
    clock.nowMs += 1_000
    await send('POST', '/notifications', { ...message, date: { sent: '2025-02-13T18:30:01Z' } })
    await send('DELETE', demandPath)
    clock.nowMs += 3_000
    await send('POST', '/demands', demand)
    clock.nowMs += 2_000
    const delivered = { ...message, date: { delivered: '2025-02-13T18:30:06Z' } }
    expect((await send('POST', '/notifications', delivered)).status).toBe(200)
    expect((await send('GET', demandPath)).body.date).toEqual({ requested: '2025-02-13T18:30:04.000Z' })
    // A message of its own dates it.
    clock.nowMs += 1_000
    await send('POST', '/notifications', { ...message, groupId: '2', date: { sent: '2025-02-13T18:30:07Z' } })
    expect((await send('GET', demandPath)).body.date).toEqual({
      requested: '2025-02-13T18:30:04.000Z',
      triggered: '2025-02-13T18:30:07.000Z',
      notified: '2025-02-13T18:30:07.000Z',
    })
  })

  test('does not date a request before it was made, and its dates go when a body moves the request past them', async () => {
    const { send, clock } = await openApi()
    await send('POST', '/demands', demand)
    clock.nowMs += 60_000
    const early = { triggered: '2025-02-01T00:00:00Z', sent: '2025-02-13T18:29:00Z' }
    await send('POST', '/notifications', {
      ...message,
      date: { ...early, delivered: '2025-02-13T18:31:00Z' },
    })
    const { body } = await send('GET', demandPath)
    expect(body.date).toEqual({
      requested: '2025-02-13T18:30:00.000Z',
      triggered: '2025-02-13T18:31:00.000Z',
      notified: '2025-02-13T18:31:00.000Z',
    })
    const moved = await send('POST', '/demands', { ...demand, date: { requested: '2025-02-13T18:40:00Z' } })
    expect(moved.body.date).toEqual({ requested: '2025-02-13T18:40:00.000Z' })
  })

  test('does not undo what was noted when the request is sent again', async () => {
    const { send, changes } = await openApi()
    await send('POST', '/demands', demand)
    await send('POST', '/notifications', { ...message, date: { sent: '2025-02-13T18:30:45Z' } })
    await changes()
    expect((await send('POST', '/demands', demand)).status).toBe(200)
    expect(await changes()).toEqual([])
  })
})

describe('an event and its sales', () => {
  const event = {
    name: 'The Tour',
    isSuppressed: false,
    eventDate: { start: { dateTime: '2025-06-01T19:00:00.000Z', localDate: '2025-06-01' }, timezone: 'UTC' },
    classifications: [{ primary: true, segment: { id: 's', name: 'Music' } }],
    venues: [{ id: 'v', latitude: 41.8819, longitude: -87.6278 }],
    attractions: [{ id: 'a', name: 'Ada' }],
  }

  test('are stored, changed and deleted by their own paths', async () => {
    const { send, changes, clock } = await openApi()
    const put = await send('PUT', '/events/event-1', event)
    expect(put).toMatchObject({
      status: 201,
      body: { type: 'event', id: 'event-1', ...event, date: { firstSeen: '2025-02-13T18:30:00.000Z' } },
    })
    expect(put.body.date.updated).toBeUndefined()
    clock.nowMs += 1000
    expect((await send('PUT', '/events/event-1', { ...event, id: 'event-1', type: 'event' })).status).toBe(
      200,
    )
    const renamed = await send('PUT', '/events/event-1', { ...event, name: 'The Other Tour' })
    expect(renamed.body.date).toEqual({
      firstSeen: '2025-02-13T18:30:00.000Z',
      updated: '2025-02-13T18:30:01.000Z',
    })
    const sale = { name: 'Presale', saleTypes: ['PRESALE'], saleStartDateTime: '2025-03-01T10:00:00-05:00' }
    expect(await send('PUT', '/sales/event-1/sale-1', sale)).toMatchObject({
      status: 201,
      body: { type: 'sale', id: 'sale-1', eventId: 'event-1', saleStartDateTime: '2025-03-01T15:00:00.000Z' },
    })
    expect((await send('PUT', '/sales/event-1/sale-1', sale)).status).toBe(200)
    expect((await send('DELETE', '/sales/event-1/sale-1')).status).toBe(204)
    expect((await send('DELETE', '/events/event-1')).status).toBe(204)
    expect(operations(await changes())).toEqual([
      'INSERT EVENT#event-1 EVENT',
      'MODIFY EVENT#event-1 EVENT',
      'INSERT EVENT#event-1 SALE#sale-1',
      'REMOVE EVENT#event-1 SALE#sale-1',
      'REMOVE EVENT#event-1 EVENT',
    ])
  })

  test('whose body contradicts the path are refused', async () => {
    const { send } = await openApi()
    expect(await send('PUT', '/events/event-1', { ...event, id: 'event-2' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/id' }] },
    })
    expect((await send('PUT', '/events/event-1', { ...event, type: 'sale' })).status).toBe(400)
  })
})
