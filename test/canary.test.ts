import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCatalog } from '../src/catalog.ts'
import { planBatch } from '../src/delivery/plan.ts'
import { toRules } from '../src/delivery/rules.ts'
import { isObject } from '../src/record/type.ts'
import { simulate } from '../src/sample/simulator.ts'
import { readSettings } from '../src/settings.ts'
import { attributes, change, demandItem, notificationItem, records } from './changes.ts'
import { dmd } from './cli/io.ts'
import { tree } from './tree.ts'

const canaries = ['+1 202 555 0199', 'canary@example.com', 'cANARY tweets']
const [phone = '', email = '', text = ''] = canaries

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-canary-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Changes that carry personal data in every place where it might be, most of them bad in one way or another. */
function plant(): readonly Uint8Array[] {
  const personal = { ...demandItem, phoneNumber: phone, email, messageBody: text }
  const good = [
    change({ item: personal }),
    change({ item: { ...personal, note: text, nested: { [email]: phone } } }),
    change({ operation: 'REMOVE', item: { ...personal, note: text, [phone]: email } }),
    change({ item: { ...notificationItem, phoneNumber: phone, email, messageBody: text } }),
  ]
  const spoil = (over: object) => change({ item: { ...personal, ...over } as never })
  const bad = [
    spoil({ type: text }),
    spoil({ saleId: null }),
    spoil({ fanId: '' }),
    spoil({ phoneNumber: 2025550199 }),
    spoil({ email: { [email]: phone } }),
    spoil({ messageBody: [text, phone] }),
    spoil({ eventName: { [text]: email } }),
    spoil({ date: { requested: text } }),
    spoil({ date: { requested: '2025-02-30', note: phone } }),
    spoil({ date: text }),
    spoil({ date: { requested: '1999-01-01T00:00:00Z' } }),
    change({ item: { ...notificationItem, sendAttempts: 1.5, email, phoneNumber: phone } }),
    change({ operation: text, item: personal }),
    change({ id: '', item: personal }),
  ]
  const json = Buffer.from(good[0] ?? []).toString('utf8')
  const mangle = (from: string | RegExp, to: string) => Buffer.from(json.replace(from, to))
  const mangled = [
    Buffer.from(`${text} ${phone} ${email}`),
    Buffer.from(JSON.stringify([email])),
    // A line that ends inside its document goes on in the next one, unless that one is a document itself.
    Buffer.from(json.slice(0, -30)),
    Buffer.from(JSON.stringify({ note: email, dynamodb: phone })),
    Buffer.concat([Buffer.from(json), Buffer.from([0xff])]),
    mangle('MICROSECOND', email),
    mangle(/"ApproximateCreationDateTime":\d+/, `"ApproximateCreationDateTime":"${phone}"`),
    mangle('"NewImage"', `"${text}"`),
    mangle(/"Keys":\{[^}]*\}/, `"Keys":{"${email}":{"X":"${phone}"}`),
    mangle(/\{"S":"canary@example.com"\}/, `{"${phone}":"${email}"}`),
    mangle(/"phoneNumber":\{"S":"[^"]*"\}/, `"${email}":{"Q":"${phone}"}`),
  ]
  return [...good, ...bad, ...mangled]
}

function expectClean(what: string, output: string): void {
  for (const canary of canaries) expect(output.includes(canary), `${what} holds ${canary}`).toBe(false)
}

test('no log line, metric, error message, command output or file name holds personal data', async () => {
  const planted = plant()
  const input = join(folder, 'changes.jsonl')
  const archive = join(folder, 'archive')
  writeFileSync(input, Buffer.concat(planted.flatMap((line) => [line, Buffer.from('\n')])))
  const delivered = await dmd(['deliver', input, '--verbose', '--json', '--archive', archive])
  expect(delivered.code).toBe(0)
  expect(JSON.parse(delivered.out)).toMatchObject({
    records: planted.length,
    delivered: 4,
    errored: planted.length - 4,
  })
  expect(delivered.err).toContain('"_aws"')
  expect(delivered.err).toContain('record rejected')
  expectClean('the log', delivered.err)
  expectClean('the report', delivered.out)
  const names = [...tree(archive).keys()]
  expectClean('a file name', names.join('\n'))
  const list = await dmd(['errors', 'list', '--archive', archive])
  expectClean('errors list', list.out + list.err)
  for (const key of names.filter((name) => name.startsWith('errors/'))) {
    const shown = await dmd(['errors', 'show', key, '--archive', archive])
    expect(shown.code).toBe(0)
    expectClean(`errors show of ${shown.out.slice(0, 60)}`, shown.out + shown.err)
  }
  const edit = join(folder, 'edit.json')
  writeFileSync(
    edit,
    JSON.stringify([
      { op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: 'sale-1' } },
      { op: 'add', path: `/dynamodb/NewImage/${email.replace('/', '~1')}`, value: { S: phone } },
      { op: 'add', path: '/dynamodb/NewImage/messageBody', value: { S: text } },
    ]),
  )
  const groups = JSON.parse((await dmd(['errors', 'list', '--archive', archive, '--json'])).out)
  expect(groups.length).toBeGreaterThan(12)
  for (const { fingerprint } of groups) {
    for (const args of [
      ['errors', 'show', fingerprint, '--json'],
      ['errors', 'show', fingerprint],
      ['errors', 'set', fingerprint, 'acknowledged', '--json'],
      ['replay', fingerprint, '--edit', edit, '--dry-run'],
      ['replay', fingerprint, '--edit', edit, '--dry-run', '--json'],
      ['replay', fingerprint, '--dry-run'],
      ['replay', fingerprint, '--edit', edit, '--yes', '--verbose'],
      ['replay', fingerprint, '--edit', edit, '--yes', '--json'],
      ['errors', 'list', '--json'],
      ['replay', 'list', '--json'],
    ]) {
      const ran = await dmd([...args, '--archive', archive])
      expect([0, 3], `${args.join(' ')}: ${ran.err}`).toContain(ran.code)
      expectClean(args.join(' '), ran.out + ran.err)
    }
  }
  const kept = [...tree(archive).keys()].filter((name) => /^(replays|triage)\/.*json$/.test(name))
  expect(kept.length).toBeGreaterThan(3 * groups.length)
  for (const name of kept) expectClean(name, name + readFileSync(join(archive, name), 'utf8'))
})

test('a row of a delete holds no personal value, and its text columns say so', () => {
  const rules = toRules(loadCatalog(), readSettings({}))
  const removed = change({
    operation: 'REMOVE',
    item: { ...demandItem, phoneNumber: phone, email, messageBody: text, note: text, deep: { a: [email] } },
  })
  const plan = planBatch(
    { stream: 's', shard: '0', records: records([removed]) },
    { ...rules, codec: 'null' },
  )
  const bytes = Buffer.from(plan.objects[0]?.bytes ?? []).toString('latin1')
  expect(bytes).toContain('[redacted]')
  expectClean('the container', bytes)
})

test('every kind of bad record is rejected without one of its texts in message or path', () => {
  const rules = toRules(loadCatalog(), readSettings({}))
  let seen = 0
  for (const line of simulate({ fans: 400, minutes: 1, badCount: 100, badPercent: 0, seed: 'canary' })) {
    if (line.expect.ok) continue
    const plan = planBatch({ stream: 's', shard: '0', records: records([line.bytes]) }, rules)
    const [error] = plan.errors
    const told = `${error?.key} ${error?.rejection.message} ${error?.rejection.path}`
    for (const value of personalTexts(line.bytes))
      expect(told.includes(value), `${line.expect.kind}: ${told}`).toBe(false)
    seen += 1
  }
  expect(seen).toBe(100)
})

/** The personal texts of a payload that is JSON. */
function personalTexts(payload: Uint8Array): readonly string[] {
  const envelope: unknown = (() => {
    try {
      return JSON.parse(Buffer.from(payload).toString('utf8'))
    } catch {
      return undefined
    }
  })()
  const section = isObject(envelope) && isObject(envelope.dynamodb) ? envelope.dynamodb : {}
  return [section.NewImage, section.OldImage].filter(isObject).flatMap((image) =>
    ['phoneNumber', 'email', 'messageBody'].flatMap((name) => {
      const attribute = image[name]
      const value = isObject(attribute) ? attribute.S : undefined
      return typeof value === 'string' && value.length > 3 ? [value] : []
    }),
  )
}

test('the planted data really is in what was planted', () => {
  const all = Buffer.concat(plant().map((bytes) => Buffer.from(bytes))).toString('utf8')
  for (const canary of canaries) expect(all.split(canary).length).toBeGreaterThan(10)
  expect(attributes({ email })).toEqual({ email: { S: email } })
})
