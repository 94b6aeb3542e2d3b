import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadCatalog } from '../../src/catalog.ts'
import { ConfigError } from './config.ts'

const built = fileURLToPath(new URL('../../dist', import.meta.url))

/**
 * Lays out in a folder what goes into the worker's zip: the bundled function, the schemas of the project and, where a
 * folder of further ones is configured, those: the worker knows the types that the catalog has.
 *
 * Throws ConfigError where the project is not built, or there is no such folder; SCHEMA_INVALID as `loadCatalog` does.
 */
export function layOutWorker(folder: string, schemas: string | undefined): void {
  if (!existsSync(join(built, 'lambda.mjs')))
    throw new ConfigError(
      'the worker is not built yet: run `npm ci` (or `npm run build`) in the folder above',
    )
  if (schemas !== undefined && !existsSync(schemas))
    throw new ConfigError(`schemas: there is no folder ${schemas}`)
  // What is wrong with a schema is told before anything is written.
  loadCatalog(schemas)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(built, 'lambda.mjs'), join(folder, 'lambda.mjs'))
  cpSync(join(built, 'schemas'), join(folder, 'schemas'), { recursive: true })
  if (schemas !== undefined)
    cpSync(schemas, join(folder, 'schemas'), {
      recursive: true,
      filter: (path) => path === schemas || path.endsWith('.avsc'),
    })
}
