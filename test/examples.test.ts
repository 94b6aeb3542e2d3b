import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dmdProcess } from './cli/process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-examples-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the library example delivers and queries, and delivering again changes nothing', () => {
  const changes = join(folder, 'changes.jsonl')
  const simulated = ['simulate', '--fans', '50', '--bad-percent', '4', '--seed', '7', '-o', changes]
  expect(dmdProcess(simulated).status).toBe(0)
  const run = () =>
    execFileSync(
      process.execPath,
      ['--import', 'tsx', 'examples/library.ts', changes, join(folder, 'archive')],
      { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    )
  const first = run()
  expect(first).toBe('139 records = 137 delivered + 2 errored\n74 requests in demand_current\n')
  expect(run()).toBe(first)
})

test('the README shows the part of the library example that delivers', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const shown = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  expect(shown).toContain('createWorker(')
  const example = readFileSync(join(root, 'examples', 'library.ts'), 'utf8')
  for (const part of shown.split('\n\n')) expect(example).toContain(part.trim())
})

test('the commands of the example of a fifth record type run, and print what its page shows', () => {
  const copy = join(folder, 'fifth-type')
  cpSync(join(root, 'examples', 'fifth-type'), copy, { recursive: true })
  const page = readFileSync(join(copy, 'README.md'), 'utf8')
  const commands = [...page.matchAll(/^ {4}npx dmd (.*)$/gm)].map(([, args = '']) =>
    [...args.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''),
  )
  const outputs = commands.map((args) => {
    const ran = dmdProcess(args, { cwd: copy, env: { NO_COLOR: '1' } })
    expect([args[0], ran.status, ran.stderr]).toEqual([args[0], 0, ''])
    return ran.stdout
  })
  expect(commands.map(([name]) => name)).toEqual(['deliver', 'query', 'errors', 'schema', 'schema'])
  expect(outputs[1]).toBe(/```\n([\s\S]*?)```/.exec(page)?.[1])
  expect(outputs[2]).toContain('NUMBER_INEXACT  hold  /guestCount')
  expect(outputs[3]).toContain('CREATE EXTERNAL TABLE `hold`')
})
