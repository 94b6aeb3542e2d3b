import { describe, expect, test } from 'vitest'
import { explanationLines } from '../../src/cli/errors/explanation.ts'
import type { ErrorFile } from '../../src/delivery/error-file.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { parsePatch } from '../../src/errors/edit.ts'
import { explainRecord } from '../../src/errors/explain.ts'
import { parseErrorFile, payloadsOf } from '../../src/errors/read.ts'
import { isObject, type Json } from '../../src/record/type.ts'
import { badKinds } from '../../src/sample/simulator/bad.ts'
import { simulate } from '../../src/sample/simulator.ts'
import { change, demandItem, eventItem, records } from '../changes.ts'
import { testIo } from '../cli/io.ts'
import { catalog, rules, withoutSale } from './archive.ts'

function rejected(payload: Uint8Array): ErrorFile | undefined {
  const { errors } = planBatch({ stream: 's', shard: '0', records: records([payload]) }, rules)
  return errors[0] && parseErrorFile(errors[0].bytes)
}

const explain = (payload: Uint8Array) => explainRecord(rejected(payload)!, catalog)

/** What a person would write for `…`, by where it stands. */
function fill(value: Json, path: string): Json {
  if (value === '…')
    return path.endsWith('DateTime') ? 1739471400250 : path === '/eventName' ? 'INSERT' : 'sound'
  if (Array.isArray(value)) return []
  if (!isObject(value)) return value
  if (value['…'] === '…') return {}
  if (value.BOOL === '…') return { BOOL: true }
  if (value.S === '…')
    return { S: /date|Date/.test(path) ? '2025-02-13T18:30:00Z' : /type$/.test(path) ? 'demand' : 'sound' }
  if (value.N === '…') return { N: '1' }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, fill(inner, `${path}/${name}`)]),
  )
}

const bad = { fans: 2_000, minutes: 5, badPercent: 5, seed: 'explained', badCount: 3 * badKinds.length }
const lines = [...simulate(bad)].flatMap((line) =>
  line.expect.ok ? [] : [{ bytes: line.bytes, kind: line.expect.kind }],
)

describe.each(badKinds.map(({ kind }) => kind))('a record that is bad by %s', (kind) => {
  const files = lines.filter((line) => line.kind === kind).map(({ bytes }) => rejected(bytes)!)

  test('is explained: the place at fault is marked, and no other', () => {
    expect(files).toHaveLength(3)
    for (const file of files) {
      const { of, lines: told, bytes, brokenAt } = explainRecord(file, catalog)
      const { path = '', stage, code } = file.error
      expect(bytes).toBe(payloadsOf(file)[0]?.length)
      const marked = told.filter(({ mark }) => mark === 'bad')
      if (of === 'bytes') {
        expect(['NOT_UTF8', 'NOT_JSON', 'NOT_A_CHANGE']).toContain(code)
        expect(brokenAt ?? bytes).toBeLessThanOrEqual(bytes)
      } else if (path === '/*') {
        // An attribute that no schema models: the rejection does not name it.
        expect(marked).toEqual([
          { path: '/profile', asked: '', has: expect.stringContaining('•••'), mark: 'bad' },
        ])
      } else if (path !== '') {
        expect(
          marked.map((line) => line.path),
          code,
        ).toHaveLength(1)
        expect(`${path}/`.startsWith(`${marked[0]?.path}/`)).toBe(true)
        expect(of).toBe(stage === 'decode' ? 'envelope' : 'image')
      }
    }
  })

  test('gets an edit, where one can be told, that takes this fault away', () => {
    for (const file of files) {
      const { suggestion } = explainRecord(file, catalog)
      if (!suggestion) continue
      const filled = suggestion.map(({ op, path, value }) => ({ op, path, value: fill(value ?? null, path) }))
      const edited = parsePatch(Buffer.from(JSON.stringify(filled)), kind).apply(payloadsOf(file)[0]!)
      expect(edited, JSON.stringify(filled)).toMatchObject({ ok: true })
      const { code, path } = (edited.ok ? rejected(edited.payload)?.error : undefined) ?? {}
      if (file.error.code !== 'IMAGE_MISSING' && file.error.code !== 'TYPE_UNKNOWN')
        expect({ code, path }, JSON.stringify(filled)).not.toEqual({
          code: file.error.code,
          path: file.error.path,
        })
    }
  })

  test('shows no personal value, and fits the terminal', () => {
    for (const file of files) {
      const explanation = explainRecord(file, catalog)
      const { io } = testIo({ width: 100 })
      const printed = explanationLines(io, explanation)
      const personal = [
        ...(payloadsOf(file)[0]?.toString() ?? '').matchAll(
          /"(?:phoneNumber|email|messageBody)":\{"S":"([^"]{4,})"/g,
        ),
      ]
      for (const text of [...printed, JSON.stringify(explanation)])
        for (const [, value = ''] of personal) expect(text).not.toContain(value)
      for (const line of printed) expect(line.length).toBeLessThanOrEqual(100)
    }
  })
})

test('most kinds get an edit', () => {
  const kinds = lines.filter(({ bytes }) => explain(bytes).suggestion).map(({ kind }) => kind)
  expect(new Set(kinds).size).toBeGreaterThan(20)
})

test('an edit as it is suggested is refused until its values are filled in', () => {
  const suggestions = lines.flatMap(({ bytes }) => explain(bytes).suggestion ?? [])
  const unfilled = suggestions.filter(({ value }) => JSON.stringify(value).includes('…'))
  expect(unfilled.length).toBeGreaterThan(20)
  for (const operation of unfilled)
    expect(() => parsePatch(Buffer.from(JSON.stringify([operation])), 'fix.json')).toThrow(
      /^fix\.json is not filled in: operation 1, \w+ \/\S+: write the right value in the place of "…"$/,
    )
  // What needs no value can be used as it stands.
  for (const { value } of suggestions.filter((one) => !unfilled.includes(one)))
    expect(['MILLISECOND', 'MICROSECOND']).toContain(value)
})

test('what is missing is told beside what is asked for, with the edit that adds it', () => {
  const { lines: told, suggestion } = explain(withoutSale(1))
  expect(told.find(({ path }) => path === '/saleId')).toEqual({
    path: '/saleId',
    asked: 'text (S), required',
    has: '',
    mark: 'bad',
  })
  expect(told.find(({ path }) => path === '/email')).toEqual({
    path: '/email',
    asked: 'text (S), personal',
    has: '{"S":"•••"}',
    mark: 'ok',
  })
  expect(told.find(({ path }) => path === '/PK')).toMatchObject({ mark: 'extra' })
  expect(suggestion).toEqual([{ op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: '…' } }])
})

test('a fault deep in a list is marked at the list, and the edit leads to it', () => {
  const venues = [
    { id: 'v1', name: 'Hall' },
    { id: 'v2', name: 7 },
  ]
  const { lines: told, suggestion } = explain(change({ item: { ...eventItem, venues } as never }))
  expect(told.filter(({ mark }) => mark === 'bad').map(({ path }) => path)).toEqual(['/venues'])
  expect(suggestion).toEqual([{ op: 'add', path: '/dynamodb/NewImage/venues/L/1/M/name', value: { S: '…' } }])
})

test('a malformed attribute outside the schema is named, masked where its name may be personal', () => {
  const malformed = (image: (item: { [name: string]: unknown }) => void) => {
    const envelope = JSON.parse(Buffer.from(change()).toString())
    image(envelope.dynamodb.NewImage)
    return explain(Buffer.from(JSON.stringify(envelope)))
  }
  const marked = ({ lines: told }: ReturnType<typeof explain>) =>
    told.filter(({ mark }) => mark === 'bad').map(({ path }) => path)
  const top = malformed((item) => {
    item.fine = { S: 'x' }
    item.profile = { M: { a: { S: 7 } } }
  })
  expect(marked(top)).toEqual(['/profile'])
  expect(top.suggestion).toEqual([{ op: 'replace', path: '/dynamodb/NewImage/profile', value: { S: '…' } }])
  const personal = malformed((item) => {
    item['ada@example.com'] = { S: 7 }
  })
  expect(marked(personal)).toEqual(['/•••'])
  expect(personal.suggestion).toBeUndefined()
  const nested = malformed((item) => {
    Object.assign((item.date as { M: object }).M, { seen: 'secret' })
  })
  expect(marked(nested)).toEqual(['/date/seen'])
  expect(JSON.stringify(nested)).not.toContain('secret')
})

test('a delete is explained, and mended, in its old image', () => {
  const { saleId: _, ...item } = demandItem
  expect(explain(change({ operation: 'REMOVE', item: item as never })).suggestion).toEqual([
    { op: 'add', path: '/dynamodb/OldImage/saleId', value: { S: '…' } },
  ])
})

test('bytes that cannot be read are told by where they break, and never shown', () => {
  expect(explain(Buffer.from([0x7b, 0x22, 0xc3, 0x28]))).toEqual({
    of: 'bytes',
    lines: [],
    bytes: 4,
    brokenAt: 2,
  })
  expect(
    explain(Buffer.concat([Buffer.from('é€😀'), Buffer.from([0xff]), Buffer.from('tail')])),
  ).toMatchObject({ brokenAt: 9 })
  expect(explain(Buffer.from('{"é": secret}'))).toMatchObject({ of: 'bytes', bytes: 14 })
  expect(explain(Buffer.from('{"é": {"cut": 1'))).toMatchObject({ of: 'bytes', bytes: 16, brokenAt: 16 })
  expect(explain(Buffer.from('{"é": "a", 7}'))).toMatchObject({ of: 'bytes', brokenAt: 12 })
  expect(explain(Buffer.from('{"cut": "canary@example.com'))).toMatchObject({ of: 'bytes', bytes: 27 })
  expect(explain(Buffer.from('[1]'))).toEqual({ of: 'bytes', lines: [], bytes: 3 })
  const { io } = testIo()
  expect(explanationLines(io, explain(Buffer.from('{"é": "a", 7}'))).join()).toBe(
    '14 bytes that cannot be read from byte 12 on; --raw prints them, personal data included',
  )
})

test('no value of a record can act on the terminal', () => {
  const evil = 'a\u001b[2Jb\u009b31m\u202etxt\u2028'
  const { saleId: _, ...item } = demandItem
  const explanation = explain(change({ item: { ...item, eventName: evil } as never }))
  const { io } = testIo({ width: 200 })
  const printed = explanationLines(io, explanation).join('\n')
  expect(printed).toContain('a\\u001b[2Jb')
  for (const sign of ['\u001b', '\u009b', '\u202e', '\u2028']) expect(printed.includes(sign)).toBe(false)
})
