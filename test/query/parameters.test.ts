import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fillIn, parseTemplate } from '../../src/query/parameters.ts'

const file = `-- Requests for one event.
-- param eventid text which event
-- param top number=10 how many
--   param from date=2025-01-01
SELECT ':top' AS ":from", x /* :eventid */ -- :eventid
FROM demand WHERE eventid = :eventid AND partition_date >= :from AND name <> :name LIMIT :top`

const fill = (template: string, given: { readonly [name: string]: string } = {}) =>
  fillIn(parseTemplate(template, 'q.sql'), new Map(Object.entries(given)))

describe('a saved query in a file', () => {
  test('has the title and the parameters that its comments say, and those that it uses besides', () => {
    expect(parseTemplate(file, 'q.sql')).toStrictEqual({
      name: 'q.sql',
      title: 'Requests for one event.',
      template: file,
      parameters: [
        { name: 'eventid', kind: 'text', about: 'which event' },
        { name: 'top', kind: 'number', about: 'how many', default: '10' },
        { name: 'from', kind: 'date', about: '', default: '2025-01-01' },
        { name: 'name', kind: 'text', about: '' },
      ],
    })
    expect(parseTemplate('SELECT 1', 'q.sql')).toMatchObject({ title: '', parameters: [] })
    expect(parseTemplate('', 'q.sql')).toMatchObject({ title: '', parameters: [] })
  })

  test('takes values and defaults in their places, and nowhere in quotes and comments', () => {
    expect(fill(file, { eventid: "o'hara", name: ':top', top: '3' })).toEqual({
      ok: true,
      sql: file.replace(
        /WHERE[\s\S]*/,
        "WHERE eventid = 'o''hara' AND partition_date >= '2025-01-01' AND name <> ':top' LIMIT 3",
      ),
    })
    expect(fill('SELECT CAST(1 AS varchar), a::int, x[1:2]')).toEqual({
      ok: true,
      sql: 'SELECT CAST(1 AS varchar), a::int, x[1:2]',
    })
  })

  test.each([
    [{ eventid: 'e' }, 'q.sql needs a value: --param name=VALUE'],
    [
      { eventid: 'e', name: 'n', nmae: 'm' },
      'q.sql has no parameter "nmae": it takes eventid, top, from, name',
    ],
    [{ eventid: 'e', name: 'n', top: '1; DROP' }, 'the parameter top of q.sql is a number such as 10 or 2.5'],
    [
      { eventid: 'e', name: 'n', from: '2025-02-30' },
      'the parameter from of q.sql is a date such as 2025-02-13',
    ],
  ])('refuses %j', (given, why) => {
    expect(fill(file, given as never)).toEqual({ ok: false, why })
  })

  test('keeps any text one text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const filled = fill('SELECT :x', { x: text })
        const [, inside = ''] = /^SELECT '([\s\S]*)'$/.exec(filled.ok ? filled.sql : '') ?? []
        expect(inside.replaceAll("''", '')).not.toContain("'")
        expect(inside.replaceAll("''", "'")).toBe(text)
      }),
      { seed: 5 },
    )
  })
})
