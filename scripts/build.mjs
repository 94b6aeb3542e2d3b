// Bundles the command, the library and the Lambda entry into a flat `dist/`, so that
// `new URL('./schemas/', import.meta.url)` means the same folder in `src/` and in `dist/`.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)
rmSync('dist', { recursive: true, force: true })

await build({
  entryPoints: {
    main: 'src/cli/main.ts',
    index: 'src/index.ts',
    query: 'src/query/duckdb.ts',
    'pack-worker': 'src/query/pack/worker.ts',
  },
  outdir: 'dist',
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
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
})
cpSync('src/schemas', 'dist/schemas', { recursive: true, filter: (path) => !path.endsWith('.ts') })
chmodSync('dist/main.js', 0o755)

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
const types = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
process.exitCode = types.status ?? 1
