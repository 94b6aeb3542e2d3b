// What the function's bundle holds, and how long it takes to load: from the start of its import until the handler is there,
// one request to S3 among it, as at a cold start. Each in a process of its own, ten times, in turn:
//   floor          a module that does nothing
//   peer           a bundle of the SDK's client for S3 alone, which makes the same request
//   ours           lambda.mjs as it is zipped
//   minified       the same, minified
//   source maps    the same as ours, with its source map in reach and --enable-source-maps
// On this Node, and on Lambda's Node 22 and 24 where `npm run test:lambda` has installed them. S3 is a stand-in on loopback.
// Prints medians; read the ratios, the times depend on the machine.
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build, type Metafile } from 'esbuild'

const starts = 10
const shownPackages = 12
const folder = mkdtempSync(join(tmpdir(), 'dmd-bench-lambda-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

const options = {
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  metafile: true,
} as const

const peerSource = `import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
const client = new S3Client({ forcePathStyle: true, maxAttempts: 1 })
await client.send(new ListObjectsV2Command({ Bucket: 'archive', MaxKeys: 1 }))
export const handler = async () => {}
`

type Variant = { readonly name: string; readonly file: string; readonly flags: readonly string[] }

/** A folder of its own each, with the schemas beside the bundle. */
function place(name: string): string {
  const at = join(folder, name)
  mkdirSync(join(at, 'schemas'), { recursive: true })
  for (const schema of ['_added', 'demand', 'event', 'notification', 'sale'])
    copyFileSync(join('dist', 'schemas', `${schema}.avsc`), join(at, 'schemas', `${schema}.avsc`))
  return join(at, 'lambda.mjs')
}

async function makeVariants(): Promise<{ variants: readonly Variant[]; metafile: Metafile }> {
  const [floor, peer, ours, minified, mapped] = ['floor', 'peer', 'ours', 'minified', 'source-maps'].map(
    place,
  ) as [string, string, string, string, string]
  writeFileSync(floor, 'export const handler = async () => {}\n')
  await build({
    ...options,
    stdin: { contents: peerSource, resolveDir: resolve('.'), loader: 'js' },
    outfile: peer,
  })
  copyFileSync(join('dist', 'lambda.mjs'), ours)
  await build({ ...options, entryPoints: ['src/delivery/lambda.ts'], minify: true, outfile: minified })
  copyFileSync(join('dist', 'lambda.mjs'), mapped)
  copyFileSync(join('dist', 'lambda.mjs.map'), `${mapped}.map`)
  const { metafile } = await build({
    ...options,
    entryPoints: ['src/delivery/lambda.ts'],
    outfile: join(folder, 'whole.mjs'),
  })
  const variants = [
    { name: 'floor', file: floor, flags: [] },
    { name: 'peer: S3 client alone', file: peer, flags: [] },
    { name: 'ours', file: ours, flags: [] },
    { name: 'minified', file: minified, flags: [] },
    { name: 'source maps', file: mapped, flags: ['--enable-source-maps'] },
  ]
  return { variants, metafile }
}

/** Bytes in the bundle by package, the largest first. */
function contentsOf(metafile: Metafile): readonly (readonly [string, number])[] {
  const sizes = new Map<string, number>()
  for (const { inputs } of Object.values(metafile.outputs))
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name =
        /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1] ?? 'dmd-pipeline'
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput)
    }
  return [...sizes].sort(([, a], [, b]) => b - a)
}

const run = promisify(execFile)

/** Loads a bundle in a new process; milliseconds, and megabytes held afterwards. */
async function load(
  node: string,
  { file, flags }: Variant,
  endpoint: string,
): Promise<{ ms: number; mb: number }> {
  const code = `const t = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); const ms = performance.now() - t; console.log(JSON.stringify({ ms, mb: process.memoryUsage().rss / 1e6 })); process.exit()`
  const { stdout } = await run(node, [...flags, '--input-type=module', '-e', code], {
    env: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      DMD_ARCHIVE: 's3://archive',
    },
  })
  return JSON.parse(stdout)
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

const { variants, metafile } = await makeVariants()
const contents = contentsOf(metafile)
const bytes = contents.reduce((sum, [, size]) => sum + size, 0)
console.log(
  `bundle ${statSync(join('dist', 'lambda.mjs')).size} bytes, zip ${statSync(join('dist', 'delivery-worker.zip')).size} bytes, ${contents.length} packages`,
)
for (const [name, size] of contents.slice(0, shownPackages))
  console.log(`${String(size).padStart(9)}  ${((100 * size) / bytes).toFixed(1).padStart(4)} %  ${name}`)

const s3 = createServer((_, response) =>
  response
    .writeHead(200, { 'content-type': 'application/xml' })
    .end(
      '<ListBucketResult><Name>archive</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>',
    ),
)
await new Promise<void>((done) => s3.listen(0, '127.0.0.1', done))
const endpoint = `http://127.0.0.1:${(s3.address() as AddressInfo).port}`
const installed = ['node22', 'node24'].map((name) =>
  join('.lanes', 'lambda', 'node_modules', name, 'bin', 'node'),
)
const missing = installed.filter((path) => !existsSync(path))
if (missing.length > 0) console.log('Node 22 and 24 are not installed: npm run test:lambda installs them')

for (const node of [process.execPath, ...installed.filter((path) => existsSync(path))]) {
  const { stdout: version } = await run(node, ['--version'])
  const found = new Map<Variant, { ms: number; mb: number }[]>(variants.map((variant) => [variant, []]))
  // In turn, so that a slow moment of the machine does not count against one of them.
  for (let start = 0; start < starts; start++)
    for (const variant of variants) found.get(variant)?.push(await load(node, variant, endpoint))
  const peer = median(found.get(variants[1] as Variant)?.map(({ ms }) => ms) ?? [])
  console.log(`\nNode ${version.trim()}: median of ${starts} starts`)
  for (const [{ name, file }, loads] of found) {
    const ms = median(loads.map((one) => one.ms))
    const mb = median(loads.map((one) => one.mb))
    const ratio = (ms / peer).toFixed(2)
    console.log(
      `${name.padEnd(22)} ${ms.toFixed(0).padStart(5)} ms  ${ratio} × peer  ${mb.toFixed(0).padStart(4)} MB  ${String(statSync(file).size).padStart(9)} bytes`,
    )
  }
}
s3.closeAllConnections()
s3.close()
