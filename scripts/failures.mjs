/**
 * Prints each failed test of a report that vitest wrote as JSON, with the head of its message, so that a long run's
 * last lines say what is to be mended: `node scripts/failures.mjs .lanes/utc.json`. Prints nothing when nothing failed.
 */
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
for (const file of report.testResults) {
  const failed = file.assertionResults.filter((test) => test.status === 'failed')
  if (file.status === 'failed' && failed.length === 0) {
    print(file.name, 'the file could not be run', file.message)
  }
  for (const test of failed) {
    print(file.name, test.fullName, test.failureMessages.join('\n'))
  }
}

function print(path, name, message) {
  console.log(`test: ${path.slice(path.indexOf('/test/') + 1)}: ${name}`)
  for (const line of (message ?? '').split('\n').slice(0, 6)) {
    console.log(`      ${line.slice(0, 300)}`)
  }
}
