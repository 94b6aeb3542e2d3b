import { existsSync, readFileSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openCheckpoints } from '../../../src/local/mapping/checkpoint.ts'
import { makeFolder } from '../table/folder.ts'

const state = { position: { after: '7' }, lanes: [{ done: '7', cut: { first: '8', last: '9', records: 2 } }] }

test('a checkpoint is on the disk before it has its name, and its name before the write ends', async () => {
  const folder = await makeFolder()
  const path = join(folder, 'shard-0.json')
  const events: string[] = []
  const probe = await open(folder)
  const prototype: FileHandle = Object.getPrototypeOf(probe)
  await probe.close()
  const sync = prototype.sync
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    const isFolder = (await this.stat()).isDirectory()
    events.push(`${isFolder ? 'folder' : 'file'} synced, ${existsSync(path) ? 'named' : 'not named'}`)
    await sync.call(this)
  })
  onTestFinished(() => spy.mockRestore())
  const checkpoints = openCheckpoints(folder, 'arn:a')
  await checkpoints.write('shard-0', state)
  expect(events).toEqual(['file synced, not named', 'folder synced, named'])
  expect(await checkpoints.read('shard-0')).toEqual(state)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a checkpoint that cannot be written leaves the one before it whole', async () => {
  const folder = await makeFolder()
  const checkpoints = openCheckpoints(folder, 'arn:a')
  await checkpoints.write('shard-0', state)
  const before = readFileSync(join(folder, 'shard-0.json'), 'utf8')
  const probe = await open(folder)
  const prototype: FileHandle = Object.getPrototypeOf(probe)
  await probe.close()
  const full = vi
    .spyOn(prototype, 'writeFile')
    .mockRejectedValueOnce(Object.assign(new Error('full'), { code: 'ENOSPC', errno: -28, syscall: 'write' }))
  onTestFinished(() => full.mockRestore())
  await expect(checkpoints.write('shard-0', { ...state, position: { after: '9' } })).rejects.toMatchObject({
    code: 'CHECKPOINT_INVALID',
    message: expect.stringContaining('(ENOSPC)'),
  })
  expect(readFileSync(join(folder, 'shard-0.json'), 'utf8')).toBe(before)
})

test('a checkpoint of another shard under the name of this one is damage, and one without a lane too', async () => {
  const folder = await makeFolder()
  const checkpoints = openCheckpoints(folder, 'arn:a')
  await checkpoints.write('shard-0', state)
  await checkpoints.write('shard-1', { ...state, lanes: [] })
  await expect(checkpoints.read('shard-1')).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
  const { rename } = await import('node:fs/promises')
  await rename(join(folder, 'shard-0.json'), join(folder, 'shard-2.json'))
  await expect(checkpoints.read('shard-2')).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
  expect(await checkpoints.read('shard-0')).toBeUndefined()
})
