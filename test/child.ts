import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll } from 'vitest'

/**
 * Bundles the script of a child process before the tests of a file or a `describe`, and removes the bundle after them.
 * Children start in a fifth of the time that they take when each compiles its sources. Modules of the bundle find their
 * files where their sources do. `instead` names, by package, a source that the child has in its place. Gives a function
 * that returns the path of the bundle.
 */
export function useChild(script: URL, instead: { readonly [name: string]: URL } = {}): () => string {
  let folder: string
  const outfile = () => join(folder, 'child.mjs')
  beforeAll(async () => {
    // Packages are found from here.
    folder = await mkdtemp(join(fileURLToPath(new URL('../node_modules/', import.meta.url)), '.dmd-child-'))
    await bundle(script, outfile(), instead)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return outfile
}

async function bundle(
  script: URL,
  outfile: string,
  instead: { readonly [name: string]: URL },
): Promise<void> {
  await build({
    alias: Object.fromEntries(Object.entries(instead).map(([name, url]) => [name, fileURLToPath(url)])),
    entryPoints: [fileURLToPath(script)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
    plugins: [
      {
        name: 'own-url',
        setup({ onLoad }) {
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            const text = await readFile(path, 'utf8')
            const url = JSON.stringify(pathToFileURL(path).href)
            return { contents: withBug(path, text).replaceAll('import.meta.url', url), loader: 'ts' }
          })
        },
      },
    ],
  })
}

/** The source with the bug that `scripts/planted.ts` plants, where it is of this file. */
function withBug(path: string, text: string): string {
  if (process.env.PLANTED_BUG === undefined) return text
  const { source, find, replace } = JSON.parse(process.env.PLANTED_BUG)
  return path.endsWith(`/${source}`) ? text.replace(find, () => replace) : text
}
