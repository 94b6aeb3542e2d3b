import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import stringWidth from 'string-width'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { change, demandItem } from '../changes.ts'
import { dmd } from './io.ts'

let folder: string
let archive: string
let group: string
let error: string
let replay: string
const env = () => ({ DMD_CACHE: join(folder, 'cache'), DMD_ARCHIVE: archive, USER: 'ops' })
const run = (args: readonly string[], width?: number) =>
  dmd(args, { env: env(), ...(width === undefined ? {} : { width, errWidth: width, isShown: true }) })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-width-'))
  archive = join(folder, 'a')
  const { saleId: _, ...withoutSale } = demandItem
  const lines = Array.from({ length: 12 }, (_, n) =>
    change({
      id: `w${n}`,
      item: {
        ...withoutSale,
        PK: `FAN#${n}`,
        fanId: `fan-${n}`,
        artistName: '東京スカパラダイスオーケストラ 🎺',
      } as never,
    }),
  )
  const changes = join(folder, 'changes.jsonl')
  writeFileSync(
    changes,
    Buffer.concat([...lines, Buffer.from('{')].flatMap((one) => [one, Buffer.from('\n')])),
  )
  await run(['deliver', changes])
  const groups = JSON.parse((await run(['errors', 'list', '--json'])).out)
  ;({ fingerprint: group, sample: error } = groups.find(
    ({ code }: { code: string }) => code === 'FIELD_MISSING',
  ))
  writeFileSync(
    join(folder, 'fix.json'),
    JSON.stringify([
      { op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: '販売-1 with a name that is long' } },
    ]),
  )
  const ran = await run(['replay', error, '--edit', join(folder, 'fix.json'), '--yes', '--json'])
  replay = JSON.parse(ran.out).id
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const commands: readonly (readonly [string, () => readonly string[]])[] = [
  ['errors list', () => ['errors', 'list']],
  ['errors show GROUP', () => ['errors', 'show', group]],
  ['errors show KEY', () => ['errors', 'show', error]],
  ['replay --dry-run', () => ['replay', group, '--edit', join(folder, 'fix.json'), '--dry-run']],
  ['replay --dry-run that fails', () => ['replay', group, '--dry-run']],
  ['replay list', () => ['replay', 'list']],
  ['replay show', () => ['replay', 'show', replay]],
  ['status', () => ['status', '--state', join(folder, 'none')]],
  ['schema list', () => ['schema', 'list']],
]

/** Lines that are wider, but for what is copied: a command to run, and a word that has a line to itself. */
const wide = (text: string, width: number) =>
  text
    .split('\n')
    .filter((line) => stringWidth(line) > width)
    .filter((line) => !/\bdmd (errors|replay|up) |--archive/.test(line))
    .filter((line) => !/^(\S+)? {2,}\S+$/.test(line))

test.each(commands)('dmd %s fits a terminal of 80 columns', async (_, args) => {
  const { out, err } = await run(args(), 80)
  expect(out).not.toBe('')
  expect(wide(out + err, 80)).toEqual([])
})

test('a rehearsal fits 80 columns where there is no terminal too', async () => {
  const { out, err } = await run(['replay', group, '--edit', join(folder, 'fix.json'), '--dry-run'])
  expect(out).toContain('would be delivered')
  expect(wide(out + err, 80)).toEqual([])
})
