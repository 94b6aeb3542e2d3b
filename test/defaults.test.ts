import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { batchWindowMs, recordAgeMaxMs, recordAgeShareMax } from '../src/defaults.ts'
import { mappingDefaults } from '../src/local/mapping/settings.ts'
import { settingDefaults } from '../src/settings.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

test('the settings and the local mapping have the same defaults', () => {
  const { batchRecords, batchWindowMs: windowMs, parallelization, recordAgeMaxMs } = settingDefaults
  expect(mappingDefaults).toMatchObject({ batchRecords, windowMs, parallelization, recordAgeMaxMs })
})

test('a batch is discarded before a stream of the least retention drops its records', () => {
  const hourMs = 3_600_000
  expect(recordAgeMaxMs.local).toBeLessThan(24 * hourMs)
  expect(recordAgeMaxMs.deployed).toBeLessThanOrEqual(168 * hourMs * recordAgeShareMax)
})

test('a batch never waits longer than 5 s, so that a change is archived within a minute', () => {
  expect(Math.max(...Object.values(batchWindowMs))).toBeLessThanOrEqual(5_000)
})

test('the value of a default stands in the code once', () => {
  const files = ['src', 'infra/src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  )
  const withText = (pattern: RegExp) =>
    files.filter((file) => pattern.test(readFileSync(join(root, file), 'utf8')))
  expect(withText(/'2020-01-01'/)).toEqual(['src/record/rules.ts'])
  expect(withText(/72_000_000|259_200|20 \* 3_600_000/)).toEqual(['src/defaults.ts'])
  expect(withText(/'expiresAt'/)).toEqual(['src/defaults.ts'])
})

test('the help of a command has no default typed by hand that a setting has', () => {
  const cli = join(root, 'src/cli')
  const typed = readdirSync(cli, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => readFileSync(join(cli, name), 'utf8').match(/\(default: [^$)]*[\d/][^$)]*\)/g) ?? [])
  expect(typed).toEqual([])
})
