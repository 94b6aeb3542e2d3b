import { loadCatalog } from '../catalog.ts'
import { schemaReference } from './markdown.ts'
import { errorReference, settingReference } from './reference.ts'
import { rowTypes } from './typescript.ts'

/** A file that is written by `npx tsx scripts/generate.ts` and by nobody else. */
export type GeneratedDocument = {
  /** From the root of the repository. */
  readonly path: string
  readonly render: () => string
}

/** All of them; a test fails while one differs from what it would be now. */
export const documents: readonly GeneratedDocument[] = [
  { path: 'src/schemas/records.ts', render: () => rowTypes(loadCatalog()) },
  { path: 'docs/schema.md', render: () => schemaReference(loadCatalog()) },
  { path: 'docs/errors.md', render: errorReference },
  { path: 'docs/configuration.md', render: settingReference },
]
