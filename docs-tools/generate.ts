// Writes every generated file: `npm run generate`.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { documents } from './documents.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
for (const { path, render } of documents) {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, render())
  console.log(path)
}
