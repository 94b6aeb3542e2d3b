// Packs what Lambda runs into one zip: the bundled function, the schemas beside it, the licences; nothing else. Give it a
// path to write to, else it is dist/delivery-worker.zip, and a folder that has both, else it is dist. Prints the contents with the SHA-256 of each file, and of the zip.
//
// The same files give the same bytes with one version of zlib; another one may compress otherwise, which the digests of the
// files see through.
//
// The bundle goes in as it is. Minified it would be half as big, and load no faster: half the time is the SDK's own work,
// and compiled functions are compiled when they are called. In return an error would be told with functions named `a` and
// `b`, and Node would print the line that failed, all 100,000 characters of it. Nor is the source map in it: with
// --enable-source-maps the function takes a fifth longer to load, and the names in the bundle are those of the sources.
// `npm run bench:lambda` measures all three.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { thirdPartyNotices } from './notices.mjs'
import { writeZip } from './zipfile.mjs'

const out = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist/delivery-worker.zip', import.meta.url)))
const from = resolve(process.argv[3] ?? fileURLToPath(new URL('../dist', import.meta.url)))
process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const bundle = readFileSync(join(from, 'lambda.mjs'))
const licence = `${readFileSync('LICENSE', 'utf8').trimEnd()}

${'-'.repeat(80)}

lambda.mjs holds parts of these packages. What is under Apache-2.0 is under the licence above.

${thirdPartyNotices(bundle.toString('utf8'))}`
const schemas = readdirSync(join(from, 'schemas')).filter((name) => name.endsWith('.avsc'))
const entries = [
  ['LICENSE', Buffer.from(licence, 'utf8')],
  ['lambda.mjs', bundle],
  ...schemas.sort().map((name) => [`schemas/${name}`, readFileSync(join(from, 'schemas', name))]),
]
const zip = writeZip(entries)
mkdirSync(dirname(out), { recursive: true })
writeFileSync(`${out}.part`, zip)
renameSync(`${out}.part`, out)

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
for (const [name, bytes] of [...entries, [out, zip]])
  console.log(`${sha256(bytes)}  ${String(bytes.length).padStart(9)}  ${name}`)
