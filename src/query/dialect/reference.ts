import { differences, otherDifferences } from './differences.ts'
import { functions } from './functions.ts'
import { rewrites } from './rewrites.ts'
import { spellings } from './spelling.ts'
import { catalogStatements } from './statements.ts'
import { unsupportedExpressions, unsupportedStatements } from './unsupported.ts'

const intro = `# Athena's SQL, here

What you write for Athena runs here, on DuckDB, and means the same: this is the list of what that takes. Everything that is
not on it goes to DuckDB as it is written. Each example is run by the tests; a lane of theirs asks Trino, the engine inside
Athena, the same questions over the same files.`

/** The reference of what of Athena's SQL is understood, made from the lists that the dialect works by. */
export function sqlReference(): string {
  return `${[
    '<!-- Generated from `src/query/dialect/` by `npm run generate`: change that, not this file. -->',
    intro,
    '## Statements',
    'A query (`SELECT`, `WITH`, `VALUES`, `TABLE`), `EXPLAIN` and `EXPLAIN ANALYZE` of one, and these, in any case and with or without the database before a name:',
    table(
      ['statement', 'here'],
      catalogStatements.map(({ form, here }) => [code(form), here]),
    ),
    'A pattern is a text in which `*` stands for anything and `|` for either. `SUMMARIZE table` and `DESCRIBE SELECT …` are DuckDB’s own.',
    '## What is read as Athena reads it',
    ...rewrites.map(section),
    '## Spellings',
    ...spellings.map(section),
    '## Functions',
    'Athena’s functions that DuckDB lacks or answers otherwise. The others, such as `lower`, `substr`, `coalesce`, `array_agg`, `max_by`, `lag`, `date`, `json_extract`, `array_sort` or `histogram`, are DuckDB’s own.',
    table(
      ['function', 'example', 'gives', 'note'],
      functions.map(({ name, examples: [first], note }) => [
        code(name),
        first ? code(first[0]) : '',
        first ? code(first[1]) : '',
        note ?? '',
      ]),
    ),
    '## Not done here',
    'Such a statement fails, and its message says so.',
    table(
      ['of Athena', 'instead'],
      [...unsupportedStatements, ...unsupportedExpressions].map(({ feature, instead }) => [feature, instead]),
    ),
    '## Where the answer differs',
    table(
      ['you write', 'Athena', 'here', ''],
      differences.map(({ expression, athena, here, instead }) => [
        code(expression),
        code(athena),
        code(here),
        instead,
      ]),
    ),
    otherDifferences.map((line) => `- ${line}`).join('\n'),
  ].join('\n\n')}\n`
}

type Entry = {
  readonly name: string
  readonly athena: string
  readonly otherwise: string
  readonly examples: readonly (readonly [sql: string, rows: string])[]
}

function section({ name, athena, otherwise, examples }: Entry): string {
  const shown = examples.map(([sql, rows]) => `    ${sql}\n    → ${rows}`)
  return [
    `### ${name}`,
    `${athena} DuckDB alone: ${otherwise}`,
    ...(shown.length > 0 ? [shown.join('\n')] : []),
  ].join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Code in a cell of a table, where a bar would end the cell. */
function code(text: string): string {
  return text.includes('`') ? text : `\`${text.replaceAll('|', '\\|')}\``
}
