// Makes the missing files of the current version, and touches no others: `npx tsx test/codec/goldenwrite.ts`.
import { existsSync, writeFileSync } from 'node:fs'
import { loadCatalog } from '../../src/catalog.ts'
import { currentVersion, goldenPairs, goldenUrl, planGolden, rowsAsJson } from './goldenpair.ts'

for (const pair of goldenPairs().filter((name) => name.startsWith(`${currentVersion}/`))) {
  const { bytes } = planGolden(pair, loadCatalog())
  const files: readonly [string, string | Uint8Array][] = [
    [`${pair}.avro`, bytes],
    [`${pair}.json`, rowsAsJson(bytes, pair)],
  ]
  for (const [path, content] of files) {
    if (!existsSync(goldenUrl(path))) writeFileSync(goldenUrl(path), content)
  }
}
