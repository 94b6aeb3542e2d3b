import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { columns, fields } from '../../src/cli/columns.ts'
import { startProgress } from '../../src/cli/progress.ts'
import { runtimeWith } from '../support/runtime.ts'
import { testIo } from './io.ts'

const header = ['cause', 'status', 'open', 'path']
const rows = [
  ['373e1ace', 'new', '15', '/date/requested'],
  ['606ae4f9', 'acknowledged', '1,200', '/歌手/名前'],
  ['142d23e9', 'fixed', '0', '/🎫🎫/venue'],
]

test('cells of wide characters align with the others', () => {
  const table = columns(
    testIo().io,
    ['歌手', 'n', 'path'],
    [
      ['東京ドーム', '1', '/a'],
      ['Ada', '22', '/b'],
    ],
  )
  const starts = table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => stringWidth(line.slice(0, line.indexOf('/'))))
  expect(starts).toEqual([16, 16])
})

test.each([200, 80, 46, 40, 30, 20, 12])('no line is wider than a terminal of %i columns', (width) => {
  const { io } = testIo({ width })
  const lines = columns(io, header, rows, { right: [2], spare: [2, 1], whole: [0] })
    .trimEnd()
    .split('\n')
  expect(lines).toHaveLength(4)
  for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width)
  // What is typed again is never cut.
  for (const [index, [cause]] of rows.entries()) expect(lines[index + 1]).toContain(cause)
})

test('spare columns go first, in their order, and only then are cells cut', () => {
  const heads = [46, 40, 33, 20].map(
    (width) => columns(testIo({ width }).io, header, rows, { right: [2], spare: [2, 1] }).split('\n')[0],
  )
  expect(heads).toEqual([
    'cause     status         open  path',
    'cause     status        path',
    'cause     path',
    'cause     path',
  ])
  const narrow = columns(testIo({ width: 20 }).io, header, rows, { spare: [2, 1] })
  expect(narrow.split('\n')[1]).toBe('373e1ace  /date/req…')
})

test('where there is no terminal, nothing is left out or cut', () => {
  const long = 'x'.repeat(500)
  expect(columns(testIo().io, ['a', 'b'], [[long, long]], { spare: [0] })).toContain(`${long}  ${long}`)
})

test('a cell stays in its line, whatever is in it', () => {
  expect(columns(testIo().io, ['a', 'b'], [['x\n\u001b[2J', 'y']]).split('\n')).toHaveLength(3)
})

const facts = [
  ['file', 'errors/20250213T183000000Z-00000000-0000-5000-8000-000000000000.json'],
  [
    '歌手',
    'the e\u0301tude of 東京ドーム and 🎫🎫 tickets, in words that go over a line of eighty columns and more',
  ],
  ['fix', 'one\ntwo'],
] as const

test.each([undefined, 80, 60, 40])(
  'names and texts are aligned and wrapped to a terminal of %s columns',
  (width) => {
    const lines = fields(testIo(width === undefined ? {} : { width }).io, facts, { indent: '  ' })
      .trimEnd()
      .split('\n')
    for (const line of lines) {
      const [before = '', text = ''] = [line.slice(0, line.search(/(?<=^ {8}|^ {2}\S+ +)\S/)), line.trim()]
      expect(stringWidth(before)).toBe(8)
      // A key is never broken: it is copied.
      if (!text.includes('errors/')) expect(stringWidth(line)).toBeLessThanOrEqual(width ?? 80)
    }
    expect(lines.join('\n')).toContain(facts[0][1])
    expect(lines.slice(-2).map((line) => line.trim())).toEqual([expect.stringMatching(/^fix +one$/), 'two'])
  },
)

test.each([200, 120, 100, 80, 60, 40, 20, 8])(
  'progress takes one row of %i columns, and redraws it',
  async (errWidth) => {
    const { io, err } = testIo({ isWatched: true, errWidth })
    let nowMs = 0
    const progress = startProgress(
      { ...io, runtime: runtimeWith({ clock: () => nowMs }) },
      'delivering dmd-demo/歌手-changes.jsonl',
      'records',
    )
    const done = [1, 500, 999]
    for (const part of done) {
      nowMs += 60_000
      await progress.update({ done: part, total: 1000, items: 53_718_000 })
    }
    await progress.end()
    const [before, ...drawn] = err().split('\r\u001b[2K')
    expect([before, drawn.pop(), drawn.length]).toEqual(['', '', done.length])
    for (const line of drawn) {
      // A line of the full width would wrap on some terminals.
      expect(stringWidth(line)).toBeLessThan(errWidth)
      expect(line).not.toContain('\n')
    }
    if (errWidth >= 40) expect(drawn[1]).toContain('50%  53,718,000 records')
  },
)
