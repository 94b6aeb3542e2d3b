import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeSettings, readSettings } from '../src/settings.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-settings-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const fileOf = (text: string) => {
  const path = join(folder, 'dmd.json')
  writeFileSync(path, text)
  return path
}

test('flags come before variables, variables before the file, the file before what holds without any', () => {
  const file = fileOf('{"putsParallel": 3, "archive": "from-file", "queryMemory": "1GB"}')
  const env = { DMD_PUTS_PARALLEL: '4', DMD_ARCHIVE: 'from-env', OTHER: 'x' }
  const given = readSettings({ flags: { archive: 'from-flag', putsParallel: undefined }, env, file })
  expect(given).toMatchObject({ archive: 'from-flag', putsParallel: 4, queryMemory: '1GB' })
  const plain = readSettings({})
  expect(describeSettings().length).toBeGreaterThan(Object.keys(plain).length - 1)
  for (const { name, fallback } of describeSettings()) expect([name, plain[name]]).toEqual([name, fallback])
})

test('nobody changes settings once they are read', () => {
  const settings = readSettings({}) as { putsParallel: number }
  expect(() => {
    settings.putsParallel = 1
  }).toThrow(TypeError)
})

describe('what is no setting, or no value of one, is refused by its name', () => {
  test.each([
    [{ file: '{"putParallel": 3}' }, 'there is no setting "putParallel"; did you mean putsParallel?'],
    [{ file: '{"putsParallel": "x"}' }, 'putsParallel is "x": must be a number'],
    [{ file: '[]' }, 'must be a JSON object of settings'],
    [{ file: '{' }, 'dmd.json: '],
    [
      { env: { DMD_PUT_PARALLEL: '3' } },
      'environment: there is no variable DMD_PUT_PARALLEL; did you mean DMD_PUTS_PARALLEL?',
    ],
    [{ env: { DMD_PUTS_PARALLEL: '0' } }, 'environment: DMD_PUTS_PARALLEL is "0": '],
    [{ flags: { putsParallel: 0 } }, 'flags: --putsParallel is 0: '],
  ])('%j', ({ file, env, flags }: { file?: string; env?: object; flags?: object }, message) => {
    const sources = {
      ...(file !== undefined && { file: fileOf(file) }),
      ...(env && { env: env as NodeJS.ProcessEnv }),
      ...(flags && { flags }),
    }
    expect(() => readSettings(sources)).toThrow(
      expect.objectContaining({ code: 'SETTING_INVALID', message: expect.stringContaining(message) }),
    )
  })

  test('but an address of alerts is not shown: a token may be in it', () => {
    const wrong = () => readSettings({ env: { DMD_ALERT_URL: 'ftp://host/secret-token' } })
    expect(wrong).toThrow('environment: DMD_ALERT_URL: ')
    expect(wrong).toThrow(expect.objectContaining({ message: expect.not.stringContaining('secret') }))
  })
})
