import { spawn } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { moveFile, openOutputFile, replaceFile } from '../../src/store/atomic-file.ts'
import type { Write } from './child.ts'
import { runChild, useChildren, withRoot } from './process.ts'
import { sealed, unsealed } from './steps.ts'

useChildren()

const readSealed = async (root: string) => unsealed(await readFile(join(root, 'file')))
const modeOf = async (path: string) => (await stat(path)).mode & 0o777

test('a writer that is killed before any write leaves the old file or the new one, whole', async () => {
  const seen = new Set<string>()
  for (let point = 1, wasKilled = true; wasKilled; point++)
    await withRoot(async (root) => {
      await writeFile(join(root, 'file'), sealed('old'))
      wasKilled = (await runChild('replace', root, 'kill', String(point))).killed
      seen.add(await readSealed(root))
      // It can be done at once, and nothing of the first attempt is left.
      await replaceFile(join(root, 'file'), sealed('again'))
      expect(await readSealed(root)).toBe('again')
      expect(await readdir(root)).toEqual(['file'])
    })
  expect(seen).toEqual(new Set(['old', 'new']))
})

test('a disk that is full at any write leaves a whole file and nothing beside it', async () => {
  const errors: unknown[] = []
  for (let point = 1; errors.at(-1) !== undefined || point === 1; point++)
    await withRoot(async (root) => {
      await writeFile(join(root, 'file'), sealed('old'))
      const { lines } = await runChild('replace', root, 'fail', String(point))
      errors.push(JSON.parse(lines[0]!).error)
      expect(['old', 'new']).toContain(await readSealed(root))
      expect(await readdir(root)).toEqual(['file'])
    })
  // Open, write, sync, rename, and the sync of the folder.
  expect(errors).toEqual([...Array(5).fill('ENOSPC'), undefined])
})

test('a durable file is synced before it gets its name, and its name after that', async () => {
  await withRoot(async (root) => {
    const { lines } = await runChild('replace', root, 'trace', '0')
    const { writes } = JSON.parse(lines[0]!) as { writes: Write[] }
    expect(writes).toEqual([
      { call: 'open', path: join(root, 'file.part') },
      { call: 'writeFile', path: join(root, 'file.part') },
      { call: 'sync', path: join(root, 'file.part') },
      { call: 'rename', path: join(root, 'file') },
      { call: 'sync', path: root },
    ])
  })
})

test('a reader sees one version whole, never parts of two', async () => {
  await withRoot(async (root) => {
    await replaceFile(join(root, 'file'), sealed('0', 50_000))
    let isWriting = true
    const writer = (async () => {
      for (let version = 1; version <= 20; version++)
        await replaceFile(join(root, 'file'), sealed(String(version), 50_000 + version))
      isWriting = false
    })()
    while (isWriting) await readSealed(root)
    await writer
    expect(await readSealed(root)).toBe('20')
    expect(await modeOf(join(root, 'file'))).toBe(0o600)
  })
})

test('an output file is the old one until its end, and the old one stays where it is discarded', async () => {
  await withRoot(async (root) => {
    const path = join(root, 'file')
    await writeFile(path, 'old', { mode: 0o644 })
    await chmod(path, 0o644)
    const given = await openOutputFile(path)
    await given.write('half of')
    expect(await readFile(path, 'utf8')).toBe('old')
    await given.discard()
    expect(await readFile(path, 'utf8')).toBe('old')
    const written = await openOutputFile(path)
    await written.write('new ')
    await written.write(Buffer.from('one'))
    await written.end()
    await written.discard()
    expect(await readFile(path, 'utf8')).toBe('new one')
    expect(await modeOf(path)).toBe(0o644)
    expect(await readdir(root)).toEqual(['file'])
  })
})

test('a new output file is for its owner alone, and one in no folder is refused at once', async () => {
  await withRoot(async (root) => {
    const file = await openOutputFile(join(root, 'file'))
    await file.end()
    expect(await modeOf(join(root, 'file'))).toBe(0o600)
    await expect(openOutputFile(join(root, 'none', 'file'))).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(openOutputFile(root)).rejects.toMatchObject({ code: 'EISDIR' })
  })
})

test('a link stays a link, and what it leads to is replaced', async () => {
  await withRoot(async (root) => {
    await mkdir(join(root, 'folder'))
    await writeFile(join(root, 'folder', 'file'), 'old')
    await symlink('folder/file', join(root, 'link'))
    const file = await openOutputFile(join(root, 'link'))
    await file.write('new')
    await file.end()
    expect(await readFile(join(root, 'folder', 'file'), 'utf8')).toBe('new')
    await writeFile(join(root, 'made'), 'moved')
    await moveFile(join(root, 'made'), join(root, 'link'))
    expect(await readFile(join(root, 'folder', 'file'), 'utf8')).toBe('moved')
    expect((await readdir(root)).sort()).toEqual(['folder', 'link'])
  })
})

test.skipIf(process.platform === 'win32')('a pipe is written to as it is', async () => {
  await withRoot(async (root) => {
    const pipe = join(root, 'pipe')
    await new Promise((resolve) => spawn('mkfifo', [pipe]).once('close', resolve))
    const reader = spawn('cat', [pipe])
    const read = text(reader.stdout)
    const file = await openOutputFile(pipe)
    await file.write('through')
    await file.end()
    expect(await read).toBe('through')
    expect((await stat(pipe)).isFIFO()).toBe(true)
  })
})
