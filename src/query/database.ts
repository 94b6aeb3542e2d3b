import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { allScalars } from '../dialect/functions/index.ts'
import { quoteName, quoteText } from '../dialect/sql.ts'
import type { Catalog, RecordSchema } from '../record/schema.ts'
import type { Pack } from './cache.ts'
import { pathSchema } from './relations.ts'
import { registerScalars } from './scalars.ts'
import { emptyTable, partitionColumnName, tableColumns } from './tables.ts'
import { viewsOf } from './views.ts'

/** DuckDB, closed to everything but the packs in one folder. */
export type QueryDatabase = {
  readonly instance: DuckDBInstance
  /** For statements of this project's own. */
  readonly trusted: DuckDBConnection
  /** Makes a type's tables read these packs. */
  readonly show: (schema: RecordSchema, packs: readonly Pack[]) => Promise<void>
  readonly close: () => void
}

export type DatabaseParts = {
  readonly catalog: Catalog
  /** The archive's URL, with which `$path` begins. */
  readonly url: string
  /** The only folder that it reaches. */
  readonly folder: string
  /** For what does not fit the memory. */
  readonly spillFolder: string
  readonly spillMax: string
  readonly memoryMax: string
}

/**
 * Opens a database in memory that reaches no file but those in its folder, no network and no extension, and whose
 * settings are locked. The folder holds nothing that the tables do not hold too, so that the guard, which lets no
 * statement name a file, is not the only thing between a query and the machine.
 */
export async function openQueryDatabase(parts: DatabaseParts): Promise<QueryDatabase> {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: parts.memoryMax,
  })
  const trusted = await instance.connect()
  const settings = {
    TimeZone: quoteText('UTC'),
    parquet_metadata_cache: 'true',
    // The system keeps what was read of a file, and knows when another one took its place.
    enable_external_file_cache: 'false',
    max_temp_directory_size: quoteText(parts.spillMax),
    temp_directory: quoteText(parts.spillFolder),
    allowed_directories: `[${quoteText(parts.folder)}]`,
    // Behind this one, neither of the two before it can be set.
    enable_external_access: 'false',
  }
  for (const [name, value] of Object.entries(settings)) await trusted.run(`SET GLOBAL ${name} = ${value}`)
  registerScalars(trusted, allScalars)
  await trusted.run(`CREATE SCHEMA ${pathSchema}`)
  const shown = new Map<string, string>()
  const show = async (schema: RecordSchema, packs: readonly Pack[]) => {
    const names = packs.map(({ name }) => name).join(' ')
    if (shown.get(schema.type) === names) return
    shown.delete(schema.type)
    await showTable(trusted, schema, packs, parts.url)
    shown.set(schema.type, names)
  }
  for (const schema of parts.catalog.values()) {
    await show(schema, [])
    for (const { name, select } of viewsOf(schema, columnsOf(schema)))
      await trusted.run(`CREATE VIEW ${quoteName(name)} AS ${select}`)
    await trusted.run(
      `CREATE VIEW ${pathSchema}.${quoteName(schema.plural)} AS SELECT * FROM ${pathSchema}.${quoteName(schema.type)}`,
    )
  }
  await trusted.run('SET GLOBAL lock_configuration = true')
  return {
    instance,
    trusted,
    show,
    close: () => {
      trusted.closeSync()
      instance.closeSync()
    },
  }
}

function columnsOf(schema: RecordSchema): readonly string[] {
  return [...tableColumns(schema).map(({ name }) => name), partitionColumnName]
}

async function showTable(
  connection: DuckDBConnection,
  schema: RecordSchema,
  packs: readonly Pack[],
  url: string,
): Promise<void> {
  const list = packs.map(({ path }) => quoteText(path)).join(', ')
  const from = packs.length === 0 ? emptyTable(schema) : `read_parquet([${list}])`
  const columns = columnsOf(schema).map(quoteName).join(', ')
  const path = `${quoteText(`${url.replace(/\/$/, '')}/`)} || "$path" AS "$path"`
  const name = quoteName(schema.type)
  await connection.run('BEGIN TRANSACTION')
  try {
    await connection.run(`CREATE OR REPLACE VIEW ${name} AS SELECT ${columns} FROM ${from}`)
    await connection.run(
      `CREATE OR REPLACE VIEW ${pathSchema}.${name} AS SELECT ${columns}, ${path} FROM ${from}`,
    )
    await connection.run('COMMIT')
  } catch (error) {
    await connection.run('ROLLBACK')
    throw error
  }
}
