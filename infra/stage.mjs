// Lays out what goes into the worker's zip: the bundled function and its schemas, out of the build of the project.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
if (!existsSync(at('../dist/lambda.mjs'))) {
  process.stderr.write('the worker is not built yet: run `npm ci` (or `npm run build`) in the folder above\n')
  process.exit(1)
}
rmSync(at('worker'), { recursive: true, force: true })
mkdirSync(at('worker'))
for (const part of ['lambda.mjs', 'schemas'])
  cpSync(at(`../dist/${part}`), at(`worker/${part}`), { recursive: true })
