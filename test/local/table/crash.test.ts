import { spawn } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { type EmbeddedTable, openEmbeddedTable } from '../../../src/local/table/embedded.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { useChild } from '../../child.ts'
import { makeFolder } from './folder.ts'
import { keyOf } from './items.ts'
import { foldStream, type Step, scriptKeys, scriptOf } from './script.ts'

const script = useChild(new URL('child.ts', import.meta.url), {
  '@photostructure/sqlite': new URL('sqlite.ts', import.meta.url),
})

type Ended = { readonly lines: string[]; readonly signal: string | null; readonly code: number | null }

function run(
  args: readonly string[],
  options: { fileBlocks?: number; killAfterMs?: number } = {},
): Promise<Ended> {
  const command = [process.execPath, script(), ...args]
  const child = options.fileBlocks
    ? spawn('bash', ['-c', `ulimit -f ${options.fileBlocks}; exec "$@"`, 'bash', ...command])
    : spawn(command[0]!, command.slice(1))
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
    if (options.killAfterMs !== undefined && out.includes('ack'))
      setTimeout(() => child.kill('SIGKILL'), options.killAfterMs)
  })
  child.stderr.pipe(process.stderr)
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ lines: out.split('\n').slice(0, -1), code, signal }))
  })
}

const acknowledged = (lines: readonly string[]) =>
  new Set(lines.flatMap((line) => (line.startsWith('ack ') ? [Number(line.slice(4))] : [])))

/** Each item is as its last acknowledged step left it, or as the one step after it does; the stream says the same. */
async function expectKept(opened: EmbeddedTable, steps: readonly Step[], acks: ReadonlySet<number>) {
  for (let key = 0; key < scriptKeys; key++) {
    const own = steps.filter((step) => step.key === key)
    const done = own.findLastIndex(({ n }) => acks.has(n))
    const may = own.slice(Math.max(0, done), done + 2).map(({ item }) => item)
    if (done < 0) may.push(undefined)
    expect(may, `item ${key} after ${done}`).toContainEqual(await opened.table.get(keyOf(key)))
  }
  const folded = await foldStream(opened)
  for (let key = 0; key < scriptKeys; key++) {
    const { PK, SK } = keyOf(key)
    expect(folded.get(`${PK} ${SK}`)).toEqual(await opened.table.get(keyOf(key)))
  }
}

describe('a table whose process is killed', () => {
  test('at any call that changes the disk, holds all that was acknowledged, and nothing half', async () => {
    let killed = 0
    const one = async (seed: number, point: number) => {
      const folder = await makeFolder()
      const steps = scriptOf(seed, 120)
      const ended = await run(['run', folder, String(seed), '120', String(point)])
      if (ended.signal === 'SIGKILL') killed += 1
      else expect(ended.code).toBe(0)
      const opened = await openEmbeddedTable({ folder, runtime: systemRuntime() })
      await expectKept(opened, steps, acknowledged(ended.lines))
      // It goes on as if nothing had happened.
      await opened.table.put(steps.find(({ item }) => item)!.item!)
      await opened.close()
      return ended.signal
    }
    // Every one of the first points, then seeded ones.
    const points = [
      ...Array.from({ length: 24 }, (_, n) => n + 1),
      ...Array.from({ length: 24 }, (_, n) => 25 + n * 7),
    ]
    for (let at = 0; at < points.length; at += 3)
      await Promise.all(points.slice(at, at + 3).map((point, n) => one(at + n + 1, point)))
    expect(killed).toBeGreaterThan(40)
  })

  test('at any moment, again and again in one folder, loses nothing', async () => {
    const folder = await makeFolder()
    const total = new Map<number, Step>()
    for (let seed = 100; seed < 110; seed++) {
      const steps = scriptOf(seed, 4000)
      const ended = await run(['run', folder, String(seed), '4000', '0'], { killAfterMs: (seed * 37) % 61 })
      const acks = acknowledged(ended.lines)
      expect(acks.size).toBeGreaterThan(0)
      const opened = await openEmbeddedTable({ folder, runtime: systemRuntime() })
      for (let key = 0; key < scriptKeys; key++) {
        const own = steps.filter((step) => step.key === key)
        const done = own.findLastIndex(({ n }) => acks.has(n))
        const may = own.slice(Math.max(0, done), done + 2).map(({ item }) => item)
        if (done < 0) may.push(total.get(key)?.item)
        const got = await opened.table.get(keyOf(key))
        expect(may).toContainEqual(got)
        total.set(key, { key, n: 0, item: got })
      }
      await foldStream(opened)
      await opened.close()
    }
  })
})

describe('a table whose disk is full', () => {
  test('says so, keeps what was acknowledged, and takes more when there is room', async () => {
    for (const [seed, fileBlocks] of [
      [7, 600],
      [8, 1555],
    ] as const) {
      const folder = await makeFolder()
      const ended = await run(['fill', folder, String(seed)], { fileBlocks })
      expect(ended.code).toBe(0)
      const full = ended.lines.find((line) => line.startsWith('full '))!
      expect(JSON.parse(full.slice(5))).toEqual({
        code: 'TABLE_UNAVAILABLE',
        message: 'the table could not write (EFBIG). Free space on its disk; what was acknowledged is safe.',
      })
      const acks = acknowledged(ended.lines)
      expect(acks.size).toBeGreaterThan(20)
      const opened = await openEmbeddedTable({ folder, runtime: systemRuntime() })
      if (ended.lines.includes('again TABLE_UNAVAILABLE'))
        await expectKept(opened, scriptOf(seed, 3000), acks)
      const more = scriptOf(9, 20).find(({ item }) => item)!
      expect((await opened.table.put(more.item!)).outcome).toBe('done')
      expect(await opened.table.get(keyOf(more.key))).toEqual(more.item)
      await opened.close()
    }
  })
})
