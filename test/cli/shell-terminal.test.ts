import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { runShell } from '../../src/cli/shell.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { testIo } from './io.ts'

let folder: string
let engine: QueryEngine
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-shell-terminal-'))
  engine = await openDuckDb({
    store: await openDirectoryStore(join(folder, 'archive')),
    catalog: loadCatalog(),
  })
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

const [up, enter, ctrlC, ctrlD, pasteStart, pasteEnd] = [
  '\u001b[A',
  '\r',
  '\u0003',
  '\u0004',
  '\u001b[200~',
  '\u001b[201~',
]

/** A shell on a terminal of streams; its user types when the screen shows what is waited for. */
function openShell(home: string, used = engine) {
  const input = new PassThrough()
  let screen = ''
  let seen = 0
  const watchers = new Set<() => void>()
  const print = (text: string) => {
    screen += text
    for (const watcher of watchers) watcher()
  }
  const output = Object.assign(
    new Writable({
      write: (chunk, _, done) => {
        print(String(chunk))
        done()
      },
    }),
    { columns: 80 },
  )
  const write = async (text: string | Uint8Array) => print(String(text))
  const { io } = testIo({ terminal: { input, output }, env: { HOME: home }, out: write, err: write })
  const done = runShell(io, used, loadCatalog())
  /** Resolves with what was printed since it was last asked, up to the text that is waited for. */
  const shows = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const look = () => {
        const at = screen.indexOf(text, seen)
        if (at < 0) return
        watchers.delete(look)
        const part = screen.slice(seen, at + text.length)
        seen = at + text.length
        resolve(part)
      }
      watchers.add(look)
      look()
    })
  return { type: (text: string) => input.write(text), shows, done, screen: () => screen }
}

const newHome = () => mkdtempSync(join(folder, 'home-'))

test('lines that are pasted at once are all a part of their statement', async () => {
  const shell = openShell(newHome())
  await shell.shows('dmd> ')
  shell.type(
    'SELECT fanid,\n\tcount(*) AS n\r\nFROM demand\nWHERE isdeleted = false\nGROUP BY 1;\nSELECT 4 AS four;\n',
  )
  expect(await shell.shows('0 rows')).not.toContain('...>')
  await shell.shows('four')
  await shell.shows('1 row')
  shell.type(ctrlD)
  await shell.done
  expect(shell.screen()).not.toContain('error')
})

test('a bracketed paste keeps its tabs, and what it ends with can be typed on', async () => {
  const home = newHome()
  const shell = openShell(home)
  await shell.shows('dmd> ')
  shell.type(`${pasteStart}SELECT 'a\tb' AS t;\rSELECT\t'fan\t' ${pasteEnd}`)
  await shell.shows('a\\tb')
  await shell.shows("dmd> SELECT\t'fan\t' ")
  shell.type(`AS u;${enter}`)
  await shell.shows('fan\\t')
  shell.type(`.quit${enter}`)
  await shell.done
  expect(shell.screen().startsWith('SQL over')).toBe(true)
  // The terminal is asked to mark pastes, and no more after the end.
  expect(shell.screen().indexOf('\u001b[?2004h')).toBeGreaterThan(0)
  expect(shell.screen().endsWith('\u001b[?2004l')).toBe(true)
})

test('lines that are typed while a statement runs wait for their turn', async () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const slow: QueryEngine = {
    ...engine,
    query: async (sql, options) => {
      if (sql === 'SELECT 1 AS one') await held
      return engine.query(sql, options)
    },
  }
  const shell = openShell(newHome(), slow)
  await shell.shows('dmd> ')
  shell.type(`SELECT 1 AS one;${enter}`)
  shell.type(`SELECT 2${enter}AS two;${enter}`)
  await shell.shows('AS two;')
  release()
  await shell.shows('one')
  await shell.shows('two')
  shell.type(ctrlD)
  await shell.done
})

test('Ctrl-C drops the line, the statement that is begun and the lines that wait', async () => {
  const shell = openShell(newHome())
  await shell.shows('dmd> ')
  shell.type(`SELECT nothing,${enter}`)
  await shell.shows('...> ')
  shell.type(`FROM nowhere${ctrlC}`)
  await shell.shows('^C')
  await shell.shows('dmd> ')
  shell.type(`SELECT 7 AS seven;${enter}`)
  await shell.shows('seven\n')
  await shell.shows('dmd> ')
  const series = 'UNNEST(sequence(1, 10000))'
  const endless = `SELECT COUNT(*) FROM ${series} AS a (n), ${series} AS b (m), ${series} AS c (o) WHERE n + m + o = -1;`
  shell.type(`${endless}\nSELECT 8 AS eight;\n`)
  await shell.shows('AS eight;')
  shell.type(ctrlC)
  await shell.shows('error: the query was ended')
  await shell.shows('dmd> ')
  shell.type(ctrlD)
  await shell.done
  expect(shell.screen()).not.toContain('eight\n')
})

test('the arrow brings back whole statements as they were, in the next shell too', async () => {
  const home = newHome()
  const statement = "SELECT 1 AS a -- the first\n, 'x  y' AS b;"
  const first = openShell(home)
  await first.shows('dmd> ')
  first.type(`${statement}\n`)
  await first.shows('x  y\n')
  await first.shows('dmd> ')
  first.type(`${up}${enter}`)
  await first.shows('x  y\n')
  first.type(`.quit${enter}`)
  await first.done
  expect(readFileSync(join(home, '.dmd_history'), 'utf8')).toBe(`${JSON.stringify(statement)}\n`.repeat(2))
  const second = openShell(home)
  await second.shows('dmd> ')
  second.type(`${up}${enter}`)
  await second.shows(`dmd> ${statement}`)
  expect(await second.shows('1 row')).toMatch(/a {2}b\n/)
  second.type(ctrlD)
  await second.done
})
