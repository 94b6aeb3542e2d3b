import { costDocument } from '../bench/cost/document.ts'
import { scaleDocument } from '../bench/cost/scaledocument.ts'
import { loadCatalog } from '../src/catalog.ts'
import { schemaReference } from '../src/derive/markdown.ts'
import { rowTypes } from '../src/derive/typescript.ts'
import { commandReference } from './cli.ts'
import { errorReference, settingReference } from './reference.ts'
import { sqlReference } from './sql.ts'

/** A file that is written by `npm run generate` and by nobody else. */
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
  { path: 'docs/cli.md', render: commandReference },
  { path: 'docs/sql.md', render: sqlReference },
  { path: 'docs/configuration.md', render: settingReference },
  { path: 'docs/cost.md', render: costDocument },
  { path: 'docs/scale.md', render: scaleDocument },
]
