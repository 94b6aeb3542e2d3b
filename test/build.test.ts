import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-build-'))
  const parts = [
    'src',
    'scripts',
    'dist',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ]
  for (const name of parts)
    cpSync(join(root, name), join(folder, name), { recursive: true, preserveTimestamps: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const build = join('scripts', 'build.mjs')
const version = () =>
  spawnSync(process.execPath, ['dist/main.js', '--version'], { cwd: folder, encoding: 'utf8' })

test('a build of the same sources touches nothing', () => {
  const inode = () => statSync(join(folder, 'dist', 'main.js')).ino
  const before = inode()
  execFileSync(process.execPath, [build], { cwd: folder })
  expect(inode()).toBe(before)
})

test('while another build is made, the command is there and runs; then it is the new one, and nothing else is left', async () => {
  appendFileSync(join(folder, 'src', 'cli', 'main.ts'), "\nprocess.stderr.write('rebuilt')\n")
  writeFileSync(join(folder, 'dist', 'old-chunk.js'), '')
  const building = spawn(process.execPath, [build], { cwd: folder, stdio: 'ignore' })
  let isDone = false
  const ended = new Promise((resolve) => building.on('close', resolve)).finally(() => {
    isDone = true
  })
  expect(version()).toMatchObject({ status: 0, stderr: '' })
  const missing = new Set<string>()
  while (!isDone) {
    for (const name of ['main.js', 'index.js', 'lambda.mjs', 'schemas'])
      if (!existsSync(join(folder, 'dist', name))) missing.add(name)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await ended).toBe(0)
  expect([...missing]).toEqual([])
  expect(version()).toMatchObject({ status: 0, stderr: 'rebuilt' })
  expect(existsSync(join(folder, 'dist', 'old-chunk.js'))).toBe(false)
  expect(readdirSync(folder).filter((name) => name.startsWith('dist'))).toEqual(['dist'])
}, 120_000)

test('a build that fails leaves the command as it was', () => {
  appendFileSync(join(folder, 'src', 'cli', 'main.ts'), '\n}\n')
  const failed = spawnSync(process.execPath, [build], { cwd: folder, encoding: 'utf8' })
  expect(failed.status).not.toBe(0)
  expect(version()).toMatchObject({ status: 0, stderr: 'rebuilt' })
  expect(readdirSync(folder).filter((name) => name.startsWith('dist'))).toEqual(['dist'])
}, 120_000)

test('what the commands of the README leave in a clone is neither checked nor offered to git', () => {
  const clone = join(folder, 'clone')
  mkdirSync(clone)
  for (const name of ['.gitignore', 'biome.json', 'package.json']) cpSync(join(root, name), join(clone, name))
  execFileSync('git', ['init', '-q'], { cwd: clone })
  const left = [
    'archive/errors/x.json',
    'dmd-demo/edit.json',
    'state/status.json',
    'state/checkpoints/shardId-000000000000.json',
    'changes.jsonl',
    'fix.json',
    'dist.12/types/index.js',
  ]
  for (const name of left) {
    mkdirSync(dirname(join(clone, name)), { recursive: true })
    writeFileSync(join(clone, name), "[ {'not' : `formatted`} ]")
  }
  const status = execFileSync('git', ['status', '--porcelain', '-uall'], { cwd: clone, encoding: 'utf8' })
  expect(status.split('\n').sort()).toEqual(['', '?? .gitignore', '?? biome.json', '?? package.json'])
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
  // The configuration names its schema below node_modules, which is no matter here.
  const checked = spawnSync(process.execPath, [biome, 'check', '.'], { cwd: clone, encoding: 'utf8' })
  expect([checked.status, checked.stderr]).toEqual([0, ''])
})
