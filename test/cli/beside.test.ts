import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dmdProcess, main } from './process.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-beside-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the command beside others. */
async function start(args: readonly string[]): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...args])
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { status, out, err }
}

test('two processes that query one archive by one cache, while a third delivers to it, each see what was there', async () => {
  const changes = join(folder, 'changes.jsonl')
  const archive = join(folder, 'archive')
  const cache = join(folder, 'cache')
  dmdProcess(['simulate', '--fans', '1500', '--seed', 'beside', '-o', changes])
  const sql = 'SELECT COUNT(*) AS n FROM demand'
  const query = () => start(['query', sql, '--archive', archive, '--cache', cache, '--format', 'json'])

  let isDelivering = true
  const delivery = start(['deliver', changes, '--batch', '10', '--archive', archive]).finally(() => {
    isDelivering = false
  })
  while (!existsSync(join(archive, 'data'))) await new Promise((resolve) => setTimeout(resolve, 5))
  const analyst = async () => {
    const seen: number[] = []
    do {
      const { status, out, err } = await query()
      expect(err).not.toMatch(/error|warn/i)
      expect(status).toBe(0)
      const [row] = JSON.parse(out)
      seen.push(row.n)
    } while (isDelivering)
    return seen
  }
  const [first, second] = await Promise.all([analyst(), analyst()])
  expect((await delivery).status).toBe(0)

  const total = JSON.parse((await query()).out)[0].n
  for (const seen of [first, second]) {
    // Never less than before, and what a delivery in the middle had brought.
    expect([...seen].sort((a, b) => a - b)).toEqual(seen)
    expect(seen.length).toBeGreaterThan(1)
    expect(seen[0]).toBeLessThan(total)
  }
  const fresh = dmdProcess([
    'query',
    sql,
    '--archive',
    archive,
    '--cache',
    join(folder, 'new'),
    '--format',
    'json',
  ])
  expect(JSON.parse(fresh.stdout)[0].n).toBe(total)
  // No half of a pack is left.
  expect(readdirSync(cache, { recursive: true }).filter((name) => String(name).includes('new-'))).toEqual([])
})
