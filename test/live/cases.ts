import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemRuntime } from '../../src/runtime.ts'
import { tellStory } from '../../src/sample/drive/story.ts'
import { type DriveReport, drive } from '../../src/sample/drive.ts'
import { type Ends, openPipeline, type Pipeline } from './pipeline.ts'

/** No deadline but the test's own, which is shorter. */
const soon = { timeout: 3_600_000, interval: 100 }
const demand = {
  fanId: 'fan-1',
  eventId: 'event-1',
  saleId: 'sale-1',
  phoneNumber: '+1 202 555 0101',
  email: 'ada@example.com',
  messageBody: 'Tickets are on sale!',
  systemUserId: 'archtics-70.12345',
  date: { requested: '2025-02-13T18:30:00-05:00' },
}

/**
 * The use cases of fans, of what they cancel, of what fails and of events, each from an HTTP request to a SQL result.
 * Each case uses fans and events of its own, so that one pipeline, and an archive that is not empty, serve them all.
 */
export function liveCases(name: string, openEnds: () => Promise<Ends>, surgeRequests = 1_000): void {
  describe(`live over ${name}`, () => {
    let pipeline: Pipeline
    // Apart from what other runs have left in a table and a bucket that are shared.
    const run = `r${Date.now().toString(36)}`
    beforeAll(async () => {
      pipeline = await openPipeline(await openEnds())
    })
    afterAll(() => pipeline?.close())
    const sql = (statement: string) => () => pipeline.sql(statement)

    test('use case 1: a request of a fan is a row, in the partition of its date, with its personal data', async () => {
      const fanId = `${run}-asks`
      expect(await pipeline.send('POST', '/demands', { ...demand, fanId })).toBe(201)
      // Sent again, as after an answer that was lost: it is no second change.
      expect(await pipeline.send('POST', '/demands', { ...demand, fanId })).toBe(200)
      const row = {
        phonenumber: demand.phoneNumber,
        email: demand.email,
        messagebody: demand.messageBody,
        isdeleted: false,
        reference: `event-1_sale-1_${fanId}`,
        member: '12345',
        operation: 'INSERT',
        partition_date: '2025-02-13',
      }
      await expect
        .poll(
          sql(
            'SELECT phonenumber, email, messagebody, isdeleted, reference.id AS reference, system.memberId AS member, ' +
              `change.operation AS operation, partition_date FROM demand WHERE fanid = '${fanId}'`,
          ),
          soon,
        )
        .toEqual([row])
      const keys = await pipeline.keys('data/demand/partition_date=2025-02-13/')
      expect(keys.at(-1)).toMatch(/\/\d{8}T\d{9}Z-[0-9a-f-]{36}\.avro$/)
      expect(pipeline.log.find(({ message }) => message === 'batch delivered')).toBeDefined()
    })

    test('use case 3: a cancelled request is a deleted row beside the first, without personal data', async () => {
      const fanId = `${run}-cancels`
      const path = `/demands/event-1/sale-1/${fanId}`
      expect(await pipeline.send('POST', '/demands', { ...demand, fanId })).toBe(201)
      const beforeMs = Date.now()
      expect(await pipeline.send('DELETE', path)).toBe(204)
      const rows =
        'SELECT isdeleted, phonenumber, email, messagebody, partition_date, change.operation AS operation, ' +
        `date.deleted AS deleted FROM demand_changes WHERE fanid = '${fanId}' ORDER BY change.micros, change.sequence`
      await expect.poll(async () => (await pipeline.sql(rows)).length, soon).toBe(2)
      const [live, gone] = await pipeline.sql(rows)
      expect(live).toMatchObject({ isdeleted: false, email: demand.email, deleted: null })
      const redacted = { phonenumber: '[redacted]', email: '[redacted]', messagebody: '[redacted]' }
      expect(gone).toMatchObject({
        isdeleted: true,
        ...redacted,
        partition_date: '2025-02-13',
        operation: 'REMOVE',
      })
      // A table in the cloud tells whole seconds or minutes.
      expect(Date.parse(String(gone?.deleted))).toBeGreaterThan(beforeMs - 61_000)

      // Asked anew, it is a new request.
      expect(await pipeline.send('POST', '/demands', { ...demand, fanId })).toBe(201)
      await expect.poll(async () => (await pipeline.sql(rows)).length, soon).toBe(3)
    })

    test('use case 4: a record that fails lies in errors/, whole, and its neighbours are archived', async () => {
      const fans = Array.from({ length: 20 }, (_, n) => `${run}-neighbour-${n}`)
      const key = `FAN#${run}-bad`
      const before = new Set(await pipeline.keys('errors/'))
      const posts = fans.map((fanId) => pipeline.send('POST', '/demands', { ...demand, fanId }))
      const secret = `${run}@secret.example`
      await pipeline.putItem({
        ...{ PK: { S: key }, SK: { S: 'DEMAND#event-1' }, type: { S: 'demand' }, fanId: { S: 'fan' } },
        ...{ eventId: { S: 'event-1' }, email: { S: secret } },
        date: { M: { requested: { S: '2025-02-13T18:30:00Z' } } },
      })
      expect(await Promise.all(posts)).toEqual(fans.map(() => 201))
      await expect
        .poll(sql(`SELECT COUNT(*) AS n FROM demand WHERE fanid LIKE '${run}-neighbour-%'`), soon)
        .toEqual([{ n: fans.length }])
      const fresh = async () => (await pipeline.keys('errors/')).filter((name) => !before.has(name))
      await expect.poll(async () => (await fresh()).length, soon).toBe(1)
      const [name = ''] = await fresh()
      expect(name).toMatch(/^errors\/\d{8}T\d{9}Z-[0-9a-f-]{36}\.json$/)
      const file = JSON.parse(Buffer.from((await pipeline.store.get(name))?.bytes ?? []).toString('utf8'))
      expect(file.error).toMatchObject({ code: 'FIELD_MISSING', stage: 'validate', path: '/saleId' })
      expect(JSON.parse(file.events[0]).dynamodb.NewImage.email).toEqual({ S: secret })
      expect(pipeline.log).toContainEqual(
        expect.objectContaining({ message: 'record rejected', path: '/saleId' }),
      )
      expect(JSON.stringify(pipeline.log)).not.toContain(secret)
    })

    test('use case 5: the history of an event has its names and dates as they were', async () => {
      const id = `${run}-event`
      const put = (name: string, dateTime: string) =>
        pipeline.send('PUT', `/events/${id}`, {
          name,
          eventDate: { start: { dateTime } },
          date: { firstSeen: '2025-01-10T09:00:00Z' },
        })
      expect(await put('The Tour', '2025-06-01T19:00:00Z')).toBe(201)
      expect(await put('The Long Tour', '2025-06-02T19:00:00Z')).toBe(200)
      await expect
        .poll(
          sql(
            'SELECT name, eventdate.start.dateTime AS starts, change.operation AS operation, reference.id AS reference, ' +
              `partition_date FROM event_changes WHERE id = '${id}' ORDER BY change.micros, change.sequence`,
          ),
          soon,
        )
        .toEqual([
          {
            ...{ name: 'The Tour', starts: '2025-06-01T19:00:00.000Z', operation: 'INSERT' },
            ...{ reference: id, partition_date: '2025-01-10' },
          },
          {
            ...{ name: 'The Long Tour', starts: '2025-06-02T19:00:00.000Z', operation: 'MODIFY' },
            ...{ reference: id, partition_date: '2025-01-10' },
          },
        ])
      await expect
        .poll(sql(`SELECT name FROM event_current WHERE id = '${id}'`), soon)
        .toEqual([{ name: 'The Long Tour' }])
    })

    test('a surge of requests is archived, every accepted one once', async () => {
      const seed = `${run}-surge`
      const report = await drive({
        url: pipeline.url,
        seed,
        requests: surgeRequests,
        connections: 32,
        runtime: systemRuntime(),
      })
      expect(report).toMatchObject({ refused: {}, unanswered: 0 })
      const { accepted }: DriveReport = report
      const ids = tellStory(seed, 0)
        .setUp.filter(({ kind }) => kind === 'event')
        .map(({ item }) => `'${item}'`)
      const fans = `eventid IN (${ids.join(', ')})`
      await expect
        .poll(
          sql(
            `SELECT (SELECT COUNT(*) FROM demand_changes WHERE ${fans} AND change.operation = 'INSERT') AS demands,
              (SELECT COUNT(*) FROM demand_changes WHERE ${fans} AND isdeleted) AS cancellations,
              (SELECT COUNT(*) FROM notification_changes WHERE ${fans}) AS notifications`,
          ),
          soon,
        )
        .toEqual([
          {
            demands: accepted.demand,
            cancellations: accepted.cancellation,
            notifications: accepted.notification,
          },
        ])
    })
  })
}
