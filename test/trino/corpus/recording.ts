import { readFileSync } from 'node:fs'
import { loadCatalog } from '../../../src/catalog.ts'
import { athenaDdl } from '../../../src/derive/ddl.ts'
import { athenaViews } from '../../../src/query/athena/views.ts'
import { readSettings } from '../../../src/settings.ts'
import { trino } from '../client.ts'
import { emptyDdl, readDdl } from '../ddl.ts'
import { askProbe, type Recorded, schema } from './ask.ts'
import type { Probe } from './probe.ts'

const parallel = 6

export const recordingPath = new URL('../corpus.jsonl', import.meta.url)

/** Makes the schema in which statements run, with an empty table for each record type. */
export async function createSchema(): Promise<void> {
  await trino(`DROP SCHEMA IF EXISTS hive.${schema} CASCADE`)
  await trino(`CREATE SCHEMA hive.${schema}`)
  const { partitionFrom, partitionYearsAhead } = readSettings({})
  for (const record of loadCatalog().values()) {
    const range = { from: partitionFrom, yearsAhead: partitionYearsAhead }
    await trino(emptyDdl(readDdl(athenaDdl(record, { ...range, location: 'local:///archive' }))), schema)
    for (const { statement } of athenaViews(record))
      await trino(statement.replace(/ AS SELECT/, ' SECURITY INVOKER AS SELECT'), schema)
  }
}

/** Trino's answers to probes, some of which are asked at once. */
export async function recordAll(
  probes: readonly Probe[],
  onDone: (done: number) => void = () => {},
): Promise<readonly Recorded[]> {
  const answers: (readonly Recorded[])[] = []
  let next = 0
  let done = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < probes.length; at = next++) {
      const probe = probes[at]
      if (probe) answers[at] = await askProbe(probe)
      onDone(++done)
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  return answers.flat()
}

/** The recording's text: a line a statement, sorted; a statement of two groups is of the first. */
export function toLines(recorded: readonly Recorded[]): string {
  const sorted = recorded.map((answer) => [JSON.stringify(answer), answer.sql] as const).sort()
  const once = new Map(sorted.reverse().map(([line, sql]) => [sql, line]))
  return `${[...once.values()].sort().join('\n')}\n`
}

/** The recording, as it was written. */
export function readRecording(): readonly Recorded[] {
  const text = readFileSync(recordingPath, 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded)
}
