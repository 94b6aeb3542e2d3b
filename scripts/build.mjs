// Bundles the command, the library and the Lambda entry into a flat `dist/`, so that
// `new URL('./schemas/', import.meta.url)` means the same folder in `src/` and in `dist/`.
//
// Others may be running what is in `dist/`: `npx dmd` builds when it is called for the first time in a clone. So nothing
// is done when `dist/` was made of the same sources, and else the new files are made aside and renamed into place, one
// by one, those that are started last. There is no moment without a `dist/main.js` and all that it imports.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)
const dist = 'dist'
/** What `dist/` was made of, and its files. It is written last. */
const stamp = join(dist, 'build.json')
const entries = ['main.js', 'index.js', 'query.js', 'pack-worker.js', 'query-process.js', 'lambda.mjs']

const digest = digestOfSources()
if (!isFresh()) {
  // Beside dist/, so that source maps name the sources as they do there.
  const aside = `dist.${process.pid}`
  try {
    await make(aside)
    publish(aside)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** The files below a folder, as paths relative to it, in order. */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => String(name).replaceAll('\\', '/'))
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()
}

function digestOfSources() {
  const hash = createHash('sha256')
  const others = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/build.mjs',
  ]
  for (const path of [...others, ...filesIn('src').map((name) => `src/${name}`)]) {
    const bytes = readFileSync(path)
    hash.update(`${path} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex')
}

function isFresh() {
  try {
    const made = JSON.parse(readFileSync(stamp, 'utf8'))
    return made.digest === digest && made.files.every((name) => existsSync(join(dist, name)))
  } catch {
    return false
  }
}

/** Puts the files of a build into `dist/`, and removes what is of an earlier one. */
function publish(aside) {
  const files = filesIn(aside)
  rmSync(stamp, { force: true })
  for (const name of [...files.filter((file) => !entries.includes(file)), ...entries]) {
    mkdirSync(dirname(join(dist, name)), { recursive: true })
    renameSync(join(aside, name), join(dist, name))
  }
  for (const name of filesIn(dist)) if (!files.includes(name)) rmSync(join(dist, name), { force: true })
  writeFileSync(`${stamp}.part`, `${JSON.stringify({ digest, files })}\n`)
  renameSync(`${stamp}.part`, stamp)
}

/** @throws When the sources cannot be bundled or have wrong types. */
async function make(out) {
  // Loaded when it is needed: a build that has nothing to do takes no time.
  const { build } = await import('esbuild')
  await build({
    entryPoints: {
      main: 'src/cli/main.ts',
      index: 'src/index.ts',
      query: 'src/query/duckdb.ts',
      'pack-worker': 'src/query/pack/worker.ts',
      'query-process': 'src/query/duckdb/child.ts',
    },
    outdir: out,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: true,
  })
  // The Lambda entry is one file of its own: it is what gets zipped, and .mjs needs no package.json beside it. The SDK for
  // S3 is in it, of the version that was tested, rather than the one that the runtime happens to have.
  await build({
    // Parts of the SDK are CommonJS.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    outExtension: { '.js': '.mjs' },
    entryPoints: { lambda: 'src/delivery/lambda.ts' },
    outdir: out,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: true,
  })
  cpSync('src/schemas', join(out, 'schemas'), { recursive: true, filter: (path) => !path.endsWith('.ts') })
  cpSync('src/query/saved', join(out, 'saved'), { recursive: true })
  chmodSync(join(out, 'main.js'), 0o755)

  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', join(out, 'types')]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) throw new Error('the types are wrong: dist/ is as it was')
}
