import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { change } from './changes.ts'
import { dmd, stdinOf } from './cli/io.ts'

// A record type that no line of src/ knows, added by one file.
const holdFile = new URL('../examples/fifth-type/hold.avsc', import.meta.url)
const hold: { readonly fields: readonly { readonly name: string }[] } = JSON.parse(
  readFileSync(holdFile, 'utf8'),
)

let folder: string
let flags: string[]
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-fifth-'))
  mkdirSync(join(folder, 'schemas'))
  copyFileSync(holdFile, join(folder, 'schemas', 'hold.avsc'))
  flags = ['--schemas', join(folder, 'schemas')]
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const item = {
  PK: 'VENUE#v1',
  SK: 'HOLD#7',
  type: 'hold',
  id: '7',
  venueId: 'v1',
  heldAt: '2025-02-13T20:00:00-05:00',
  guestName: 'Ada',
  guestCount: 2,
  seats: ['A1', 'A2'],
  note: 'front row',
}

test('a fifth record type is a file: it reaches validation, SQL, DDL, docs and scrubbing', async () => {
  const archive = join(folder, 'archive')
  const lines = [
    change({ item, at: '2025-02-14T01:00:00Z' }),
    change({ item: { ...item, SK: 'HOLD#8', id: '8', guestCount: 1.5 }, at: '2025-02-14T01:00:01Z' }),
    change({ item: { ...item, SK: 'HOLD#9', id: '' }, at: '2025-02-14T01:00:02Z' }),
    change({ operation: 'REMOVE', item, at: '2025-02-20T00:00:00Z' }),
  ]
  const stdin = stdinOf(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])), 4096)
  const delivered = await dmd(['deliver', '-', '--json', '--archive', archive, ...flags], { stdin })
  expect(JSON.parse(delivered.out)).toMatchObject({ records: 4, delivered: 2, errored: 2 })
  expect(readdirSync(join(archive, 'data', 'hold'))).toEqual(['partition_date=2025-02-14'])

  const sql =
    'SELECT id, guestname, guestcount, seats, extra, isdeleted, reference.id AS reference, reference.timestamp AS at FROM holds ORDER BY change.micros'
  const queried = await dmd(['query', sql, '--format', 'json', '--archive', archive, ...flags])
  const row = {
    id: '7',
    guestcount: 2,
    seats: ['A1', 'A2'],
    reference: 'v1_7',
    at: '2025-02-14T01:00:00.000Z',
  }
  expect(JSON.parse(queried.out)).toEqual([
    { ...row, guestname: 'Ada', extra: { '/note': '"front row"' }, isdeleted: false },
    { ...row, guestname: '[redacted]', extra: { '/note': '[redacted]' }, isdeleted: true },
  ])
  const current = await dmd([
    'query',
    'SELECT COUNT(*) AS n FROM hold_current',
    '--format',
    'json',
    '--archive',
    archive,
    ...flags,
  ])
  expect(JSON.parse(current.out)).toEqual([{ n: 0 }])

  const errors = JSON.parse((await dmd(['errors', 'list', '--json', '--archive', archive, ...flags])).out)
  expect(
    errors
      .map(({ code, type, path }: { code: string; type: string; path: string }) => [code, type, path])
      .sort(),
  ).toEqual([
    ['FIELD_EMPTY', 'hold', '/id'],
    ['NUMBER_INEXACT', 'hold', '/guestCount'],
  ])

  const ddl = (await dmd(['schema', 'ddl', 'hold', ...flags])).out
  expect(ddl).toContain('CREATE EXTERNAL TABLE `hold`')
  expect(ddl).toContain('`guestcount` bigint')
  const docs = (await dmd(['schema', 'docs', ...flags])).out
  expect(docs).toContain('Seats that are kept for a guest.')
  expect((await dmd(['schema', 'types', ...flags])).out).toContain('guestName')
})

test('without the file, its records are errors of an unknown type', async () => {
  const ran = await dmd(['deliver', '-', '--json', '--archive', join(folder, 'other')], {
    stdin: stdinOf(change({ item })),
  })
  expect(JSON.parse(ran.out)).toMatchObject({ delivered: 0, errored: 1 })
})

test('a schema file that cannot be used is refused with its name and place', async () => {
  const bad = join(folder, 'bad')
  mkdirSync(bad)
  writeFileSync(join(bad, 'hold.avsc'), JSON.stringify({ ...hold, partition: ['releasedAt'] }))
  const ran = await dmd(['schema', 'list', '--schemas', bad])
  expect(ran.code).toBe(1)
  expect(ran.err).toContain('hold.avsc')
  expect(ran.err).toContain('"partition" ends with an instant that is never null')
})

test('schema check says, field by field, whether an edited file still reads what was written', async () => {
  const edited = join(folder, 'hold-edited.avsc')
  const [type, id, venueId, heldAt, releasedAt, guestName, guestCount, seats] = hold.fields
  const extended = {
    ...hold,
    fields: [...hold.fields, { name: 'gate', type: ['null', 'string'], default: null, doc: 'Which gate.' }],
  }
  writeFileSync(edited, JSON.stringify(extended))
  const fine = await dmd(['schema', 'check', edited, ...flags])
  expect(fine.code).toBe(0)
  expect(fine.out).toMatch(/gate +reads +new; earlier rows read as null/)
  const required = { name: 'gate', type: 'string', doc: 'Which gate.' }
  const narrowed = { ...guestCount, type: ['null', 'int'] }
  writeFileSync(
    edited,
    JSON.stringify({
      ...hold,
      fields: [type, id, venueId, heldAt, releasedAt, guestName, narrowed, required],
    }),
  )
  const broken = await dmd(['schema', 'check', edited, '--json', ...flags])
  expect(broken.code).toBe(3)
  const verdicts = Object.fromEntries(
    JSON.parse(broken.out).map(({ path, verdict }: { path: string; verdict: string }) => [path, verdict]),
  )
  expect(verdicts).toMatchObject({ gate: 'breaks', guestCount: 'breaks', seats: 'lost', id: 'same' })
  expect(seats?.name).toBe('seats')
})

test('schema check ends with 3 when a rule of the archive changes, though every file can be read', async () => {
  const edited = join(folder, 'hold-rules.avsc')
  const open = hold.fields.map((field) => (field.name === 'guestName' ? { ...field, pii: false } : field))
  writeFileSync(edited, JSON.stringify({ ...hold, fields: open, partition: ['change.timestamp'] }))
  const { code, out } = await dmd(['schema', 'check', edited, ...flags])
  expect(code).toBe(3)
  expect(out).toMatch(/\(partition\) +changes +was heldAt, is change.timestamp/)
  expect(out).toMatch(/guestName +changes +no longer personal/)
  expect(out).not.toMatch(/guestName +same/)
  expect(out).toContain('can be read\nrules of the archive change: (partition), guestName\n')
})
