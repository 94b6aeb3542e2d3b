import { expect, test } from 'vitest'
import { codes } from '../../src/record/error.ts'
import { badKinds } from '../../src/sample/simulator/bad.ts'
import { simulate } from '../../src/sample/simulator.ts'

const options = { fans: 2_000, minutes: 5, badPercent: 5, seed: 'tour' }
const lines = [...simulate({ ...options, badCount: 3 * badKinds.length })].filter((line) => !line.expect.ok)

test('there are twenty kinds and more, each under one name, with codes that records can have', () => {
  expect(badKinds.length).toBeGreaterThanOrEqual(20)
  expect(new Set(badKinds.map(({ kind }) => kind)).size).toBe(badKinds.length)
  for (const { kind, code, stage, description } of badKinds) {
    expect(kind).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    expect(codes[code].scope).toBe('record')
    expect(['decode', 'validate', 'place']).toContain(stage)
    expect(description).toMatch(/\.$/)
  }
})

test('every kind comes as often as any other, spread over the surge', () => {
  for (const { kind } of badKinds) {
    expect(lines.filter(({ expect: e }) => !e.ok && e.kind === kind).length).toBe(3)
  }
  expect(lines.at(-1)!.arrivedMs - lines[0]!.arrivedMs).toBeGreaterThan(240_000)
})

test('no two are alike, and none breaks the line', () => {
  const payloads = lines.map(({ bytes }) => Buffer.from(bytes).toString('latin1'))
  expect(new Set(payloads).size).toBe(lines.length)
  for (const payload of payloads) expect(payload).not.toMatch(/[\r\n]/)
})

test('their fans are nobody else', () => {
  const fans = new Set(lines.map(({ item }) => item))
  expect(fans.size).toBe(lines.length)
  for (const line of simulate({ ...options, badPercent: 0 }))
    expect(fans.has(line.item.split(' ')[0]!)).toBe(false)
})

test('those that are no JSON cannot be parsed, those that are no UTF-8 cannot be decoded', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (const { bytes, expect: e } of lines) {
    if (e.ok) continue
    if (e.code === 'NOT_UTF8') expect(() => decoder.decode(bytes), e.kind).toThrow(TypeError)
    else if (e.code === 'NOT_JSON')
      expect(() => JSON.parse(decoder.decode(bytes)), e.kind).toThrow(SyntaxError)
    else expect(() => JSON.parse(decoder.decode(bytes)), e.kind).not.toThrow()
  }
})
