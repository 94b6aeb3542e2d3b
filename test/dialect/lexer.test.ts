import { expect, test } from 'vitest'
import { placeOf, StatementError } from '../../src/dialect/failure.ts'
import { statementBytesMax, tokenize, tokensMax } from '../../src/dialect/lexer.ts'

const tokensOf = (sql: string) =>
  tokenize(sql)
    .filter(({ kind }) => kind !== 'end')
    .map(({ kind, text }) => `${kind} ${text}`)

function refusalOf(sql: string): string {
  try {
    tokenize(sql)
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    const { line, column } = placeOf(sql, error.at)
    return `${line}:${column}: ${error.message}`
  }
  return 'accepted'
}

// What Trino's lexer makes of each: the longest token at each place.
test.each([
  ['Select _a1', ['word Select', 'word _a1']],
  ['"a""b" `c`', ['quoted name "a""b"', 'backquoted name `c`']],
  ["'it''s' ''", ["string 'it''s'", "string ''"]],
  [
    "U&'\\0041' u&'' U & 'a'".replace(' & ', ''),
    ["unicode string U&'\\0041'", "unicode string u&''", 'word U', "string 'a'"],
  ],
  ["X'0a' x'' xx''", ["binary X'0a'", "binary x''", 'word xx', "string ''"]],
  ["X'0''1'", ["binary X'0'", "string '1'"]],
  [
    '1 1_000 0xFF 0X_f 0o17 0b01',
    ['integer 1', 'integer 1_000', 'integer 0xFF', 'integer 0X_f', 'integer 0o17', 'integer 0b01'],
  ],
  ['1.5 .5 5. 1_0.5_0', ['decimal 1.5', 'decimal .5', 'decimal 5.', 'decimal 1_0.5_0']],
  ['1e0 1.5E-3 .5e+1 5.e1', ['double 1e0', 'double 1.5E-3', 'double .5e+1', 'double 5.e1']],
  [
    '1a 0xG 1__0 1_ 1e 1_0e5',
    [
      'digit name 1a',
      'digit name 0xG',
      'digit name 1__0',
      'digit name 1_',
      'digit name 1e',
      'digit name 1_0e5',
    ],
  ],
  ['1.5x 1.5_0e1 1..2', ['decimal 1.5', 'word x', 'decimal 1.5_0', 'word e1', 'decimal 1.', 'decimal .2']],
  ['a.5 a.b', ['word a', 'decimal .5', 'word a', 'symbol .', 'word b']],
  [
    '<>!=<=>=||->=>',
    ['symbol <>', 'symbol !=', 'symbol <=', 'symbol >=', 'symbol ||', 'symbol ->', 'symbol =>'],
  ],
  [
    'a>-1 a<-1',
    ['word a', 'symbol >', 'symbol -', 'integer 1', 'word a', 'symbol <', 'symbol -', 'integer 1'],
  ],
  ['a--b\nc', ['word a', 'word c']],
  ['a--b\rc', ['word a', 'word c']],
  ['a--b\r\nc', ['word a', 'word c']],
  ['a--', ['word a']],
  ['a/* /* */b*/', ['word a', 'word b', 'symbol *', 'symbol /']],
  ["'--' /*'*/ '/*'", ["string '--'", "string '/*'"]],
  [' \t\r\n', []],
])('%j', (sql, tokens) => {
  expect(tokensOf(sql)).toEqual(tokens)
})

test('tokens know their place, and what is compared is in capitals', () => {
  expect(tokenize('a <> "B"')).toEqual([
    { kind: 'word', at: 0, end: 1, text: 'a', key: 'A' },
    { kind: 'symbol', at: 2, end: 4, text: '<>', key: '<>' },
    { kind: 'quoted name', at: 5, end: 8, text: '"B"', key: '' },
    { kind: 'end', at: 8, end: 8, text: '', key: '' },
  ])
})

test.each([
  ['SELECT\u0000 1', '1:7: unexpected character U+0000; it stands for nothing outside quotes'],
  ['SELECT\u00a01', '1:7: unexpected character U+00A0; write an ordinary space'],
  ['SELECT\n\u20281', '2:1: unexpected character U+2028; write an ordinary space'],
  ['SELECT\f1', '1:7: unexpected character U+000C; write an ordinary space'],
  ['SELECT\v1', '1:7: unexpected character U+000B; write an ordinary space'],
  ['SELECT\u200b1', '1:7: unexpected character U+200B; it stands for nothing outside quotes'],
  ['\ufeffSELECT 1', '1:1: unexpected character U+FEFF; it stands for nothing outside quotes'],
  ['SELECT ‘a’', "1:8: unexpected character '‘' (U+2018); texts stand in ' and names in \""],
  ['SELECT naïve', "1:10: unexpected character 'ï' (U+00EF); put a name with such a letter in double quotes"],
  ['SELECT ſ', "1:8: unexpected character 'ſ' (U+017F); put a name with such a letter in double quotes"],
  ['SELECT 🎟', "1:8: unexpected character '🎟' (U+1F39F); it stands for nothing outside quotes"],
  ['SELECT !a', "1:8: unexpected character '!' (U+0021); write NOT, or <> for unequal"],
  [
    'SELECT a & b',
    "1:10: unexpected character '&' (U+0026); use bitwise_and, bitwise_or, bitwise_xor or bitwise_not",
  ],
  ['SELECT # a', "1:8: unexpected character '#' (U+0023); a comment begins with --"],
  ["SELECT 'a", "1:8: this text is not closed: ' is missing; inside it, write ' twice"],
  ["SELECT 'a''", "1:8: this text is not closed: ' is missing; inside it, write ' twice"],
  ['SELECT "a', '1:8: this name is not closed: " is missing; inside it, write " twice'],
  ["SELECT X'0", "1:8: this binary literal is not closed: ' is missing"],
  ['SELECT 1 /* a', '1:10: this comment is not closed; end it with */'],
  ['SELECT /*/ 1', '1:8: this comment is not closed; end it with */'],
])('%j is refused: %s', (sql, refusal) => {
  expect(refusalOf(sql)).toBe(refusal)
})

test('a statement has no more bytes than Athena takes, and no more tokens than are bounded here', () => {
  const text = (bytes: number) => `SELECT '${'é'.repeat((bytes - 9) / 2)}'`
  expect(Buffer.byteLength(text(statementBytesMax - 1))).toBe(statementBytesMax - 1)
  expect(refusalOf(text(statementBytesMax - 1))).toBe('accepted')
  expect(refusalOf(text(statementBytesMax + 1))).toBe(
    '1:1: the statement is longer than 262144 bytes, which is the most that Athena takes',
  )
  expect(refusalOf('1,'.repeat(tokensMax / 2))).toBe('accepted')
  expect(refusalOf(`${'1,'.repeat(tokensMax / 2)}1`)).toContain(`more than ${tokensMax} words and marks`)
})
