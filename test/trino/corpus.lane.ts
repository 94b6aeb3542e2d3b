import { expect, test } from 'vitest'
import { type Recorded, readSignatures } from './corpus/ask.ts'
import { generate } from './corpus/generate.ts'
import { readGuarded, recordGuarded } from './corpus/guarded.ts'
import { createSchema, readRecording, recordAll, toLines } from './corpus/recording.ts'

/** The answers without the names of groups, of which a statement may have two. */
const linesOf = (answers: readonly Recorded[]) =>
  toLines(answers.map((answer) => ({ ...answer, group: '' }))).split('\n')

const waitMs = 3_600_000

test('what the generator makes is recorded, and Trino still says what the recording says', {
  timeout: waitMs,
}, async () => {
  await createSchema()
  const found = linesOf(await recordAll(generate(await readSignatures())))
  const recorded = linesOf(readRecording())
  const differing = (some: readonly string[], others: ReadonlySet<string>) =>
    some.filter((line) => !others.has(line))
  expect(differing(recorded, new Set(found)), 'recorded, and not what Trino says').toEqual([])
  expect(differing(found, new Set(recorded)), 'what Trino says, and not recorded').toEqual([])
})

test('what the guard for Athena must refuse is what acts in Trino', { timeout: waitMs }, async () => {
  await createSchema()
  expect(await recordGuarded()).toEqual(readGuarded())
})
