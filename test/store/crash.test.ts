import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDirectoryStore } from '../../src/store/directory.ts'
import type { Failed, Write } from './child.ts'
import { expectClean, runChild, startChild, useChildren, withRoot } from './process.ts'
import { prepare, type Step, stateOf, states, steps, unsealed } from './steps.ts'

useChildren()

const names = Object.keys(steps) as Step[]

describe('a directory archive whose writer is killed', () => {
  test.each(names)('before any write to the disk, is as before or after: %s', async (step) => {
    const seen = new Set<string | undefined>()
    let point = 0
    const killNext = () =>
      withRoot(async (root) => {
        await prepare(await openDirectoryStore(root))
        const { killed } = await runChild('crash', root, step, String(++point))
        const store = await openDirectoryStore(root)
        await expectClean(root)
        const state = await stateOf(store, step)
        expect(states[step]).toContain(state)
        seen.add(state)
        // What was cut off can be done at once, and ends as ever.
        await steps[step](store)
        expect(await stateOf(store, step)).toBe(states[step][1])
        await expectClean(root)
        return killed
      })
    // A point that kills no more lies behind the last write.
    while ((await Promise.all([killNext(), killNext(), killNext()])).every(Boolean));
    expect(point).toBeGreaterThan(8)
    expect(seen.size).toBe(2)
  })

  test('at twenty moments of its work, holds every object that was acknowledged, and every one whole', async () => {
    await withRoot(async (root) => {
      const acknowledged = new Map<string, number>()
      const gone = new Set<string>()
      for (let seed = 1; seed <= 20; seed++) {
        const child = startChild('write', root, String(seed))
        await child.said('gone')
        await new Promise((resolve) => setTimeout(resolve, (seed * 37) % 61))
        await child.kill()
        for (const line of child.lines) {
          const [what, key, version] = line.split(' ') as [string, string, string]
          if (what === 'gone') gone.add(key)
          else acknowledged.set(key, Number(version))
        }
        const store = await openDirectoryStore(root)
        await expectClean(root)
        const found = new Map<string, number>()
        for await (const { key } of store.list(''))
          found.set(key, Number(unsealed((await store.get(key))!.bytes)))
        for (const [key, version] of acknowledged) expect(found.get(key), key).toBeGreaterThanOrEqual(version)
        for (const key of gone) expect(found.has(key), key).toBe(false)
      }
      expect(acknowledged.size).toBeGreaterThan(20)
    })
  })
})

describe('a directory archive whose disk is full', () => {
  test.each(names)('from any write on, is as before or after, and says so: %s', async (step) => {
    await withRoot(async (root) => {
      const { lines } = await runChild('fail', root, step)
      expect(lines.length).toBeGreaterThan(8)
      for (const [index, line] of lines.entries()) {
        const { error, failed } = JSON.parse(line) as Failed
        const archive = join(root, String(index + 1))
        // Only what cannot be removed is left behind, for the next open.
        if (!['rm', 'unlink', 'rmdir'].includes(failed ?? '')) await expectClean(archive)
        const store = await openDirectoryStore(archive)
        await expectClean(archive)
        const state = await stateOf(store, step)
        expect(states[step]).toContain(state)
        if (error === undefined) expect(state).toBe(states[step][1])
        else
          expect(error).toEqual({
            code: 'STORE_UNAVAILABLE',
            message: expect.stringMatching(/could not (put|delete) .* \(ENOSPC\)\. Free space on its disk/),
            cause: 'ENOSPC',
          })
      }
    })
  })
})

describe('a power cut', () => {
  test.each(names)(
    'finds everything synced that was acknowledged, in an order that is safe: %s',
    async (step) => {
      await withRoot(async (root) => {
        await prepare(await openDirectoryStore(root))
        const trace = await traced(root, step)
        const named = trace.findIndex(
          ({ call, path }) => isObject(path) && call !== 'mkdir' && call !== 'sync',
        )
        if (step !== 'delete') {
          expect(trace[named]).toMatchObject({ call: step === 'create' ? 'link' : 'rename' })
          const content = trace.findIndex(({ call, path }) => call === 'sync' && path.startsWith('.dmd/tmp/'))
          expect(content, 'the bytes are synced before they get a name').toBeGreaterThan(-1)
          expect(content).toBeLessThan(named)
        }
        for (const [index, { call, path }] of trace.entries())
          if (isObject(path) && call !== 'sync')
            expect(trace.slice(index), `${call} ${path}`).toContainEqual({ call: 'sync', path: parent(path) })
      })
    },
  )

  test('finds an object durable that another writer found to exist', async () => {
    await withRoot(async (root) => {
      await steps.create(await openDirectoryStore(root))
      const synced = (await traced(root, 'create')).filter(({ call }) => call === 'sync')
      expect(synced.map(({ path }) => path)).toEqual(['', 'new', 'new/folder'])
    })
  })

  async function traced(root: string, step: Step) {
    const { lines } = await runChild('trace', root, step)
    const writes = JSON.parse(lines[0]!) as Write[]
    return writes.map(({ call, path }) => ({ call, path: relative(root, path) }))
  }
  const isObject = (path: string) => path !== '' && !path.startsWith('.dmd')
  const parent = (path: string) => path.split('/').slice(0, -1).join('/')
})
