import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../eventually.ts'
import { dmdProcess, main } from './process.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-beside-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the command beside others. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args])
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  const ended = new Promise<{ status: number | null; out: string; err: string }>((resolve) =>
    child.on('close', (status) => resolve({ status, out, err })),
  )
  return { stdin: child.stdin, ended }
}

test('two processes that query one archive by one cache, while a third delivers to it, each see what was there', async () => {
  const changes = join(folder, 'changes.jsonl')
  const archive = join(folder, 'archive')
  const cache = join(folder, 'cache')
  dmdProcess(['simulate', '--fans', '300', '--seed', 'beside', '-o', changes])
  const lines = readFileSync(changes, 'utf8').trimEnd().split('\n')
  const sql = 'SELECT COUNT(*) AS n FROM demand'
  const query = () => start(['query', sql, '--archive', archive, '--cache', cache, '--format', 'json'])

  // It gets a part of its input for each query, so that it is in the midst of its work however long they take.
  const delivery = start(['deliver', '-', '--batch', '10', '--archive', archive])
  let sent = 0
  const sendPart = () => {
    const part = lines.slice(sent, sent + 30)
    sent += part.length
    delivery.stdin.write(part.map((line) => `${line}\n`).join(''))
  }
  // Events and sales come first: as many parts as it takes to the first request.
  const firstRequest = lines.findIndex((line) => line.includes('"type":{"S":"demand"}'))
  do sendPart()
  while (sent < firstRequest + 10)
  await eventually(() => existsSync(join(archive, 'data/demand')))
  const analyst = async () => {
    const seen: number[] = []
    while (seen.length < 3) {
      sendPart()
      const { status, out, err } = await query().ended
      expect(err).not.toMatch(/error|warn/i)
      expect(status).toBe(0)
      const [row] = JSON.parse(out)
      seen.push(row.n)
    }
    return seen
  }
  const [first, second] = await Promise.all([analyst(), analyst()])
  while (sent < lines.length) sendPart()
  delivery.stdin.end()
  expect((await delivery.ended).status).toBe(0)

  const total = JSON.parse((await query().ended).out)[0].n
  for (const seen of [first, second]) {
    // Never less than before, and what a delivery in the middle had brought.
    expect([...seen].sort((a, b) => a - b)).toEqual(seen)
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
