import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const src = fileURLToPath(new URL('../src/', import.meta.url))

/** What each folder may import from, besides itself; `.` are the files directly in src/. */
const mayImport: { readonly [folder: string]: readonly string[] } = {
  runtime: [],
  record: [],
  schemas: [],
  codec: ['record'],
  aws: ['record'],
  store: ['record', 'aws', 'runtime'],
  '.': ['record', 'runtime'],
  derive: ['record', '.'],
  delivery: ['record', 'codec', 'store', 'runtime', '.'],
  errors: ['record', 'codec', 'store', 'delivery', 'runtime'],
  dialect: ['record'],
  parquet: ['record', 'codec'],
  query: ['record', 'codec', 'aws', 'store', 'derive', 'dialect', 'parquet', 'runtime', '.'],
  local: ['record', 'codec', 'aws', 'store', 'delivery', 'runtime', '.'],
  sample: ['record', 'codec', 'store', 'delivery', 'local', 'runtime', '.'],
  cli: [
    'record',
    'codec',
    'aws',
    'store',
    'delivery',
    'errors',
    'dialect',
    'query',
    'derive',
    'local',
    'sample',
    'runtime',
    '.',
  ],
}

/** What each pure folder may import from outside src/. */
const mayUse: { readonly [folder: string]: readonly string[] } = {
  record: [],
  codec: ['node:crypto', 'node:zlib'],
  dialect: ['node:crypto', 'node:zlib'],
}

type Import = { readonly file: string; readonly folder: string; readonly target: string }

function imports(): readonly Import[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return files.flatMap((file) => {
    const text = readFileSync(join(src, file), 'utf8')
    const targets = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^'\s]+)'/g)].map((match) => match[1] ?? '')
    return targets.map((target) => ({ file, folder: folderOf(file), target }))
  })
}

/** `runtime.ts` counts as a folder: more may import it than the other files directly in src/. */
function folderOf(file: string): string {
  if (file === 'runtime.ts') return 'runtime'
  return file.includes('/') ? (file.split('/')[0] ?? '.') : '.'
}

const found = imports()

test('imports run one way: record, codec, delivery, then the edges', () => {
  const wrong = found.flatMap(({ file, folder, target }) => {
    // index.ts is the library's face: it exports from everywhere and nothing imports it.
    if (!target.startsWith('.') || file === 'index.ts') return []
    const to = folderOf(relative(src, resolve(src, dirname(file), target)))
    return to === folder || mayImport[folder]?.includes(to) ? [] : [`${file} imports ${target}`]
  })
  expect(wrong).toEqual([])
  expect(found.length).toBeGreaterThan(50)
})

test('record, codec and dialect use no SDK, no file, no network and no clock', () => {
  const wrong = found.flatMap(({ file, folder, target }) =>
    target.startsWith('.') || !mayUse[folder] || mayUse[folder].includes(target)
      ? []
      : [`${file} imports ${target}`],
  )
  expect(wrong).toEqual([])
})

test('only runtime.ts reads a clock, sets a timer or asks for chance', () => {
  const readers =
    /setTimeout|setInterval|timers\/promises|AbortSignal\.timeout|performance\.now|Date\.now|new Date\(\)|Math\.random|randomUUID|randomBytes/
  const found = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[cm]?[jt]sx?$/.test(file))
    .filter((file) => readers.test(readFileSync(join(src, file), 'utf8')))
  expect(found).toEqual(['runtime.ts'])
})

test('nothing imports the library’s face or the entries', () => {
  // The list of a dialect's functions is no entry.
  const entries = /(?<!\/functions)\/(index|main|lambda)\.ts$/
  expect(found.filter(({ target }) => entries.test(target)).map(({ file }) => file)).toEqual([])
})

test('the templates of infra/ import nothing of the command line, the laptop or the sample world', () => {
  const infra = join(src, '../infra/src')
  const wrong = readdirSync(infra)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [
        ...readFileSync(join(infra, file), 'utf8').matchAll(
          /from '([^']*\/src\/(?:cli|local|sample)\/[^']*)'/g,
        ),
      ].map(([, target]) => `${file} imports ${target}`),
    )
  expect(wrong).toEqual([])
})

/** Circles of files, each with the files that it goes through: Tarjan's strongly connected components. */
function circlesOf(targets: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const path: string[] = []
  const circles: string[] = []
  const lower = (file: string, to: number) => lowest.set(file, Math.min(lowest.get(file) ?? to, to))
  const visit = (file: string) => {
    order.set(file, order.size)
    lower(file, order.size - 1)
    path.push(file)
    for (const next of targets.get(file) ?? []) {
      if (!order.has(next)) {
        visit(next)
        lower(file, lowest.get(next) ?? 0)
      } else if (path.includes(next)) lower(file, order.get(next) ?? 0)
    }
    if (lowest.get(file) !== order.get(file)) return
    const circle = path.splice(path.indexOf(file))
    if (circle.length > 1 || targets.get(file)?.includes(file)) circles.push(circle.sort().join(' '))
  }
  for (const file of targets.keys()) if (!order.has(file)) visit(file)
  return circles
}

test('a circle is found, whichever file it is entered by, and files beside it are no part of it', () => {
  const graph = { a: ['b'], b: ['c', 'e'], c: ['d'], d: ['b'], e: [], f: ['f'], g: ['a', 'f'] }
  for (const names of [Object.entries(graph), Object.entries(graph).reverse()])
    expect([...circlesOf(new Map(names))].sort()).toEqual(['b c d', 'f'])
})

test('no files import one another in a circle, for types neither', () => {
  const targets = new Map<string, string[]>()
  for (const { file, target } of found) {
    if (!target.startsWith('.')) continue
    targets.set(file, [...(targets.get(file) ?? []), relative(src, resolve(src, dirname(file), target))])
  }
  expect(targets.size).toBeGreaterThan(150)
  expect(circlesOf(targets)).toEqual([])
})
