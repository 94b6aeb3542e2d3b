import { expect, test } from 'vitest'
import type { Cell, Column, QueryResult } from '../../src/query/engine.ts'
import {
  type Format,
  formatCsv,
  formatJson,
  formatLines,
  formatTable,
  formatText,
} from '../../src/query/format.ts'

const text = (name: string): Column => ({ name, type: 'VARCHAR', isNumeric: false })
const number = (name: string): Column => ({ name, type: 'BIGINT', isNumeric: true })
const instant = (iso: string, micros = 0n): Cell => ({
  kind: 'instant',
  micros: BigInt(Date.parse(iso)) * 1000n + micros,
})
const date = (iso: string): Cell => ({ kind: 'date', days: Date.parse(iso) / 86_400_000 })

/** A result of rows, a few at a time; `ended` says whether its reader has let it go. */
function resultOf(columns: readonly Column[], rows: readonly (readonly Cell[])[], chunkRows = 2) {
  const state = { ended: false }
  const chunks = async function* () {
    try {
      for (let at = 0; at < rows.length; at += chunkRows) yield rows.slice(at, at + chunkRows)
    } finally {
      state.ended = true
    }
  }
  return { state, result: { columns, rows: chunks() } satisfies QueryResult }
}

async function written(format: Format, columns: readonly Column[], rows: readonly (readonly Cell[])[]) {
  let out = ''
  const count = await format(resultOf(columns, rows).result, async (part) => {
    out += part
  })
  expect(count).toBe(rows.length)
  return out
}

const csv = formatCsv({ raw: false })

test('JSON is one array of row objects, whatever the rows hold', async () => {
  const columns = ['n', 's', 'f', 'b', 'i', 'us', 'd', 'dec', 'bytes', 'nested'].map(text)
  const nested: Cell = {
    kind: 'struct',
    entries: [
      ['list', { kind: 'list', items: [null, 'a', instant('2025-02-13T18:30:00Z')] }],
      ['map', { kind: 'map', entries: [['/k"', 1n]] }],
    ],
  }
  const row: readonly Cell[] = [
    9007199254740993n,
    'a "quote",\n emoji 🎸 \u0000',
    1.5,
    true,
    instant('2025-02-13T18:30:00.250Z'),
    instant('2025-02-13T18:30:00.250Z', 7n),
    date('2025-02-13'),
    { kind: 'decimal', text: '12345678901234567890.10' },
    new Uint8Array([0, 255]),
    nested,
  ]
  expect(await written(formatJson, columns, [row])).toBe(`[
{"n":9007199254740993,"s":"a \\"quote\\",\\n emoji 🎸 \\u0000","f":1.5,"b":true,"i":"2025-02-13T18:30:00.250Z","us":"2025-02-13T18:30:00.250007Z","d":"2025-02-13","dec":12345678901234567890.10,"bytes":"AP8=","nested":{"list":[null,"a","2025-02-13T18:30:00.000Z"],"map":{"/k\\"":1}}}
]
`)
})

test('JSON has null for what has no number: NaN and the infinities', async () => {
  const rows: Cell[][] = [[Number.NaN], [Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY], [null], [-0]]
  const out = await written(formatJson, [number('x')], rows)
  expect(JSON.parse(out)).toEqual([{ x: null }, { x: null }, { x: null }, { x: null }, { x: 0 }])
})

test('an empty result is an empty array, a header alone, a table without rows', async () => {
  expect(await written(formatJson, [text('a')], [])).toBe('[]\n')
  expect(await written(csv, [text('a'), number('b')], [])).toBe('a,b\r\n')
  expect(await written(formatTable(), [text('a'), number('b')], [])).toBe('a  b\n─  ─\n0 rows\n')
})

test('CSV quotes what RFC 4180 has quoted, and nothing else', async () => {
  const rows: Cell[][] = [
    ['plain', 1n, null],
    ['a,b', 2.5, 'say "hi"'],
    ['two\nlines', null, '🎸 日本'],
    ['cr\r', -3n, instant('2025-02-13T18:30:00Z')],
  ]
  expect(await written(csv, [text('a'), number('n'), text('c')], rows)).toBe(
    'a,n,c\r\nplain,1,\r\n"a,b",2.5,"say ""hi"""\r\n"two\nlines",,🎸 日本\r\n"cr\r",-3,2025-02-13T18:30:00.000Z\r\n',
  )
})

test('CSV tells NULL from an empty text', async () => {
  const rows: Cell[][] = [
    [null, ''],
    ['', null],
  ]
  expect(await written(csv, [text('a'), text('b')], rows)).toBe('a,b\r\n,""\r\n"",\r\n')
})

test('CSV has no empty line for a row of one NULL, since readers skip such a line', async () => {
  expect(await written(csv, [text('a')], [[null], ['x'], ['']])).toBe('a\r\n""\r\nx\r\n""\r\n')
})

test('CSV disarms every text that a spreadsheet would run, and no number', async () => {
  const formulas = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx']
  const out = await written(
    csv,
    [text('=head')],
    [...formulas, 'a=1'].map((cell): Cell[] => [cell]),
  )
  expect(out).toBe("'=head\r\n'=1+1\r\n'+1\r\n'-1\r\n'@SUM(A1)\r\n'\tx\r\n\"'\rx\"\r\na=1\r\n")
  const numbers: Cell[][] = [[-1n], [-1.5], [{ kind: 'decimal', text: '-1.50' }]]
  expect(await written(csv, [number('n')], numbers)).toBe('n\r\n-1\r\n-1.5\r\n-1.50\r\n')
  expect(await written(formatCsv({ raw: true }), [text('a')], [['=1+1']])).toBe('a\r\n=1+1\r\n')
})

test('CSV counts the cells that it disarmed', async () => {
  const counts: number[] = []
  const onNeutralised = (cells: number) => void counts.push(cells)
  const rows: Cell[][] = [
    ['+49170', -1n],
    ['a', -2n],
    ['=x', null],
  ]
  const columns = [text('phone'), number('n')]
  await written(formatCsv({ raw: false, onNeutralised }), columns, rows)
  await written(formatCsv({ raw: true, onNeutralised }), columns, rows)
  expect(counts).toEqual([2, 0])
})

test('rows as lines have a name and a value each, and cut nothing', async () => {
  const date: Cell = {
    kind: 'struct',
    entries: [
      ['requested', instant('2025-02-13T18:30:00Z')],
      ['deleted', null],
    ],
  }
  const rows: Cell[][] = [
    ['x'.repeat(200), date],
    ['two\nlines\u001b[2J', { kind: 'list', items: [1n, null] }],
  ]
  expect(await written(formatLines(), [text('日本'), text('date')], rows)).toBe(
    [
      '── row 1',
      `日本            ${'x'.repeat(200)}`,
      'date.requested  2025-02-13T18:30:00.000Z',
      'date.deleted',
      '── row 2',
      '日本  two\\nlines\\u001b[2J',
      'date  [1,null]',
      '2 rows\n',
    ].join('\n'),
  )
  expect(await written(formatLines(), [text('a')], [])).toBe('0 rows\n')
})

test('the text of a plan keeps its lines', async () => {
  expect(
    await written(
      formatText,
      [text('key'), text('plan')],
      [
        ['k', '┌─┐\n└─┘\n'],
        ['l', null],
      ],
    ),
  ).toBe('┌─┐\n└─┘\n\n')
})

test('a table is aligned, numbers to the right, wide characters counted as wide', async () => {
  const rows: Cell[][] = [
    ['tour', 12n, true],
    ['日本', 1234n, null],
    ['🎸', null, false],
  ]
  expect(await written(formatTable(), [text('name'), number('n'), text('ok')], rows)).toBe(
    [
      'name     n  ok',
      '────  ────  ─────',
      'tour    12  true',
      '日本  1234  ',
      '🎸          false',
      '3 rows',
      '',
    ].join('\n'),
  )
})

test('a table that fits no terminal is cut to its width, and says how many cells were', async () => {
  const rows: Cell[][] = [
    ['x'.repeat(60), 'short'],
    ['日本'.repeat(20), 'short'],
    ['y', 'short'],
  ]
  const whole = '.format line shows them whole'
  const out = await written(formatTable({ width: 30, whole }), [text('a'), text('b')], rows)
  expect(out.split('\n').slice(2, 5)).toEqual([
    `${'x'.repeat(22)}…  short`,
    `${'日本'.repeat(5)}日…  short`,
    `${'y'.padEnd(23)}  short`,
  ])
  expect(out).toContain('3 rows, 2 cells cut to fit: .format line shows them whole\n')
  const one = await written(formatTable({ width: 12 }), [text('a')], [['z'.repeat(20)]])
  expect(one).toContain('1 row, 1 cell cut to fit\n')
})

test('a table without a width is never cut, not even in rows that come after its widths were chosen', async () => {
  const rows = Array.from({ length: 1500 }, (_, n): Cell[] => [n === 1400 ? 'w'.repeat(50) : 'w'])
  const out = await written(formatTable(), [text('a')], rows)
  expect(out).toContain(`\n${'w'.repeat(50)}\n`)
  expect(out).toContain('\n1,500 rows\n')
})

test('no text of a table breaks its lines, steers the terminal or turns its direction', async () => {
  const out = await written(
    formatTable(),
    [text('a\u001b[2J\nb')],
    [['one\ntwo\ttab \u001b[31m red \u009b \u202e turned \u2028']],
  )
  expect(out.split('\n')).toHaveLength(5)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/)
  expect(out).toContain('one\\ntwo\\ttab \\u001b[31m red')
})

test('every format lets the result go when its reader goes away', async () => {
  for (const format of [formatJson, csv, formatTable(), formatTable({ width: 20 })]) {
    const rows = Array.from({ length: 5000 }, (): Cell[] => ['x'])
    const { state, result } = resultOf([text('a')], rows)
    await expect(format(result, () => Promise.reject(new Error('gone')))).rejects.toThrow('gone')
    expect(state.ended).toBe(true)
  }
})

test('every format waits until what it wrote is taken, and holds no more than some rows', async () => {
  const total = 20_000
  for (const format of [formatJson, csv, formatTable({ width: 20 })]) {
    let read = 0
    let taken = 0
    const rows = async function* (): AsyncGenerator<readonly (readonly Cell[])[]> {
      for (; read < total; read += 100) {
        expect(read - taken).toBeLessThanOrEqual(1200)
        yield Array.from({ length: 100 }, (): Cell[] => ['x'])
      }
    }
    await format({ columns: [text('a')], rows: rows() }, async (part) => {
      await Promise.resolve()
      taken += part.split('x').length - 1
    })
    expect(taken).toBe(total)
  }
})

test('a table of at most so many rows says of how many', async () => {
  const result = {
    columns: [{ name: 'n', type: 'INTEGER', isNumeric: true }],
    rows: (async function* () {
      yield [[1], [2]]
      yield [[3], [4_000_000]]
    })(),
  }
  let text = ''
  const count = await formatTable({ rowsMax: 3 })(result, async (part) => {
    text += part
  })
  expect(count).toBe(4)
  expect(text).toMatch(/^\s*n\n─+\n\s*1\n\s*2\n\s*3\nthe first 3 of 4 rows\n$/)
})
