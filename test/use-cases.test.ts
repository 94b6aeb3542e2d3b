import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { simulate } from '../src/sample/simulator.ts'
import { type ChangeSpec, change, demandItem, eventItem, kinesisEvent } from './changes.ts'
import { dmd, stdinOf } from './cli/io.ts'

// Each use case and scenario, from change records to what a person sees: a SQL result or an error file. The SQL is
// written as its users wrote it.

let archive: string
beforeEach(() => {
  archive = mkdtempSync(join(tmpdir(), 'dmd-use-case-'))
})
afterEach(() => rmSync(archive, { recursive: true, force: true }))

/** What the stream carries to the worker, as a Lambda event. */
async function deliver(...specs: readonly (ChangeSpec | Uint8Array)[]) {
  const payloads = specs.map((spec) => (spec instanceof Uint8Array ? spec : change(spec)))
  const event = Buffer.from(JSON.stringify(kinesisEvent(payloads)))
  const ran = await dmd(['deliver', '-', '--verbose', '--json', '--archive', archive], {
    stdin: stdinOf(event, 1 << 16),
  })
  expect(ran.code).toBe(0)
  return {
    ...JSON.parse(ran.out),
    log: ran.err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  }
}

/** Delivers lines of change records. */
async function deliverLines(lines: Iterable<Uint8Array>) {
  const text = Buffer.concat([...lines].flatMap((line) => [line, Buffer.from('\n')]))
  const ran = await dmd(['deliver', '-', '--json', '--archive', archive], { stdin: stdinOf(text, 1 << 20) })
  expect(ran.code).toBe(0)
  return JSON.parse(ran.out)
}

async function sql(text: string): Promise<readonly { readonly [column: string]: unknown }[]> {
  const ran = await dmd(['query', text, '--archive', archive, '--format', 'json'])
  expect(ran.err).toBe('')
  return JSON.parse(ran.out)
}

const files = (folder: string) =>
  readdirSync(join(archive, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.\w+$/.test(name),
  )
const demand = (n: number, over: object = {}) => ({
  ...demandItem,
  SK: `DEMAND#${n}`,
  fanId: `fan-${n}`,
  ...over,
})

describe('use cases', () => {
  test('use case 1: a fan creates a demand request, and it is in the archive with its personal data', async () => {
    const { delivered, log } = await deliver({
      operation: 'INSERT',
      item: { ...demandItem, systemUserId: 'artchics-70.12345' },
    })
    expect(delivered).toBe(1)
    expect(files('data')).toEqual([
      expect.stringMatching(/^demand\/partition_date=2025-02-13\/20250213T183001250Z-[0-9a-f-]{36}\.avro$/),
    ])
    expect(log.find(({ message }: { message: string }) => message === 'object written')).toMatchObject({
      records: 1,
      key: `data/${files('data')[0]}`,
    })
    expect(await sql('MSCK REPAIR TABLE demand')).toHaveLength(1)
    expect(
      await sql(
        'SELECT fanid, phonenumber, email, isdeleted, reference.id AS reference, system.memberid AS member, partition_date FROM demand',
      ),
    ).toEqual([
      {
        fanid: 'fan-1',
        phonenumber: '+1 202 555 0101',
        email: 'ada@example.com',
        isdeleted: false,
        reference: 'event-1_sale-1_fan-1',
        member: '12345',
        partition_date: '2025-02-13',
      },
    ])
  })

  test('use case 2: a data analyst queries demand trends by event', async () => {
    const requests = [1, 2, 3, 4, 5].map((n) => ({
      item: demand(n, { eventId: n < 4 ? 'tour' : 'festival' }),
    }))
    const tooEarly = { item: demand(6, { date: { requested: '2024-12-31T23:59:59Z' } }) }
    const cancelled = {
      operation: 'REMOVE',
      item: demand(5, { eventId: 'festival' }),
      at: '2025-02-14T00:00:00Z',
    }
    await deliver(...requests, tooEarly, cancelled)
    await sql('MSCK REPAIR TABLE demand')
    expect(
      await sql(
        "SELECT eventid, COUNT(*) as demand_count FROM demand WHERE partition_date >= '2025-01-01' AND isdeleted = false GROUP BY eventid ORDER BY demand_count DESC LIMIT 10",
      ),
    ).toEqual([
      { eventid: 'tour', demand_count: 3 },
      { eventid: 'festival', demand_count: 2 },
    ])
    const csv = await dmd([
      'query',
      'SELECT eventid, COUNT(*) AS n FROM demand GROUP BY 1 ORDER BY 1',
      '--archive',
      archive,
      '--format',
      'csv',
    ])
    expect(csv.out).toBe('eventid,n\r\nevent-1,1\r\nfestival,3\r\ntour,3\r\n')
  })

  test('use case 3: a fan cancels, and the row of the delete is marked and scrubbed, in the partition of the request', async () => {
    const { log } = await deliver(
      { item: demandItem },
      { operation: 'REMOVE', item: demandItem, at: '2025-02-20T08:00:00.5Z' },
    )
    expect(log.find(({ message }: { message: string }) => message === 'object written')).toMatchObject({
      records: 2,
      deletes: 1,
    })
    expect(
      await sql(
        'SELECT fanid, phonenumber, email, messagebody, date.requested, date.deleted, partition_date FROM demand WHERE isdeleted = true',
      ),
    ).toEqual([
      {
        fanid: 'fan-1',
        phonenumber: '[redacted]',
        email: '[redacted]',
        messagebody: '[redacted]',
        requested: '2025-02-13T18:30:00.000Z',
        deleted: '2025-02-20T08:00:00.500Z',
        partition_date: '2025-02-13',
      },
    ])
    expect(await sql('SELECT COUNT(*) AS n FROM demand_current')).toEqual([{ n: 0 }])
  })

  test('use case 4: a bad record is kept whole in errors/ and blocks no other', async () => {
    const bad = change({ item: demand(2, { saleId: null }) })
    const { delivered, errored, log } = await deliver({ item: demand(1) }, bad, { item: demand(3) })
    expect([delivered, errored]).toEqual([2, 1])
    const [name = ''] = files('errors')
    expect(name).toMatch(/^20250213T183001250Z-[0-9a-f-]{36}\.json$/)
    const file = JSON.parse(readFileSync(join(archive, 'errors', name), 'utf8'))
    expect(file).toMatchObject({
      timestamp: '2025-02-13T18:30:01.250Z',
      error: { code: 'FIELD_MISSING', stage: 'validate', path: '/saleId' },
      events: [Buffer.from(bad).toString('utf8')],
    })
    expect(log.find(({ level }: { level: string }) => level === 'warn')).toMatchObject({
      code: 'FIELD_MISSING',
      path: '/saleId',
    })
    expect(await sql('SELECT COUNT(*) AS n FROM demand')).toEqual([{ n: 2 }])
  })

  test('use case 5: an event’s metadata is updated, and its history shows the names it had', async () => {
    await deliver(
      { item: eventItem, at: '2025-01-10T09:00:00Z' },
      {
        operation: 'MODIFY',
        before: eventItem,
        item: { ...eventItem, name: 'The Tour, sold out' },
        at: '2025-02-01T09:00:00Z',
      },
    )
    expect(files('data/event')).toEqual([expect.stringMatching(/^partition_date=2025-01-10\//)])
    expect(
      await sql(
        'SELECT name, change.timestamp AS at, reference.id AS reference FROM events ORDER BY change.timestamp',
      ),
    ).toEqual([
      { name: 'The Tour', at: '2025-01-10T09:00:00.000Z', reference: 'event-1' },
      { name: 'The Tour, sold out', at: '2025-02-01T09:00:00.000Z', reference: 'event-1' },
    ])
    expect(await sql('SELECT name FROM event_current')).toEqual([{ name: 'The Tour, sold out' }])
  })
})

describe('scenarios', () => {
  test('scenario 1: a concert is announced, and a surge of requests is counted', async () => {
    const fans = 5000
    const surge = simulate({
      fans,
      minutes: 5,
      badPercent: 0,
      seed: 1,
      cancelPercent: 0,
      notifyPercent: 0,
      duplicatePercent: 0,
    })
    await deliverLines(
      [...surge].map(({ bytes }) =>
        Buffer.from(
          Buffer.from(bytes)
            .toString()
            .replaceAll(/evt-[0-9a-z]+001\b/g, '{taylor_swift_event}'),
        ),
      ),
    )
    await sql('MSCK REPAIR TABLE demand')
    expect(
      await sql(
        "SELECT COUNT(*) FROM demand WHERE eventid='{taylor_swift_event}' AND partition_date='2025-02-13'",
      ),
    ).toEqual([{ _col0: fans }])
    expect(files('data/demand').length).toBeLessThanOrEqual(6)
  })

  test('scenario 2: a compliance audit asks for the deleted requests of the last quarter of 2024', async () => {
    const at = '2024-12-31T20:00:00Z'
    await deliver(
      { item: demand(1, { date: { requested: at } }), at },
      { operation: 'REMOVE', item: demand(1, { date: { requested: at } }), at: '2025-01-02T00:00:00Z' },
      { operation: 'REMOVE', item: demand(2, { date: { requested: '2024-09-30T23:59:59Z' } }), at },
      {
        operation: 'REMOVE',
        item: demand(3, { date: { requested: '2025-01-01T00:00:00Z' } }),
        at: '2025-01-02T00:00:00Z',
      },
    )
    expect(
      await sql(
        "SELECT fanid, eventid, date.requested, date.deleted FROM demand WHERE isdeleted = true AND partition_date >= '2024-10-01' AND partition_date < '2025-01-01'",
      ),
    ).toEqual([
      {
        fanid: 'fan-1',
        eventid: 'event-1',
        requested: '2024-12-31T20:00:00.000Z',
        deleted: '2025-01-02T00:00:00.000Z',
      },
    ])
  })

  test('scenario 3: marketing measures the lag from request to notification', async () => {
    const requested = '2025-02-13T18:30:00Z'
    const notified = (n: number, at: string) => ({
      operation: 'MODIFY',
      before: demand(n, { date: { requested } }),
      item: demand(n, { date: { requested, triggered: at, notified: at } }),
      at,
    })
    await deliver(
      { item: demand(1, { date: { requested } }) },
      notified(1, '2025-02-13T18:30:30Z'),
      notified(2, '2025-02-13T18:31:00Z'),
    )
    expect(
      await sql(
        "SELECT AVG(UNIX_TIMESTAMP(date.notified) - UNIX_TIMESTAMP(date.requested)) as avg_lag_seconds FROM demand WHERE date.notified IS NOT NULL AND partition_date >= '2025-01-01'",
      ),
    ).toEqual([{ avg_lag_seconds: 45 }])
  })

  test('scenario 4: 200 records without a saleId become 200 error files of one group, and hold up nobody', async () => {
    const lines = [
      ...simulate({
        fans: 800,
        minutes: 5,
        badPercent: 0,
        badCount: 200,
        badKinds: ['missing-sale-id'],
        seed: 4,
        notifyPercent: 0,
        cancelPercent: 0,
        duplicatePercent: 0,
        edits: 0,
      }),
    ]
    const result = await deliverLines(lines.map(({ bytes }) => bytes))
    expect(result).toMatchObject({ errored: 200, delivered: lines.length - 200 })
    expect(await sql('SELECT COUNT(*) AS n FROM demand')).toEqual([{ n: 800 }])
    const originals = files('errors').map(
      (name) => JSON.parse(readFileSync(join(archive, 'errors', name), 'utf8')).events[0],
    )
    const bad = lines
      .filter(({ expect: { ok } }) => !ok)
      .map(({ bytes }) => Buffer.from(bytes).toString('utf8'))
    expect(originals.sort()).toEqual(bad.sort())
    const groups = JSON.parse((await dmd(['errors', 'list', '--json', '--archive', archive])).out)
    expect(groups).toEqual([
      expect.objectContaining({ records: 200, code: 'FIELD_MISSING', path: '/saleId', type: 'demand' }),
    ])
    writeFileSync(join(archive, 'ignored.txt'), 'a stray file disturbs nobody')
    expect(await sql('SELECT COUNT(*) AS n FROM demand')).toEqual([{ n: 800 }])
  })
})
