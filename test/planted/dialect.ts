import { type Bug, plant } from './plant.ts'

const lexerTest = 'test/dialect/lexer.test.ts'
const parserTest = 'test/dialect/parser.test.ts'
const typesTest = 'test/dialect/types.test.ts'
const statementTest = 'test/dialect/statement.test.ts'
const guardTest = 'test/query/guard.test.ts'
const sandboxTest = 'test/query/sandbox.test.ts'

/** Bugs of Athena's SQL: a statement that is answered otherwise than Athena answers it, or that does more than read. */
export const dialectBugs: readonly Bug[] = [
  // A statement is bounded before it is understood, and read as Trino reads it.
  ...plant('src/dialect/lexer.ts', lexerTest, [
    [
      'The length of a statement is counted in characters (limits: 262,144 bytes).',
      'Buffer.byteLength(sql) > statementBytesMax',
      'sql.length > statementBytesMax',
    ],
    [
      'A statement may have any number of words.',
      'if (tokens.length > tokensMax)',
      'if (tokens.length > 1e9)',
    ],
    ['A carriage return does not end a comment.', '/--[^\\r\\n]*/y', '/--[^\\n]*/y'],
    [
      'The asterisk that opens a comment closes it.',
      "sql.indexOf('*/', at + 2)",
      "sql.indexOf('*/', at + 1)",
    ],
    [
      'A binary literal goes on behind its quote.',
      'end: endOfBinary(sql, at) }',
      'end: endOfQuote(sql, at, at + 2, "\'") }',
    ],
  ]),
  ...plant('src/dialect/parser.ts', parserTest, [
    [
      'A chain of operators has no bound.',
      'if (depth > treeDepthMax && node)',
      'if (depth > 1e9 && node)',
      /chains: /,
    ],
    [
      'What follows a whole statement is ignored.',
      "  if (peek(cursor).kind !== 'end') throw leftOver(cursor)\n",
      '',
      /is refused/,
    ],
  ]),
  ...plant('src/dialect/parser/cursor.ts', parserTest, [
    [
      'Parentheses may be nested to any depth.',
      'if (cursor.depth >= nestingMax)',
      'if (cursor.depth >= 1e9)',
      /what is nested/,
    ],
    [
      'Parentheses side by side count as nested.',
      '  cursor.depth--\n',
      '',
      /only long|not too long|conditions|side by side/,
    ],
    [
      'A reserved word is a name.',
      "(token.kind === 'word' && !reserved.has(token.key))",
      "token.kind === 'word'",
      /is refused/,
    ],
    [
      'A quote in a name stays doubled.',
      "token.text.slice(1, -1).replaceAll('\"\"', '\"')",
      'token.text.slice(1, -1)',
    ],
  ]),

  // Types: where two meet, none loses a value, and none is turned into the other that Athena keeps apart.
  ...plant('src/dialect/types.ts', typesTest, [
    [
      'A real and a decimal meet as a decimal.',
      "  if (a.kind === 'real' || b.kind === 'real') return real\n",
      '',
    ],
    ['An integer beside a decimal loses a digit.', '  integer: 10,\n', '  integer: 9,\n'],
    [
      'Decimals meet in the fewer digits behind the point.',
      'const scale = Math.max(left.scale, right.scale)',
      'const scale = Math.min(left.scale, right.scale)',
    ],
    [
      'A wider type stands for a narrower one without a CAST.',
      'return common !== undefined && isSameType(common, to)',
      'return common !== undefined',
    ],
    [
      'A text is compared with a date.',
      "  if (from.kind === 'date' && to.kind === 'timestamp') return to\n",
      "  if (from.kind === 'varchar' && to.kind === 'date') return to\n  if (from.kind === 'date' && to.kind === 'timestamp') return to\n",
    ],
    ['Maps have an order.', "new Set(['json', 'map'])", "new Set(['json'])"],
    [
      'Rows of different lengths meet.',
      "b.kind === 'row' && a.fields.length === b.fields.length",
      "b.kind === 'row' && a.fields.length <= b.fields.length",
    ],
    [
      'A row whose fields have other names keeps those of the first.',
      'field.name !== undefined && field.name === other.name ?',
      'field.name !== undefined ?',
    ],
    [
      'Texts meet in the shorter length.',
      'varcharOf(Math.max(a.length, b.length))',
      'varcharOf(Math.min(a.length, b.length))',
    ],
  ]),
  ...plant('src/dialect/typesyntax.ts', statementTest, [
    ['A time has more digits than DuckDB holds.', 'if (precision > timeDigitsMax)', 'if (precision > 12)'],
    ['A decimal has more digits behind its point than in all.', ' || scale > precision)', ')'],
    [
      'Two fields of a row have one name.',
      'if (new Set(names).size < names.length)',
      'if (names.length < 0)',
    ],
  ]),

  // Casts: halves up, never cut in silence; TRY_CAST gives NULL, CAST fails.
  ...plant('src/dialect/cast.ts', statementTest, [
    [
      'A double is cut, not rounded, to an integer.',
      "if (type.kind === 'double' || type.kind === 'real') return `${cast}(round(${sql})",
      "if (type.kind === 'double' || type.kind === 'real') return `${cast}(trunc(${sql})",
    ],
    [
      'A decimal is cut, not rounded, to an integer.',
      "if (type.kind === 'decimal') return `${cast}(round(${sql})",
      "if (type.kind === 'decimal') return `${cast}(trunc(${sql})",
    ],
    [
      'CAST of what it cannot cast gives NULL.',
      '  isTry ? nullOf(to) : fail(',
      '  true ? nullOf(to) : fail(',
    ],
    [
      'A number that is too long for its text is cut.',
      'ELSE ${fails(value.type, to, casting)} END`',
      'ELSE substr(${t}, 1, ${length}) END`',
    ],
    [
      'A char is not filled up.',
      "return `rpad(substr(${text}, 1, ${length}), ${length}, ' ')`",
      'return `substr(${text}, 1, ${length})`',
    ],
    ['A timestamp is cut to fewer digits.', '+ ${unit / 2}) / ${unit}.0)', '+ 0) / ${unit}.0)'],
    [
      'The zone that a text names is ignored.',
      'casting.zonedOf(casting.toInstant(local, z), z)',
      'casting.zonedOf(local, z)',
    ],
    [
      'The date of a time with a zone is that of UTC.',
      'return `CAST(${localOf(value, casting)} AS DATE)`',
      'return `CAST(${casting.instantOf(value)} AS DATE)`',
    ],
    [
      'A row that is NULL becomes a row of NULLs.',
      '(row) => `CASE WHEN ${row} IS NOT NULL THEN struct_pack(${made(row)}) END`',
      '(row) => `struct_pack(${made(row)})`',
    ],
  ]),
  ...plant('src/dialect/number.ts', statementTest, [
    ['A decimal is cut to its digits.', 'return (a * 2n + b) / (b * 2n)', 'return a / b'],
    [
      'TRY_CAST of a decimal that is too large fails.',
      'if (unscaled >= ten(precision)) throw',
      'if (unscaled < 0n) throw',
    ],
    [
      'A quotient has the sign of the dividend.',
      'decimalText(left.digits < 0n !== right.digits < 0n ? -quotient : quotient, scale)',
      'decimalText(left.digits < 0n ? -quotient : quotient, scale)',
    ],
    [
      'An average of decimals has no sign.',
      'decimalText(digits < 0n ? -average : average, scale)',
      'decimalText(average, scale)',
    ],
    ['A real shows the digits of a double.', 'value.toExponential(6)', 'value.toExponential()'],
  ]),
  ...plant('src/dialect/temporal.ts', statementTest, [
    [
      'A day that no month has is a date.',
      'date.getUTCMonth() === month - 1 && date.getUTCDate() === day',
      'day < 32',
    ],
    ['A day has an hour 24.', 'Number(hour) > 23', 'Number(hour) > 24'],
    ['Digits behind the microsecond are cut off.', '>= 5 ? 1n : 0n)', '>= 5 ? 0n : 0n)'],
    [
      'A zone that is not known is UTC.',
      "  if (known === undefined) throw new FunctionError('Value cannot be cast to timestamp: its zone is not known')\n",
      "  if (known === undefined) return { ...written, zone: 'UTC' }\n",
    ],
  ]),

  // Time zones.
  ...plant('src/dialect/zone.ts', 'test/dialect/zone.test.ts', [
    ['An offset may be a whole day.', 'Number(hours) > 14', 'Number(hours) > 24'],
    [
      'A zone that Java does not know is taken.',
      'zoneName.test(written) && !shortNames.has(written)',
      'zoneName.test(written)',
    ],
    [
      'The minutes of a negative offset count forward.',
      "(sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))",
      "(sign === '-' ? -1 : 1) * Number(hours) * 60 + Number(minutes)",
    ],
    [
      'Of two instants that show one time the later one counts.',
      'found.reduce((a, b) => (a < b ? a : b))',
      'found.reduce((a, b) => (a > b ? a : b))',
    ],
    [
      'A time that clocks leave out is taken.',
      '    .filter((offset) => offsetAt(localMs - offset, zone) === offset)\n',
      '',
    ],
    [
      'Of two instants that show one time DuckDB takes the later one.',
      '= ${l} THEN ${earlier} ELSE',
      '= ${l} THEN ${found} ELSE',
    ],
  ]),

  // Operators: NULL, NaN, division, decimals.
  ...plant('src/dialect/operators.ts', statementTest, [
    ['Division by zero gives NULL.', "THEN ${tools.fail('Division by zero', type)} ELSE", 'THEN NULL ELSE'],
    [
      'NULL divided by zero fails.',
      'CASE WHEN ${y} = 0 AND ${x} IS NOT NULL THEN',
      'CASE WHEN ${y} = 0 THEN',
    ],
    ['A sum of decimals overflows its type.', ' + scale + 1),\n        scale,', ' + scale),\n        scale,'],
    ['NaN equals itself.', '((${x} ${compared} ${y}) AND NOT isnan(${test}))', '((${x} ${compared} ${y}))'],
    [
      'Arrays with a NULL in them are equal.',
      "WHEN list_position(${results('=')}, NULL) IS NOT NULL THEN NULL ELSE ${a.sql}",
      'ELSE ${a.sql}',
    ],
    [
      'Times are told apart by their zones.',
      'return `(${tools.instantOf(a)} ${operator} ${tools.instantOf(b)})`',
      'return `(${a.sql} ${operator} ${b.sql})`',
    ],
    [
      'IS DISTINCT FROM tells times apart by their zones.',
      '? [tools.instantOf(a), tools.instantOf(b)] : [a.sql, b.sql]',
      '? [a.sql, b.sql] : [a.sql, b.sql]',
    ],
    [
      'Hours that are added to a date are lost.',
      "ELSE ${tools.fail('Cannot add hour, minutes or seconds to a date', date)} END",
      'ELSE ${time.sql} END',
    ],
    [
      'Maps are equal where their values are NULL.',
      'WHEN list_position(${results}, NULL) IS NOT NULL THEN NULL ELSE true END',
      'ELSE true END',
    ],
    [
      'An array || NULL is the array.',
      '`CASE WHEN ${x} IS NOT NULL AND ${y} IS NOT NULL THEN list_concat(${x}, ${y}) END`',
      '`list_concat(${x}, ${y})`',
    ],
  ]),
  ...plant('src/dialect/operators.ts', statementTest, [
    [
      'What has no order is compared by <.',
      "operator !== '<>' && !isOrderable(type))",
      "operator !== '<>' && operator === '=')",
    ],
  ]),

  // What Athena refuses, and what is not done as Athena does it, ends the query.
  ...plant('src/dialect/call.ts', statementTest, [
    [
      'A function that is not registered reaches DuckDB.',
      '  if (!signatures) throw unknownFunction(call, context)\n',
      "  if (!signatures)\n    return { sql: `${name}(${call.arguments.map((one) => translate(one, context).sql).join(', ')})`, type: varchar, isCheap: false }\n",
    ],
    [
      'DISTINCT in a call of a plain function is ignored.',
      '  if (call.isDistinct || call.filter || call.orderBy.length > 0 || call.nullTreatment || call.isStar)\n    throw',
      '  if (call.isStar)\n    throw',
    ],
    ['Lambdas stand within each other to any depth.', 'if (depth >= lambdaDepthMax)', 'if (depth >= 1e9)'],
    [
      'A window function takes FILTER and ignores it.',
      '  if (call.filter || call.isDistinct)\n    throw new StatementError(\n      call.at,\n      `A window function takes',
      '  if (call.isDistinct)\n    throw new StatementError(\n      call.at,\n      `A window function takes',
    ],
    [
      'Maps are sorted.',
      "if (value.type.kind === 'map' || value.type.kind === 'json')\n    throw new StatementError(at, `${typeName(value.type)} has no order: it cannot be in ORDER BY`)\n",
      '',
    ],
  ]),
  ...plant('src/dialect/call.ts', statementTest, [
    [
      'NULLs come first where the order is descending.',
      "(nulls ?? 'last')",
      "(nulls ?? (isDescending ? 'first' : 'last'))",
    ],
  ]),
  ...plant('src/dialect/signature.ts', statementTest, [
    [
      'A function takes fewer arguments than it has parameters.',
      'if (types.length < parameters.length || (',
      'if ((',
    ],
    [
      'Values without an order have a least one.',
      "if (pattern.name === 'O' && !isOrderable(both)) return false",
      "if (pattern.name === 'O' && !both) return false",
    ],
  ]),
  ...plant('src/dialect/expression.ts', statementTest, [
    [
      'A place behind the end of an array is NULL.',
      "ELSE ${tools.fail('Array subscript must be less than or equal to array length; element_at gives NULL instead', type.items)} END",
      'END',
    ],
    [
      'A key that a map has not is NULL.',
      "ELSE ${tools.fail('Key not present in map; element_at gives NULL instead', type.value)} END",
      'END',
    ],
  ]),
  ...plant('src/dialect/expression.ts', statementTest, [
    [
      'A column beside an aggregate need not be grouped.',
      '  if (context.groups?.isOwn(field.sql))\n',
      '  if (context.groups?.isOwn(`${field.sql}?`))\n',
    ],
    [
      'The options of a JSON function are ignored.',
      "  if (!isDefault || (returning && resolveType(returning).kind !== 'varchar'))\n",
      "  if (returning && resolveType(returning).kind !== 'varchar')\n",
    ],
    [
      'An escape before any character is taken.',
      "['%', '_', mark.literal].includes(marks[++index] ?? '')",
      "['%', '_', mark.literal, 'x'].includes(marks[++index] ?? '')",
    ],
    [
      'The parts of CASE need not be of one type.',
      '    if (!both)\n      throw new StatementError(\n        ats[index] ?? 0,\n        `${what} must',
      '    if (!both && index < 0)\n      throw new StatementError(\n        ats[index] ?? 0,\n        `${what} must',
    ],
  ]),
  ...plant('src/dialect/fingerprint.ts', 'test/dialect/fingerprint.test.ts', [
    [
      'Expressions that compare with different texts are one.',
      "name !== 'at' && value !== undefined",
      "name !== 'at' && name !== 'value' && value !== undefined",
    ],
    [
      'Columns of two tables are one where they have one name.',
      'return field && `column ${field.sql}`',
      'return field && `column ${last.name}`',
    ],
    [
      'A column in other letters is another one.',
      'JSON.stringify(value.toLowerCase())',
      'JSON.stringify(value)',
    ],
  ]),
  ...plant('src/dialect/query.ts', statementTest, [
    [
      'A recursion without an end goes on.',
      'CASE WHEN d <= ${recursionMax} THEN d',
      'CASE WHEN d <= 1000 THEN d',
    ],
    [
      'A UNION of different numbers of columns is taken.',
      '  if (left.columns.length !== right.columns.length)\n',
      '  if (left.columns.length < 0)\n',
    ],
    [
      'SELECT DISTINCT is sorted by what it leaves out.',
      '`${value.sql} `) || /^c\\d+ /.test(order.sql)))',
      "`${value.sql} `) || order.sql !== ''))",
    ],
  ]),
  ...plant('src/dialect/query.ts', statementTest, [
    [
      'A FULL JOIN by USING loses the keys of the right side.',
      "relation.type === 'full' ? `COALESCE(${x}, ${y})` :",
      "relation.type === 'full' ? x :",
    ],
    [
      'A RIGHT JOIN by USING shows the keys of the left side.',
      "relation.type === 'right' ? y : x",
      "relation.type === 'right' ? x : x",
    ],
    [
      'WITH ORDINALITY counts from 0.',
      'unnest(range(1, CAST(coalesce(${longest}, 0) AS BIGINT) + 1))',
      'unnest(range(0, CAST(coalesce(${longest}, 0) AS BIGINT)))',
    ],
  ]),
  ...plant('src/dialect/statements.ts', 'test/dialect/statements.test.ts', [
    [
      'What follows MSCK REPAIR TABLE is ignored.',
      "new RegExp(`^\\\\s*${pattern}${end}`, 'i')",
      "new RegExp(`^\\\\s*${pattern}`, 'i')",
    ],
    ['A comment hides what stands in quotes.', "(_, quoted?: string) => quoted ?? ' ')", "() => ' ')"],
  ]),
  ...plant('src/dialect/athena.ts', 'test/query/athena/statement.test.ts', [
    ['A call that stands in quotes is rewritten.', 'calls(codeOf(sql), ', 'calls(sql, '],
    ['UNIX_TIMESTAMP of another schema is rewritten.', '`(?<![\\\\w."])${word}', '`(?<![\\\\w"])${word}'],
    ['UNIX_TIMESTAMP is rounded.', "'CAST(floor(to_unixtime('", "'CAST(round(to_unixtime('"],
  ]),

  // A statement reads tables and does nothing else: what the translation made is looked at once more.
  ...plant('src/query/guard.ts', guardTest, [
    [
      'What the translation made is not looked at.',
      '  await checkSelect(connection, reading.select, systemViews)\n',
      "  if (dialect === 'duckdb') await checkSelect(connection, reading.select, systemViews)\n",
    ],
    [
      'A statement that writes is prepared.',
      "if (statement?.statementType !== (explain === '' ? StatementType.SELECT : StatementType.EXPLAIN))",
      'if (statement === undefined)',
    ],
    [
      'Of several statements the first one is prepared.',
      'statements.count === 1 ? await statements.prepare(0)',
      'statements.count >= 1 ? await statements.prepare(0)',
    ],
    [
      'A parameter is prepared.',
      'if (statement.parameterCount > 0) throw',
      'if (statement.parameterCount < 0) throw',
    ],
    ['Any function may stand in FROM.', 'if (!rowFunctions.has(name)) throw', "if (name === '') throw"],
    [
      'A function that acts may be called.',
      'if (refusedFunctions.has(called)) throw',
      "if (refusedFunctions.has(called) && called === '') throw",
    ],
    [
      'Capitals hide a view or a file.',
      "return typeof name === 'string' ? name.toLowerCase() : ''",
      "return typeof name === 'string' ? name : ''",
    ],
    ['The environment can be read.', "  'getenv',\n", ''],
    ['A message may hold the value of a row.', "  'error',\n", ''],
    [
      'The settings of DuckDB can be read as a view.',
      'if (systemViews.has(name)) throw',
      "if (systemViews.has(name) && name === '') throw",
    ],
    [
      'A file is read by its name.',
      'if (fileName.test(name)) throw',
      "if (fileName.test(name) && name === '') throw",
    ],
    [
      'What stands within a subquery is not looked at.',
      '    for (const item of Object.values(node)) open.push(item)\n',
      "    for (const [key, item] of Object.entries(node)) if (key !== 'subquery') open.push(item)\n",
    ],
    [
      'What stands behind a NUL is not looked at.',
      "  if (sql.includes('\\0')) throw refused('a NUL character is not allowed')\n",
      '',
    ],
    [
      'A statement in DuckDB’s SQL may have any number of bytes (limits: 262,144 bytes).',
      'if (Buffer.byteLength(sql) > statementBytesMax)',
      'if (Buffer.byteLength(sql) > 1e9)',
    ],
    [
      'A statement in DuckDB’s SQL may be nested to any depth.',
      'if (marks > marksMax) throw',
      'if (marks > 1e9) throw',
    ],
    [
      'A statement that writes is not called by its word.',
      'if (actingWords.has(word)) throw',
      "if (actingWords.has(word) && word === '') throw",
    ],
  ]),
  ...plant('src/query/guard.ts', sandboxTest, [
    [
      'EXPLAIN of what writes is taken for a SELECT.',
      "  if (analyze === undefined) return { explain: 'EXPLAIN ', select: sql.slice(at) }\n",
      "  if (analyze === undefined) return { explain: 'EXPLAIN ', select: 'SELECT 1' }\n",
      /behind comments and EXPLAIN/,
    ],
  ]),
  ...plant('src/query/athena/guard.ts', 'test/query/athena/statement.test.ts', [
    [
      'Several statements are sent.',
      "if (code.slice(0, end).includes(';'))",
      "if (code.slice(0, end).includes(';;;'))",
    ],
    [
      'A partition whose files lie elsewhere is added.',
      'catalog.partitions.every(({ location }) => location === undefined)',
      'catalog.partitions.length > 0',
    ],
    ['What writes is sent.', 'if (!readingWords.has(read)) throw', "if (read === '') throw"],
    [
      'EXPLAIN hides what it explains.',
      "return word === 'EXPLAIN' ? firstWord(code.replace(explained, '')) : word",
      "return word === 'EXPLAIN' ? 'SELECT' : word",
    ],
    [
      'A statement is taken by a word that it does not begin with.',
      '/^[\\s(]*(\\w+)/.exec(code)',
      '/(\\w+)/.exec(code)',
    ],
    [
      'A statement that becomes longer than Athena takes is sent.',
      '  if (bytes > statementBytesMax)\n',
      '  if (Buffer.byteLength(given) > statementBytesMax)\n',
    ],
    ['A NUL is sent.', "  if (given.includes('\\0')) throw refused('a NUL character is not allowed')\n", ''],
  ]),
  ...plant('src/query/athena/guard.ts', 'test/query/athena/guard.test.ts', [
    [
      'A carriage return hides a statement in a comment.',
      '  const sql = withLineFeeds(given)\n',
      '  const sql = given\n',
    ],
    [
      'A table function of a connector is sent.',
      'if (!tableFunctions.has(name.toLowerCase()))',
      'if (tableFunctions.size === 0)',
    ],
    [
      'A table function of another catalog is taken for Trino’s own.',
      '(?:[^\\s.()]+\\s*\\.\\s*)*([^\\s.()]+)\\s*\\(/gi',
      '([^\\s.()]+)\\s*\\(/gi',
    ],
  ]),
]
