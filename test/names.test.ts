import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { loadCatalog } from '../src/catalog.ts'
import { fieldsWithin } from '../src/record/type.ts'

const src = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))

/** The code of a file without its comments. */
function codeOf(file: string): string {
  return readFileSync(join(src, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, '')
}

/**
 * Words of other things that a schema happens to use as well: a change's kind and id in its envelope, when an error was first
 * seen, a file of SQL's functions.
 */
const homonyms: ReadonlySet<string> = new Set(['eventName', 'eventId', 'firstSeen', 'dateTime'])

test('no room but sample/ names a record type or a field of one', () => {
  const schemas = [...loadCatalog().values()]
  const types = schemas.map(({ type }) => type)
  // Names of one word (id, date, email, status) are words of the language too: those of several words are unmistakable.
  const fields = [...new Set(schemas.flatMap(({ own }) => fieldsWithin(own).map(({ name }) => name)))].filter(
    (name) => /[A-Z]/.test(name) && !homonyms.has(name),
  )
  expect(fields.length).toBeGreaterThan(20)
  const words = new RegExp(
    `\\b(${[...fields, ...fields.map((name) => name.toLowerCase())].join('|')})\\b|['"\`/](${types.join('|')})['"\`/]`,
    'g',
  )
  // What people read names the sample's types: the help and the demo in cli/. schemas/ are the types.
  const rooms = files.filter((file) => !/^(sample|schemas|cli)\//.test(file))
  const found = rooms.flatMap((file) => [...codeOf(file).matchAll(words)].map(([word]) => `${file}: ${word}`))
  expect(found).toEqual([])
  expect([...codeOf('sample/capture/save.ts').matchAll(words)].length).toBeGreaterThan(0)
})

test('no exported name has two meanings', () => {
  const places = new Map<string, Set<string>>()
  const exported = /^export (?:async )?(?:function\*?|const|let|class|type|interface) (\w+)/gm
  // index.ts exports again what others declare.
  for (const file of files.filter((name) => name !== 'index.ts'))
    for (const [, name = ''] of readFileSync(join(src, file), 'utf8').matchAll(exported))
      places.set(name, (places.get(name) ?? new Set()).add(file))
  expect(places.size).toBeGreaterThan(500)
  expect([...places].filter(([, found]) => found.size > 1)).toEqual([])
})
