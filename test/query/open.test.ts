import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { cacheFolder, errorIndexFile } from '../../src/query/cache-folder.ts'
import { openEngine } from '../../src/query/open.ts'
import { readSettings } from '../../src/settings.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { testIo } from '../cli/io.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-open-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('the cache lies where the setting says, else in the cache folder of the user', () => {
  const url = 's3://bucket/archive'
  const of = (cache: string | undefined, env: NodeJS.ProcessEnv) => cacheFolder({ cache }, env, url)
  const name = of('/c', {})?.slice('/c/'.length)
  expect(name).toMatch(/^[0-9a-f]{16}$/)
  expect(of('/c', { XDG_CACHE_HOME: '/x', HOME: '/h' })).toBe(`/c/${name}`)
  expect(of(undefined, { XDG_CACHE_HOME: '/x', HOME: '/h' })).toBe(`/x/dmd-pipeline/${name}`)
  expect(of(undefined, { HOME: '/h' })).toBe(`/h/.cache/dmd-pipeline/${name}`)
  expect(of(undefined, { LOCALAPPDATA: '/l' })).toBe(`/l/dmd-pipeline/${name}`)
  expect(of(undefined, {})).toBeUndefined()
})

test('two archives have two caches, and the index of errors lies beside the cache', () => {
  const [one, other] = ['s3://bucket/a', 's3://bucket/b'].map((url) => cacheFolder({ cache: '/c' }, {}, url))
  expect(one).not.toBe(other)
  expect(errorIndexFile(one ?? '')).toBe(`${one}.errors`)
})

test('the engine has the bounds of the settings, and names a schema that is missing', async () => {
  const store = await openDirectoryStore(join(folder, 'archive'))
  await store.put('data/refund/partition_date=2025-02-13/x.avro', Buffer.from('any'))
  const engine = await openEngine({
    settings: readSettings({ flags: { cache: join(folder, 'cache'), queryRowsMax: 2 } }),
    store,
    catalog: loadCatalog(),
    env: {},
    runtime: testIo().io.runtime,
  })
  const rowsOf = async (sql: string) => {
    const { rows } = await engine.query(sql)
    let count = 0
    for await (const chunk of rows) count += chunk.length
    return count
  }
  try {
    expect(await rowsOf('SELECT * FROM (VALUES 1, 2) AS t (n)')).toBe(2)
    await expect(rowsOf('SELECT * FROM (VALUES 1, 2, 3) AS t (n)')).rejects.toThrow(/2/)
    await expect(rowsOf('SELECT * FROM refund_current')).rejects.toThrow(
      /The archive has data\/refund\/, but there is no schema for it/,
    )
    await expect(rowsOf('SELECT * FROM nothing')).rejects.not.toThrow(/there is no schema for it/)
  } finally {
    await engine.close()
  }
})
