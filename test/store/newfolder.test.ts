import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeFolders } from '../../src/store/newfolder.ts'
import { dmd } from '../cli/io.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-folder-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('missing folders are made for their owner alone, and the topmost of them is told', async () => {
  expect(await makeFolders(join(folder, 'a/b/c'))).toBe(join(folder, 'a'))
  for (const path of ['a', 'a/b', 'a/b/c']) expect(statSync(join(folder, path)).mode & 0o777).toBe(0o700)
  expect(await makeFolders(join(folder, 'a/b/c'))).toBeUndefined()
})

test('several that make the same folder at once all succeed', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, () => makeFolders(join(folder, 'x/y/z'))))
  expect(made).toHaveLength(8)
  expect(existsSync(join(folder, 'x/y/z'))).toBe(true)
})

test('a file in the way is an error of the file system', async () => {
  writeFileSync(join(folder, 'file'), '')
  await expect(makeFolders(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeFolders(join(folder, 'file/below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

test.runIf(process.platform === 'linux')(
  'a folder that takes no new folders is refused at once',
  async () => {
    for (const args of [
      ['up', '--state', '/proc/x', '--port', '0', '--archive', join(folder, 'archive')],
      ['demo', '--directory', '/proc/x'],
      ['deliver', join(folder, 'file'), '--archive', '/proc/x/y'],
    ]) {
      const { code, err } = await dmd(args)
      expect([args[0], code, err]).toEqual([
        args[0],
        expect.any(Number),
        expect.stringContaining(
          '/proc/x cannot be made: /proc takes no new folders. Name a folder elsewhere.',
        ),
      ])
      expect(code).not.toBe(0)
    }
  },
)
