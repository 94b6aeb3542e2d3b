import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { change } from './changes.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-package-'))
  // The build ran before the tests; running it again here would pull dist/ from under the others.
  execFileSync(npm, ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root, stdio: 'pipe' })
  const [tarball = ''] = readdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
  execFileSync(npm, ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], {
    cwd: folder,
    stdio: 'pipe',
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8' })

test('installed in an empty folder, the library delivers a batch', () => {
  writeFileSync(join(folder, 'change.json'), change())
  writeFileSync(
    join(folder, 'use.ts'),
    `import { readFileSync } from 'node:fs'
     import { type Batch, createWorker, readContainer, type Worker } from 'dmd-pipeline'
     const batch: Batch = { stream: 's', shard: '0', records: [{ payload: readFileSync('change.json'), sequence: '1' }] }
     const worker: Worker = await createWorker({ archive: './archive' })
     const { delivered } = await worker.deliver(batch)
     for await (const { key } of worker.store.list('data/')) {
       const object = await worker.store.get(key)
       const rows = object ? [...readContainer(object.bytes, key).rows()] : []
       console.log(delivered, key.split('/')[1], rows[0]?.fanId)
     }
    `,
  )
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const types = join(root, 'node_modules', '@types')
  run(
    process.execPath,
    tsc,
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--strict',
    '--types',
    'node',
    '--typeRoots',
    types,
    'use.ts',
  )
  expect(run(process.execPath, 'use.js')).toBe('1 demand fan-1\n')
})

test('installed in an empty folder, the command runs', () => {
  expect(run(process.execPath, join('node_modules', 'dmd-pipeline', 'dist', 'main.js'), '--version')).toMatch(
    /^\d+\.\d+\.\d+\n$/,
  )
  expect(
    run(process.execPath, join('node_modules', 'dmd-pipeline', 'dist', 'main.js'), 'schema', 'list'),
  ).toContain('notification')
  expect(readdirSync(join(folder, 'node_modules', '.bin'))).toContain('dmd')
})

test('the package holds what it needs and nothing else', () => {
  const files = readdirSync(join(folder, 'node_modules', 'dmd-pipeline')).sort()
  expect(files).toEqual([
    'ARCHITECTURE.md',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist',
    'docs',
    'package.json',
  ])
})
