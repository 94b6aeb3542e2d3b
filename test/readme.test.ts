import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allCommands } from '../src/cli/command.ts'
import { buildProgram } from '../src/cli/program.ts'
import { dmdProcess } from './cli/process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (name: string) => readFileSync(join(root, name), 'utf8')
/** The Markdown below a folder, as paths from the root. */
const markdownIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...['.github', 'docs', 'examples'].flatMap(markdownIn),
]

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-readme-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Times and rates differ from machine to machine, compressed sizes from zlib to zlib. */
const steady = (text: string) =>
  text
    .replace(/(\d+ min )?\d+(\.\d+)? (s|min)\b/g, 'TIME')
    .replace(/[\d,]+ records\/s/g, 'RATE')
    .replace(/[\d.]+ MB/g, 'SIZE')
    .trim()

test('the demo runs to its end, and the README shows excerpts of what it prints', () => {
  // As `npm run demo` starts it.
  const env = { NO_COLOR: '1', npm_command: 'run' }
  const ran = dmdProcess(['demo'], { cwd: folder, env })
  expect(ran.stderr).toBe('')
  expect(ran.status).toBe(0)
  const shown = /```\n(2\. The worker[\s\S]*?)```/.exec(read('README.md'))?.[1] ?? ''
  const excerpts = steady(shown).split(/\n…\n/)
  expect(excerpts.length).toBeGreaterThan(2)
  // Lines in the order in which the demo prints them; `…` at the end of one stands for the rest of it, such as a time.
  let rest = `\n${steady(ran.stdout)}\n`
  for (const excerpt of excerpts) {
    const pattern = excerpt.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/…$/gm, '.*')
    const found = new RegExp(`\\n${pattern}\\n`).exec(rest)
    expect(found, excerpt).not.toBeNull()
    rest = rest.slice((found?.index ?? 0) + (found?.[0].length ?? 0) - 1)
  }
  // Statements and commands are for pasting, and tables are as wide as their cells.
  const prose = ran.stdout
    .split('\n')
    .filter((line) => /^[A-Za-z0-9/].*[a-z][.:,;]?$/.test(line) && !/ {2}/.test(line))
  expect(prose.length).toBeGreaterThan(10)
  for (const line of prose) expect(line.length, line).toBeLessThanOrEqual(80)
})

test('the demo empties its own folder only', () => {
  expect(dmdProcess(['demo', '--fans', '200'], { cwd: folder }).status).toBe(0)
  expect(statSync(join(folder, 'dmd-demo')).mode & 0o777).toBe(0o700)
  const ran = dmdProcess(['demo', '--fans', '200', '--directory', '.'], { cwd: join(root, 'docs') })
  expect(ran.status).toBe(2)
  expect(ran.stderr).toContain('not the demo')
})

test('every link between the pages leads somewhere', () => {
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !/^https?:/.test(target) && !existsSync(join(root, dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  )
  expect(broken).toEqual([])
})

test('every dmd command that the pages show exists, with its options', () => {
  const commands = new Map(
    allCommands(buildProgram(async () => {})).map((command) => [
      command.parent?.parent ? `${command.parent.name()} ${command.name()}` : command.name(),
      command.options.flatMap((option) => [option.long ?? '', option.short ?? '']),
    ]),
  )
  const wrong = pages.flatMap((page) =>
    [...read(page).matchAll(/\bdmd ([a-z]+)(?: ([a-z]+))?([^\n`]*)/g)].flatMap(
      ([whole, first = '', second = '', rest = '']) => {
        const name = commands.has(`${first} ${second}`) ? `${first} ${second}` : first
        const options = commands.get(name)
        if (!options) return [`${page}: ${whole}`]
        const used = [...rest.matchAll(/ (--[a-z-]+|-[a-zA-Z])\b/g)].map((match) => match[1] ?? '')
        return used
          .filter((flag) => !options.includes(flag) && flag !== '--help')
          .map((flag) => `${page}: ${name} ${flag}`)
      },
    ),
  )
  expect(wrong).toEqual([])
})

test('every npm script that the pages show exists', () => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts)
  const wrong = pages.flatMap((page) =>
    [...read(page).matchAll(/npm run ([a-z:]+)/g)]
      .map((match) => match[1] ?? '')
      .filter((name) => !scripts.includes(name)),
  )
  expect(wrong).toEqual([])
})

test('ARCHITECTURE.md names every folder of src/ and every dependency', () => {
  const text = read('ARCHITECTURE.md')
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )
  const { dependencies, devDependencies } = JSON.parse(read('package.json'))
  const missing = [
    ...folders.map(({ name }) => `src/${name}/`),
    ...Object.keys({ ...dependencies, ...devDependencies }).map((name) => `\`${name}\``),
  ].filter((name) => !text.includes(name))
  expect(missing).toEqual([])
})

test('every file that ARCHITECTURE.md and the decisions name exists, and every invariant names its test', () => {
  const named = ['ARCHITECTURE.md', ...markdownIn('docs/adr')].flatMap((page) =>
    [...read(page).matchAll(/`([a-z][\w./-]*\/[\w./-]*(?:\.(?:ts|mjs|json|jsonl|svg)|\/))`/g)].map(
      (match) => [page, match[1] ?? ''] as const,
    ),
  )
  expect(named.length).toBeGreaterThan(50)
  const notInTheTree = /^(data|errors|failed|aws|triage|replays|release|dist|node_modules)\//
  const missing = named
    .filter(([, path]) => !notInTheTree.test(path) || existsSync(join(root, 'src', path)))
    .filter(([, path]) => !existsSync(join(root, path)) && !existsSync(join(root, 'src', path)))
  expect(missing).toEqual([])
  const invariants = /## Invariants\n([\s\S]*?)\n## /.exec(read('ARCHITECTURE.md'))?.[1] ?? ''
  const items = invariants.split(/^\d+\. /m).slice(1)
  expect(items.length).toBeGreaterThan(10)
  for (const item of items) expect(item).toMatch(/`test\/[\w./-]+\.test\.ts`/)
})
