import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { change, demandItem } from '../changes.ts'
import { dmd } from './io.ts'

const { saleId: _, ...withoutSale } = demandItem
let folder: string
let archive: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-bounds-'))
  archive = join(folder, 'archive')
  const lines = [1, 2, 3].flatMap((n) => [
    change({ item: { ...demandItem, PK: `FAN#good-${n}` } as never, id: `good-${n}` }),
    Buffer.from('\n'),
    change({ item: { ...withoutSale, PK: `FAN#${n}` } as never, id: `bad-${n}` }),
    Buffer.from('\n'),
  ])
  writeFileSync(join(folder, 'changes.jsonl'), Buffer.concat(lines))
  const delivered = await dmd(['deliver', join(folder, 'changes.jsonl'), '--archive', archive])
  expect(delivered.code).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The bounds of docs/limits.md that the command line keeps. */
describe('a number beyond its bound is refused before anything is done', () => {
  test.each([
    ['deliver', '--batch', '10000', '10001', '1 to 10000'],
    ['replay', '--max', '1000000', '1000001', '1 to 1000000'],
  ])('%s %s takes %s, and not %s', async (command, option, most, more, range) => {
    const args = command === 'deliver' ? ['deliver', '-'] : ['replay', '--all', '--dry-run']
    const taken = await dmd([...args, option, most, '--archive', archive])
    expect([taken.code, taken.err]).toEqual([
      command === 'deliver' ? 0 : 3,
      expect.not.stringContaining(range),
    ])
    for (const wrong of [more, '0', '-1', '1.5', 'x', '']) {
      const refused = await dmd([...args, option, wrong, '--archive', archive])
      expect([wrong, refused.code]).toEqual([wrong, 2])
      expect(refused.err).toContain(`It is not a whole number from ${range}.`)
    }
  })
})

test('a replay takes the first error files by name, as many as --max says, else 10,000', async () => {
  const selected = async (...args: string[]) => {
    const ran = await dmd(['replay', '--all', '--dry-run', '--json', ...args, '--archive', archive])
    return JSON.parse(ran.out).selection.keys as readonly string[]
  }
  const keys = readdirSync(join(archive, 'errors'))
    .sort()
    .map((name) => `errors/${name}`)
  expect(await selected()).toEqual(keys)
  expect(await selected('--max', '2')).toEqual(keys.slice(0, 2))
  const help = await dmd(['replay', '--help'])
  expect(help.out.replace(/\s+/g, ' ')).toContain('the first ones by name (default: 10000)')
})

describe('an edit', () => {
  const replayed = async (text: string) => {
    const path = join(folder, 'edit.json')
    writeFileSync(path, text)
    return dmd(['replay', '--all', '--dry-run', '--edit', path, '--archive', archive])
  }
  const operations = (count: number) =>
    JSON.stringify(
      Array.from({ length: count }, () => ({
        op: 'add',
        path: '/dynamodb/NewImage/saleId',
        value: { S: 'sale-1' },
      })),
    )

  test('has 1,000 operations at most', async () => {
    expect((await replayed(operations(1000))).code).toBe(0)
    const refused = await replayed(operations(1001))
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining('it has more than 1000 operations'),
    ])
  })

  test('is a file of 10 MiB at most', async () => {
    const sized = (bytes: number) => operations(1).padEnd(bytes, ' ')
    expect((await replayed(sized(10 * 1024 * 1024))).code).toBe(0)
    const refused = await replayed(sized(10 * 1024 * 1024 + 1))
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining('is larger than 10,485,760 bytes'),
    ])
  })
})

test('a file that is written is for its owner alone, and one that was there keeps its rights', async () => {
  const written = async (name: string, ...args: string[]) => {
    const path = join(folder, name)
    expect((await dmd([...args, '-o', path, '--archive', archive])).code).toBe(0)
    return statSync(path).mode & 0o777
  }
  const simulated = async (name: string) => {
    const path = join(folder, name)
    expect((await dmd(['simulate', '--fans', '100', '--minutes', '1', '-o', path])).code).toBe(0)
    return statSync(path).mode & 0o777
  }
  for (const name of ['result.csv', 'result.jsonl', 'result.parquet'])
    expect([name, await written(name, 'query', 'SELECT 1 AS a')]).toEqual([name, 0o600])
  expect(await simulated('simulated.jsonl')).toBe(0o600)
  writeFileSync(join(folder, 'there.csv'), 'x')
  chmodSync(join(folder, 'there.csv'), 0o640)
  expect(await written('there.csv', 'query', 'SELECT 1 AS a')).toBe(0o640)
})
