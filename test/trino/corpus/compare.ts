import { writeFileSync } from 'node:fs'
import { loadCatalog } from '../../../src/catalog.ts'
import { openDuckDb } from '../../../src/query/duckdb.ts'
import { openMemoryStore } from '../../../src/store/memory.ts'
import { judge, type Outcome } from './judge.ts'
import { readRecording } from './recording.ts'

/**
 * Shows what our engine answers otherwise than Trino: `npx tsx test/trino/corpus/compare.ts [TEXT] [--wrong]`. TEXT is
 * part of a group's name or of a statement; `--wrong` leaves out what fails loudly; `--known` writes `known.json` anew, of
 * all statements.
 */
const [filter = ''] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const isWrongOnly = process.argv.includes('--wrong')
const engine = await openDuckDb({ store: openMemoryStore(), catalog: loadCatalog() })
const say = (line: string) => process.stdout.write(`${line}\n`)
const known: string[] = []
const counts = new Map<Outcome, number>()
let group = ''
try {
  for (const recorded of readRecording()) {
    if (!recorded.group.includes(filter) && !recorded.sql.includes(filter)) continue
    const { outcome, trino, ours } = await judge(engine, recorded)
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    if (outcome === 'wrong' || outcome === 'crash') known.push(recorded.sql)
    const isShown = isWrongOnly ? outcome === 'wrong' || outcome === 'crash' : !/equal|both/.test(outcome)
    if (!isShown) continue
    if (recorded.group !== group) say(`\n== ${recorded.group}`)
    group = recorded.group
    say(`${outcome}: ${recorded.sql}\n  trino ${trino}\n  ours  ${ours}`)
  }
} finally {
  await engine.close()
}
say(`\n${[...counts].map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`)
if (process.argv.includes('--known') && filter === '')
  writeFileSync(new URL('../known.json', import.meta.url), `${JSON.stringify(known.sort(), null, 2)}\n`)
