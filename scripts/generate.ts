// Writes every generated file: `npx tsx scripts/generate.ts`.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { documents } from '../src/derive/documents.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
for (const { path, render } of documents) {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, render())
  console.log(path)
}
