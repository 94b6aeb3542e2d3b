import { readFileSync } from 'node:fs'

/** The version of this package; its package.json lies one folder above `dist/`, two above `src/cli/`. */
export const version: string = readVersion(['../package.json', '../../package.json'])

function readVersion(places: readonly string[]): string {
  for (const place of places) {
    try {
      const manifest: { name?: unknown; version?: unknown } = JSON.parse(
        readFileSync(new URL(place, import.meta.url), 'utf8'),
      )
      if (manifest.name === 'dmd-pipeline') return String(manifest.version)
    } catch {}
  }
  return 'unknown'
}
