/** A statement about the catalog, which this project answers itself as Athena does. */
export type CatalogStatement =
  | { readonly kind: CatalogKind; readonly table: string }
  | { readonly kind: ListKind; readonly pattern?: string }
  | {
      readonly kind: 'add'
      readonly table: string
      readonly ifNotExists: boolean
      readonly partitions: readonly PartitionSpec[]
    }

/** Statements about one table. */
export type CatalogKind =
  | 'repair'
  | 'partitions'
  | 'describe'
  | 'columns'
  | 'create table'
  | 'create view'
  | 'properties'
export type ListKind = 'tables' | 'views' | 'databases'

/** A partition of `ALTER TABLE … ADD PARTITION`. */
export type PartitionSpec = { readonly date: string; readonly location?: string }

/** What the reference says of each; `form` is how it is written. */
export const catalogStatements: readonly { readonly form: string; readonly here: string }[] = [
  { form: 'SHOW TABLES [IN database] [pattern]', here: 'The tables and the views beside them.' },
  { form: 'SHOW VIEWS [IN database] [LIKE pattern]', here: 'The views.' },
  { form: 'SHOW DATABASES', here: 'One, `dmd`: an archive is one database.' },
  {
    form: 'DESCRIBE [EXTENDED | FORMATTED] table',
    here: 'Columns with the types that the Glue catalog has; the partition column is the last one.',
  },
  { form: 'SHOW COLUMNS IN table', here: 'The names of the columns.' },
  {
    form: 'SHOW CREATE TABLE table',
    here: 'The DDL that makes the table in Athena, with this archive as its location: what `dmd schema ddl` writes.',
  },
  { form: 'SHOW CREATE VIEW view', here: 'The SELECT that the view stands for.' },
  { form: 'SHOW TBLPROPERTIES table', here: 'The properties that the table has in the Glue catalog.' },
  { form: 'SHOW PARTITIONS table', here: 'The partitions that have files, oldest first.' },
  {
    form: 'MSCK REPAIR TABLE table',
    here: 'The partitions that came since it was asked last in this session. Queries need it neither here nor with projection.',
  },
  {
    form: "ALTER TABLE table ADD [IF NOT EXISTS] PARTITION (partition_date = '…') [LOCATION '…'] …",
    here: 'Checks the date, and says how many files the partition has. A location elsewhere is refused: rows are read from the archive.',
  },
]

const name = '(?:\\s*`([^`]+)`|\\s*"([^"]+)"|\\s+([\\w.]+))'
const end = '\\s*(?:;\\s*)*$'
const text = "'((?:[^']|'')*)'"
const database = '(?:\\s+(?:IN|FROM)\\s+[`"]?\\w+[`"]?)?'

const onTable: readonly (readonly [CatalogKind, string])[] = [
  ['repair', `MSCK\\s+REPAIR\\s+TABLE${name}(?:\\s+(?:ADD|DROP|SYNC)\\s+PARTITIONS)?`],
  ['partitions', `SHOW\\s+PARTITIONS${name}`],
  ['describe', `(?:DESCRIBE|DESC)(?:\\s+(?:EXTENDED|FORMATTED))?${name}`],
  ['columns', `SHOW\\s+COLUMNS\\s+(?:IN|FROM)${name}${database}`],
  ['create table', `SHOW\\s+CREATE\\s+TABLE${name}`],
  ['create view', `SHOW\\s+CREATE\\s+VIEW${name}`],
  ['properties', `SHOW\\s+TBLPROPERTIES${name}`],
]
const lists: readonly (readonly [ListKind, string])[] = [
  ['tables', `SHOW\\s+TABLES${database}(?:\\s+${text})?`],
  ['views', `SHOW\\s+VIEWS${database}(?:\\s+LIKE\\s+${text})?`],
  ['databases', `SHOW\\s+(?:DATABASES|SCHEMAS)(?:\\s+LIKE\\s+${text})?`],
]
const spec = `PARTITION\\s*\\(\\s*[\`"]?partition_date[\`"]?\\s*=\\s*${text}\\s*\\)(?:\\s*LOCATION\\s*${text})?`
const add = new RegExp(`^\\s*ALTER\\s+TABLE${name}\\s+ADD(\\s+IF\\s+NOT\\s+EXISTS)?\\s+(?=PARTITION)`, 'i')
const endPattern = new RegExp(`^${end}`)
const whole = (pattern: string) => new RegExp(`^\\s*${pattern}${end}`, 'i')
const onTablePatterns = onTable.map(([kind, pattern]) => [kind, whole(pattern)] as const)
const listPatterns = lists.map(([kind, pattern]) => [kind, whole(pattern)] as const)
const specPattern = new RegExp(`${spec}\\s*`, 'iy')

/** Recognises the statements above, or gives undefined for any other one. */
export function readCatalogStatement(sql: string): CatalogStatement | undefined {
  const statement = withoutComments(sql)
  for (const [kind, pattern] of onTablePatterns) {
    const match = pattern.exec(statement)
    if (match) return { kind, table: match[1] ?? match[2] ?? match[3] ?? '' }
  }
  for (const [kind, pattern] of listPatterns) {
    const match = pattern.exec(statement)
    if (match) return { kind, ...(match[1] === undefined ? {} : { pattern: unquote(match[1]) }) }
  }
  const match = add.exec(statement)
  const partitions = match && readPartitions(statement, match[0].length)
  if (!match || !partitions) return undefined
  const table = match[1] ?? match[2] ?? match[3] ?? ''
  return { kind: 'add', table, ifNotExists: match[4] !== undefined, partitions }
}

function readPartitions(statement: string, start: number): readonly PartitionSpec[] | undefined {
  const partitions: PartitionSpec[] = []
  let at = start
  for (;;) {
    specPattern.lastIndex = at
    const match = specPattern.exec(statement)
    if (!match) return endPattern.test(statement.slice(at)) ? partitions : undefined
    const [found, date = '', location] = match
    partitions.push({
      date: unquote(date),
      ...(location === undefined ? {} : { location: unquote(location) }),
    })
    at += found.length
  }
}

const unquote = (quoted: string) => quoted.replaceAll("''", "'")

// Each alternative takes an unclosed end too, so that no place of the text is looked at twice.
const quotedOrComment = /('[^']*(?:'|$)|"[^"]*(?:"|$)|`[^`]*(?:`|$))|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g

/** A statement with a space for each comment. */
export function withoutComments(sql: string): string {
  return sql.replace(quotedOrComment, (_, quoted?: string) => quoted ?? ' ')
}
