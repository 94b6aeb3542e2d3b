import { existsSync, writeFileSync } from 'node:fs'
import { readSignatures } from './ask.ts'
import { generate } from './generate.ts'
import { guardedPath, recordGuarded } from './guarded.ts'
import { createSchema, readRecording, recordAll, recordingPath, toLines } from './recording.ts'

/**
 * Asks Trino, at TRINO_URL, what the generator makes, and writes the recording. With arguments, only groups whose name
 * begins with one of them are asked (`guard` stands for
 * the statements for Athena's guard), and the others stay as they were recorded.
 */
await createSchema()
const parts = process.argv.slice(2)
const probes = generate(await readSignatures())
if (parts.length === 0 || parts.includes('guard')) {
  const lines = (await recordGuarded()).map((answer) => JSON.stringify(answer))
  writeFileSync(guardedPath, `${lines.join('\n')}\n`)
}
for (const part of parts.length === 0 ? [''] : parts) {
  if (part === 'guard') continue
  const some = probes.filter(({ group }) => group.startsWith(part))
  const found = await recordAll(some, (done) => process.stderr.write(`\r${part} ${done}/${some.length}`))
  const others = existsSync(recordingPath)
    ? readRecording().filter(({ group }) => !group.startsWith(part))
    : []
  const lines = toLines([...others, ...found])
  writeFileSync(recordingPath, lines)
  process.stderr.write(`\n${lines.split('\n').length - 1} statements, ${Buffer.byteLength(lines)} bytes\n`)
}
