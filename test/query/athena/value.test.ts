import { expect, test } from 'vitest'
import { parseCell, toColumn } from '../../../src/query/athena/value.ts'
import { cellText } from '../../../src/query/text.ts'

test.each([
  ['varchar', '', ''],
  ['varchar', 'null', 'null'],
  ['boolean', 'true', true],
  ['boolean', 'false', false],
  ['integer', '-7', -7],
  ['bigint', '9007199254740993', 9007199254740993n],
  ['double', '1.234E7', 12_340_000],
  ['double', 'NaN', Number.NaN],
  ['double', '-Infinity', Number.NEGATIVE_INFINITY],
  [
    'decimal(38,2)',
    '123456789012345678901234567890.10',
    { kind: 'decimal', text: '123456789012345678901234567890.10' },
  ],
  ['date', '2025-02-13', { kind: 'date', days: 20_132 }],
  ['varbinary', '00 ff 10', Buffer.from([0, 255, 16])],
  ['varbinary', '', Buffer.alloc(0)],
  ['array', '[a, b]', '[a, b]'],
  ['row', '{requested=null}', '{requested=null}'],
  ['json', '{"a":1}', '{"a":1}'],
  [
    'timestamp with time zone',
    '2025-02-13 18:30:00.000 Europe/London',
    '2025-02-13 18:30:00.000 Europe/London',
  ],
] as const)('%s %s', (type, text, cell) => {
  expect(parseCell(text, type)).toEqual(cell)
  expect(parseCell(undefined, type)).toBeNull()
})

test.each([
  ['timestamp', '2025-02-13 18:30:00.123', '2025-02-13T18:30:00.123Z'],
  ['timestamp', '2025-02-13 18:30:00.123456', '2025-02-13T18:30:00.123456Z'],
  ['timestamp', '1969-12-31 23:59:59.999', '1969-12-31T23:59:59.999Z'],
  ['timestamp', '0001-01-01 00:00:00', '0001-01-01T00:00:00.000Z'],
  ['timestamp', '+12025-01-01 00:00:00.000', '+012025-01-01T00:00:00.000Z'],
  ['timestamp with time zone', '2025-02-13 18:30:00.000 UTC', '2025-02-13T18:30:00.000Z'],
  ['timestamp with time zone', '2025-02-13 18:30:00.000 +05:30', '2025-02-13T13:00:00.000Z'],
  ['timestamp with time zone', '2025-02-13 18:30:00.000 -03:00', '2025-02-13T21:30:00.000Z'],
])('an instant, %s %s', (type, text, iso) => {
  expect(cellText(parseCell(text, type))).toBe(iso)
})

test('a column has the name and the type that Athena gives; numbers are told from texts', () => {
  expect(toColumn({ Name: '_col0', Type: 'decimal', Precision: 10, Scale: 2 })).toEqual({
    name: '_col0',
    type: 'decimal(10,2)',
    isNumeric: true,
  })
  expect(toColumn({ Name: 'fanid', Type: 'varchar', Precision: 2147483647, Scale: 0 })).toEqual({
    name: 'fanid',
    type: 'varchar',
    isNumeric: false,
  })
})
