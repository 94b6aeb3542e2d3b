import { expect, test } from 'vitest'
import { simulate } from '../../src/sample/simulator.ts'
import { parseLine } from './fold.ts'

const fans = 2_000
const images = [...simulate({ fans, minutes: 5, badPercent: 0, notifyPercent: 0, seed: 'tour' })]
  .filter(({ expect: e }) => e.ok && e.type === 'demand' && e.operation === 'INSERT' && !e.isDuplicate)
  .map((line) => parseLine(line).dynamodb.NewImage!)

test('each is somebody, and nobody who exists', () => {
  expect(new Set(images.map(({ fanId }) => fanId!.S)).size).toBe(fans)
  const emails = images.flatMap(({ email }) => email?.S ?? [])
  expect(new Set(emails).size).toBe(emails.length)
  for (const email of emails) expect(email).toMatch(/^[a-z]+\.\d+@(example\.(com|net|org)|\w+\.example)$/)
  for (const { phoneNumber } of images) {
    if (phoneNumber) expect(phoneNumber.S).toMatch(/^\+1\d{3}55501\d\d$/)
  }
})

test('they write in many scripts', () => {
  const text = images.map(({ messageBody }) => messageBody!.S).join()
  for (const script of ['Arabic', 'Hebrew', 'Han', 'Hiragana', 'Hangul', 'Cyrillic', 'Greek', 'Thai']) {
    expect(text).toMatch(new RegExp(`\\p{Script=${script}}`, 'u'))
  }
  expect(text).toMatch(/ı/)
  expect(text).toMatch(/\u0308/)
  expect(text).toMatch(/\p{Emoji_Presentation}/u)
})

test('the writers differ in how they put dates, and in what they add', () => {
  const dates = images.map(({ date }) => date!.M!.requested!)
  for (const pattern of [/\.\d{3}Z$/, /\.\d{6}Z$/, /-05:00$/, /\+05:30$/]) {
    expect(dates.some(({ S }) => S !== undefined && pattern.test(S))).toBe(true)
  }
  expect(new Set(dates.map(({ N }) => N?.length))).toEqual(new Set([undefined, 10, 13]))
  expect(dates.filter(({ S }) => S?.endsWith('Z')).length / dates.length).toBeGreaterThan(0.75)
  for (const name of ['ttl', 'deviceType', 'interests', 'score', 'client', 'tags', 'systemUserId']) {
    expect(images.some((image) => name in image)).toBe(true)
  }
})
